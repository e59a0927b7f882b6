// Package provider is the protocol: OpenID Connect and OAuth 2.0 on top of storage, with
// zitadel/oidc's router and types at the edge and a core of its own inside.
//
//	gate*.go          what stands before every endpoint: methods, sizes, parameters, client authentication
//	authorize*.go     GET|POST /connect/authorize, handed on to the pages (Front) or answered by response.go
//	requestobject.go  the same request as a JWT, by value or by reference (RFC 9101)
//	implicit.go       what an answer brings beside the code, where implicit and hybrid are switched on
//	token.go          POST /connect/token: exchange.go, refresh.go, client_credentials.go, device.go
//	clientauth.go     who the client is; clientassertion.go by a JWT signed with one of clientkeys.go
//	registration*.go  clients that register themselves (RFC 7591, RFC 7592)
//	logout.go         the courier of back-channel logout tokens; checksession.go for session management
//	fetch*.go         the one way out: every URL an app names is fetched through it
//	rights.go         what a token may do at this moment; who acts by it at the REST API (Actor)
//	event.go          what is remembered of every attempt, for the app's developers
//	userinfo.go introspect*.go revoke.go endsession.go discovery.go   one file an endpoint
//	server.go adapter*.go client.go                                   the seam to zitadel/oidc
//
// The core (authenticate, exchangeCode, refresh, clientCredentials, introspect, …) takes an app and
// parameters and returns a token response or a *refusal; it knows no type of the library.
package provider
