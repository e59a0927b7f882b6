// Package provider is the protocol: OpenID Connect and OAuth 2.0 on top of storage, with
// zitadel/oidc's router and types at the edge and a core of its own inside.
//
//	registration*.go  clients that register themselves (RFC 7591, RFC 7592)
//	gate.go         what stands before every endpoint: methods, sizes, parameters, client authentication
//	authorize.go    GET|POST /connect/authorize, handed on to the pages (Front) or answered by response.go
//	token.go        POST /connect/token: exchange.go, refresh.go, client_credentials.go, device.go
//	rights.go       what a token may do at this moment; who acts by it at the REST API (Actor)
//	event.go        what is remembered of every attempt, for the app's developers
//	userinfo.go introspect.go revoke.go endsession.go discovery.go   one file an endpoint
//	server.go adapter.go client.go                                   the seam to zitadel/oidc
//
// The core (authenticate, exchangeCode, refresh, clientCredentials, introspect, …) takes an app and
// parameters and returns a token response or a *refusal; it knows no type of the library.
package provider
