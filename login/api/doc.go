// Package api is the REST API under /api/v1: the same actions as the dashboard, as JSON, for programs that
// act for a person by an access token or a personal access token.
package api
