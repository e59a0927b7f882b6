package provider

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/propusk/propusk/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// server is the seam to the library's router: it hands what the gate let through to the core, and what
// the core says back. Leaving the library costs this file.
type server struct {
	*op.LegacyServer
	p *Provider
}

var _ op.Server = (*server)(nil)

// libraryHandler is the library's routing and decoding over the core. Authorize, end_session, userinfo,
// introspection, discovery and JWKS are not routed through it: they need the request, other statuses, other
// types of answer or cached bytes.
func (p *Provider) libraryHandler() http.Handler {
	routed := op.Endpoints{
		Token: op.NewEndpoint(PathToken), Revocation: op.NewEndpoint(PathRevocation),
		DeviceAuthorization: op.NewEndpoint(PathDevice),
	}
	s := &server{op.NewLegacyServer(p, routed), p}
	return op.RegisterServer(s, routed, op.WithServerCORSOptions(nil), op.WithDecoder(decoder{}))
}

// decoder fills what the library looks at before it calls us. The core reads the form itself, and the
// library's decoder matches names in any letter case, by reflection.
type decoder struct{}

// Decode never fails: the gate has checked the form.
func (decoder) Decode(dst any, src map[string][]string) error {
	form := url.Values(src)
	switch d := dst.(type) {
	case *op.ClientCredentials:
		// The gate has verified the assertion; the library only asks whether there was one.
		d.ClientID, d.ClientSecret = form.Get("client_id"), form.Get("client_secret")
		d.ClientAssertion, d.ClientAssertionType = form.Get("client_assertion"), form.Get("client_assertion_type")
	case *oidc.AccessTokenRequest:
		d.Code, d.RedirectURI = form.Get("code"), form.Get("redirect_uri")
	case *oidc.RefreshTokenRequest:
		d.RefreshToken = form.Get("refresh_token")
	case *oidc.DeviceAccessTokenRequest:
		d.DeviceCode = form.Get("device_code")
	case *oidc.RevocationRequest:
		d.Token = form.Get("token")
	}
	return nil
}

// refused logs a refusal of the core and gives it to the library in a form that leaks nothing.
func (s *server) refused(ctx context.Context, what string, err error) error {
	f := asRefusal(err)
	c := callFrom(ctx)
	s.p.refused(c.r, c, what, f)
	c.challenge(f)
	return library(f)
}

// VerifyClient returns the client the gate has authenticated.
func (s *server) VerifyClient(ctx context.Context, _ *op.Request[op.ClientCredentials]) (op.Client, error) {
	c := callFrom(ctx)
	if c == nil || c.app == nil {
		return nil, library(refuse(errInvalidClient, descriptionClient))
	}
	return &client{app: c.app, core: true}, nil
}

// token runs one grant of the core.
func (s *server) token(ctx context.Context, what string, grant func(context.Context, *storage.App, url.Values) (*tokenResponse, error)) (*op.Response, error) {
	c := callFrom(ctx)
	t, err := grant(ctx, c.app, c.form)
	if err != nil {
		return nil, s.refused(ctx, what, err)
	}
	s.p.attempt(c.r, c, storage.Event{Result: "ok"})
	return &op.Response{Data: t}, nil
}

func (s *server) CodeExchange(ctx context.Context, _ *op.ClientRequest[oidc.AccessTokenRequest]) (*op.Response, error) {
	return s.token(ctx, "code refused", s.p.exchangeCode)
}

func (s *server) RefreshToken(ctx context.Context, _ *op.ClientRequest[oidc.RefreshTokenRequest]) (*op.Response, error) {
	return s.token(ctx, "refresh token refused", s.p.refresh)
}

func (s *server) ClientCredentialsExchange(ctx context.Context, _ *op.ClientRequest[oidc.ClientCredentialsRequest]) (*op.Response, error) {
	return s.token(ctx, "client credentials refused", s.p.clientCredentials)
}

// JWTProfile is refused: the library would take any client assertion for a grant, again and again.
func (s *server) JWTProfile(ctx context.Context, _ *op.Request[oidc.JWTProfileGrantRequest]) (*op.Response, error) {
	return nil, s.unsupported(ctx)
}

// TokenExchange is not offered.
func (s *server) TokenExchange(ctx context.Context, _ *op.ClientRequest[oidc.TokenExchangeRequest]) (*op.Response, error) {
	return nil, s.unsupported(ctx)
}

func (s *server) DeviceToken(ctx context.Context, _ *op.ClientRequest[oidc.DeviceAccessTokenRequest]) (*op.Response, error) {
	return s.token(ctx, "device code refused", s.p.deviceToken)
}

func (s *server) DeviceAuthorization(ctx context.Context, _ *op.ClientRequest[oidc.DeviceAuthorizationRequest]) (*op.Response, error) {
	c := callFrom(ctx)
	answer, err := s.p.authorizeDevice(ctx, c.app, c)
	if err != nil {
		return nil, s.refused(ctx, "device refused", err)
	}
	s.p.attempt(c.r, c, storage.Event{Result: "ok"})
	return &op.Response{Data: answer}, nil
}

func (s *server) unsupported(ctx context.Context) error {
	return s.refused(ctx, "grant refused", refuse(errUnsupportedGrant, "this grant type is not offered"))
}

func (s *server) Revocation(ctx context.Context, _ *op.ClientRequest[oidc.RevocationRequest]) (*op.Response, error) {
	c := callFrom(ctx)
	err := s.p.revoke(ctx, c.app, c.form.Get("token"))
	if err != nil {
		return nil, s.refused(ctx, "revocation refused", err)
	}
	s.p.attempt(c.r, c, storage.Event{Result: "ok"})
	return &op.Response{Data: struct{}{}}, nil
}

// Discovery and Keys return the documents whose bytes the outer routes serve.
func (s *server) Discovery(ctx context.Context, _ *op.Request[struct{}]) (*op.Response, error) {
	return s.document(ctx, discoveryDocument)
}

func (s *server) Keys(ctx context.Context, _ *op.Request[struct{}]) (*op.Response, error) {
	return s.document(ctx, jwksDocument)
}

func (s *server) document(ctx context.Context, which int) (*op.Response, error) {
	set, err := s.p.documents(ctx)
	if err != nil {
		return nil, s.refused(ctx, "document refused", err)
	}
	return op.NewResponse(json.RawMessage(set.bytes[which])), nil
}
