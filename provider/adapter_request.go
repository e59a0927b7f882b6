package provider

import (
	"context"
	"encoding/json"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"

	"github.com/propusk/propusk/storage"
)

// libraryRequest is an authorization request as the library sees it. It is not stored: its id is the
// request, sealed.
type libraryRequest struct {
	Request   storage.AuthRequest
	UserID    string
	SessionID string
	AuthTime  time.Time
	ACR       string
	AMR       []string
	DoneAt    time.Time
	id        string
}

var _ op.AuthRequest = (*libraryRequest)(nil)

func (r *libraryRequest) GetID() string                      { return r.id }
func (r *libraryRequest) GetACR() string                     { return r.ACR }
func (r *libraryRequest) GetAMR() []string                   { return r.AMR }
func (r *libraryRequest) GetAudience() []string              { return []string{r.Request.AppID} }
func (r *libraryRequest) GetAuthTime() time.Time             { return r.AuthTime }
func (r *libraryRequest) GetClientID() string                { return r.Request.AppID }
func (r *libraryRequest) GetNonce() string                   { return r.Request.Nonce }
func (r *libraryRequest) GetRedirectURI() string             { return r.Request.RedirectURI }
func (r *libraryRequest) GetResponseType() oidc.ResponseType { return oidc.ResponseTypeCode }
func (r *libraryRequest) GetResponseMode() oidc.ResponseMode {
	return oidc.ResponseMode(r.Request.ResponseMode)
}
func (r *libraryRequest) GetScopes() []string { return r.Request.Scopes }
func (r *libraryRequest) GetState() string    { return r.Request.State }
func (r *libraryRequest) GetSubject() string  { return r.UserID }
func (r *libraryRequest) Done() bool          { return !r.DoneAt.IsZero() }

func (r *libraryRequest) GetCodeChallenge() *oidc.CodeChallenge {
	if r.Request.Challenge == "" {
		return nil
	}
	return &oidc.CodeChallenge{Challenge: r.Request.Challenge, Method: oidc.CodeChallengeMethodS256}
}

func (a *adapter) sealRequest(r *libraryRequest) (*libraryRequest, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, adapted(err)
	}
	r.id = a.p.db.Seal(purposeLibrary, text)
	return r, nil
}

// CreateAuthRequest holds the request to the rules of our own authorize: assigned scopes, S256 only,
// PKCE where the app needs it.
func (a *adapter) CreateAuthRequest(ctx context.Context, in *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	app, err := a.app(ctx, in.ClientID)
	if err != nil {
		return nil, adapted(err)
	}
	f := checkChallenge(app, in.CodeChallenge, string(in.CodeChallengeMethod))
	if f != nil {
		return nil, adapted(f)
	}
	asked, foreign, err := a.p.splitScopes(ctx, app, in.Scopes.String())
	if err == nil && len(foreign) > 0 {
		err = refuse(errInvalidScope, "the app does not have one of the scopes")
	}
	if err != nil {
		return nil, adapted(err)
	}
	return a.sealRequest(&libraryRequest{Request: storage.AuthRequest{
		ID: storage.NewID(), AppID: in.ClientID, RedirectURI: in.RedirectURI, ResponseMode: string(in.ResponseMode),
		State: in.State, Nonce: in.Nonce, Scopes: asked, Challenge: in.CodeChallenge, CreatedAt: a.p.now(),
	}})
}

func (a *adapter) request(id string) (*libraryRequest, error) {
	text, err := a.p.db.Unseal(purposeLibrary, id)
	if err != nil {
		return nil, adapted(refuse(errInvalidRequest, "the request is unknown"))
	}
	var r libraryRequest
	err = json.Unmarshal(text, &r)
	if err != nil {
		return nil, adapted(refuse(errInvalidRequest, "the request is unknown"))
	}
	r.id = id
	return &r, nil
}

func (a *adapter) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	r, err := a.request(id)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// AuthRequestByCode opens the code, which the library made by sealing the request's id. Whether it was
// used, the grant's row decides when tokens are created.
func (a *adapter) AuthRequestByCode(_ context.Context, text string) (op.AuthRequest, error) {
	id, err := sealer{a.p.db}.Decrypt(text)
	if err != nil {
		return nil, adapted(badCode("it was not issued here, or not approved"))
	}
	r, err := a.request(id)
	if err != nil || !r.Done() {
		return nil, adapted(badCode("it was not issued here, or not approved"))
	}
	return r, nil
}

// SaveAuthCode has nothing to save, and DeleteAuthRequest nothing to delete.
func (a *adapter) SaveAuthCode(context.Context, string, string) error { return nil }

func (a *adapter) DeleteAuthRequest(context.Context, string) error { return nil }
