// Package api is the REST API under /api/v1: the same actions as the dashboard, as JSON, for programs that
// act for a person by an access token or a personal access token.
//
// An operation is a Go function with typed input and output; huma reads and checks the request by these
// types and writes the OpenAPI document from them, so that what is described is what is done. On the way
// there a request passes:
//
//	chi       path and method: 404 and 405 as problem documents
//	bearer    who is behind the token, and whether it holds the operation's scope: 401, 403
//	huma      parameters and body by their schema: 400, 413, 415, 422
//	operation asks storage, which decides by [storage.May]: 403, 404, 409, 422
//
// No cookie is ever read and no other origin is ever allowed, so a browser can do nothing here on behalf
// of a person who did not hand out a token. Failures are problem documents (RFC 9457), changes merge
// patches (RFC 7396).
package api
