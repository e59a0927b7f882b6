package provider

import (
	"context"
	"errors"

	"github.com/go-jose/go-jose/v4"
	"github.com/propusk/propusk/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// adapter is the library's storage on our database: whole, so that its stock provider runs on it (a
// test does), though our own endpoints take the shorter way through the core. Every error it returns is
// an *oidc.Error with constant text: the library sends the text of any other to the client.
type adapter struct{ p *Provider }

var (
	_ op.Storage                        = (*adapter)(nil)
	_ op.ClientCredentialsStorage       = (*adapter)(nil)
	_ op.CanTerminateSessionFromRequest = (*adapter)(nil)
	_ op.CanSetUserinfoFromRequest      = (*adapter)(nil)
	_ op.OpenIDProvider                 = (*Provider)(nil)
)

// sealer is the library's Crypto on our sealing: no JWE, no AES-CFB.
type sealer struct{ db *storage.DB }

const purposeLibrary = "library"

func (s sealer) Encrypt(plain string) (string, error) {
	return s.db.Seal(purposeLibrary, []byte(plain)), nil
}

func (s sealer) Decrypt(sealed string) (string, error) {
	plain, err := s.db.Unseal(purposeLibrary, sealed)
	return string(plain), err
}

// adapted turns our errors into the library's: its constructors, our constant text.
func adapted(err error) error {
	if err == nil {
		return nil
	}
	f := asRefusal(err)
	e := oidc.ErrServerError().WithParent(err)
	e.Description = f.description
	setErrorType(e, f.code)
	return e
}

func (a *adapter) Health(ctx context.Context) error { return adapted(a.p.db.Health(ctx)) }

func (a *adapter) app(ctx context.Context, id string) (*storage.App, error) {
	app, err := a.p.db.App(ctx, id)
	if errors.Is(err, storage.ErrNotFound) || (err == nil && !app.Enabled) {
		return nil, refuse(errInvalidClient, descriptionClient)
	}
	return app, err
}

func (a *adapter) GetClientByClientID(ctx context.Context, id string) (op.Client, error) {
	app, err := a.app(ctx, id)
	if err != nil {
		return nil, adapted(err)
	}
	return &client{app: app}, nil
}

func (a *adapter) AuthorizeClientIDSecret(ctx context.Context, id, secret string) error {
	app, err := a.app(ctx, id)
	good := a.p.db.CheckAppSecret(app, secret)
	if err == nil && !good {
		err = refuse(errInvalidClient, descriptionClient)
	}
	return adapted(err)
}

func (a *adapter) ClientCredentials(ctx context.Context, id, secret string) (op.Client, error) {
	err := a.AuthorizeClientIDSecret(ctx, id, secret)
	if err != nil {
		return nil, err
	}
	return a.GetClientByClientID(ctx, id)
}

func (a *adapter) SigningKey(context.Context) (op.SigningKey, error) {
	keys, err := a.p.libraryKeys()
	if err != nil || len(keys) == 0 {
		return nil, adapted(errors.Join(err, errNoKey))
	}
	return keys[0], nil
}

func (a *adapter) SignatureAlgorithms(context.Context) ([]jose.SignatureAlgorithm, error) {
	return []jose.SignatureAlgorithm{jose.RS256}, nil
}

func (a *adapter) KeySet(context.Context) ([]op.Key, error) {
	keys, err := a.p.keys.snapshot(a.p)
	if err != nil {
		return nil, adapted(err)
	}
	var set []op.Key
	for _, key := range keys.verify {
		set = append(set, libraryKey{key})
	}
	return set, nil
}

// libraryKeys are the private RS256 keys the library signs with, the live one first.
func (p *Provider) libraryKeys() ([]op.SigningKey, error) {
	list, _, err := p.db.SigningKeys(context.Background())
	if err != nil {
		return nil, err
	}
	var keys []op.SigningKey
	for _, key := range list {
		live := !key.ActiveAt.After(p.now()) && (key.RetiredAt.IsZero() || key.RetiredAt.After(p.now()))
		if key.Alg == string(jose.RS256) && live {
			keys = append(keys, libraryKey{jose.JSONWebKey{Key: key.Private, KeyID: key.ID, Algorithm: key.Alg, Use: "sig"}})
		}
	}
	return keys, nil
}

type libraryKey struct{ jose.JSONWebKey }

func (k libraryKey) ID() string { return k.KeyID }
func (k libraryKey) Algorithm() jose.SignatureAlgorithm {
	return jose.SignatureAlgorithm(k.JSONWebKey.Algorithm)
}
func (k libraryKey) SignatureAlgorithm() jose.SignatureAlgorithm { return k.Algorithm() }
func (k libraryKey) Use() string                                 { return k.JSONWebKey.Use }
func (k libraryKey) Key() any                                    { return k.JSONWebKey.Key }

// GetKeyByIDAndClientID: client assertions and request objects are not offered.
func (a *adapter) GetKeyByIDAndClientID(context.Context, string, string) (*jose.JSONWebKey, error) {
	return nil, adapted(refuse(errInvalidClient, "client assertions are not offered"))
}

func (a *adapter) ValidateJWTProfileScopes(context.Context, string, []string) ([]string, error) {
	return nil, adapted(refuse(errUnsupportedGrant, "this grant type is not offered"))
}

// TerminateSession is not called while TerminateSessionFromRequest exists; without a session's id
// nothing can be ended.
func (a *adapter) TerminateSession(context.Context, string, string) error {
	return adapted(refuse(errInvalidRequest, "id_token_hint is missing"))
}

func (a *adapter) TerminateSessionFromRequest(ctx context.Context, r *op.EndSessionRequest) (string, error) {
	if r.IDTokenHintClaims == nil || r.IDTokenHintClaims.SessionID == "" {
		return "", adapted(refuse(errInvalidRequest, "id_token_hint is missing"))
	}
	err := a.p.db.EndSession(ctx, storage.Actor{Kind: storage.ActorUser, ID: r.UserID}, r.IDTokenHintClaims.SessionID)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return "", adapted(err)
	}
	return r.RedirectURI, nil
}
