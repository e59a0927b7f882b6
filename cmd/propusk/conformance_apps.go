package main

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/propusk/propusk/storage"
)

// conformanceClients are the static clients of the suite's plans as RFC 7591 metadata.
//
//go:embed conformance/op-clients.json
var conformanceClients []byte

// conformanceClient is the metadata of one static client. What propusk does not know yet is decoded, so
// that nothing in the file goes unnoticed, but not used: the fields from JWKS on (DPoP, PAR, signed
// answers). A client that needs them is left out altogether.
type conformanceClient struct {
	ID             string   `json:"client_id"`
	Secret         string   `json:"client_secret"`
	AuthMethod     string   `json:"token_endpoint_auth_method"`
	RedirectURIs   []string `json:"redirect_uris"`
	PostLogoutURIs []string `json:"post_logout_redirect_uris"`
	GrantTypes     []string `json:"grant_types"`
	Scope          string   `json:"scope"`
	IDTokenAlg     string   `json:"id_token_signed_response_alg"`

	ResponseTypes         []string        `json:"response_types"`
	BackChannel           string          `json:"backchannel_logout_uri"`
	BackChannelSession    bool            `json:"backchannel_logout_session_required"`
	FrontChannel          string          `json:"frontchannel_logout_uri"`
	FrontChannelSession   bool            `json:"frontchannel_logout_session_required"`
	JWKS                  json.RawMessage `json:"jwks"`
	AuthAlg               string          `json:"token_endpoint_auth_signing_alg"`
	DPoP                  bool            `json:"dpop_bound_access_tokens"`
	PAR                   bool            `json:"require_pushed_authorization_requests"`
	RequestObjectAlg      string          `json:"request_object_signing_alg"`
	RequireRequestObject  bool            `json:"require_signed_request_object"`
	AuthorizationResponse string          `json:"authorization_signed_response_alg"`
}

// Where the embedded clients say the suite is.
const embeddedSuite = defaultSuite

// offeredMethods are how a static client may authenticate today.
var offeredMethods = []string{storage.AuthBasic, storage.AuthPost}

// conformanceApps are the static clients as apps, with the suite at the given place.
func conformanceApps(suite string) ([]storage.NewApp, error) {
	decoder := json.NewDecoder(bytes.NewReader(conformanceClients))
	decoder.DisallowUnknownFields()
	var clients []conformanceClient
	err := decoder.Decode(&clients)
	if err != nil {
		return nil, fmt.Errorf("static clients: %w", err)
	}
	var apps []storage.NewApp
	for _, client := range clients {
		if slices.Contains(offeredMethods, client.AuthMethod) {
			apps = append(apps, client.app(suite))
		}
	}
	return apps, nil
}

// app is the client as propusk keeps it. The suite sends a code challenge in one module only, so PKCE is
// not required.
func (c conformanceClient) app(suite string) storage.NewApp {
	a := storage.App{
		ID: c.ID, Name: "Suite " + c.ID, Description: "A client of the OpenID conformance suite.",
		Type: storage.AppWeb, WithoutPKCE: true,
		RedirectURIs: atSuite(c.RedirectURIs, suite), PostLogoutURIs: atSuite(c.PostLogoutURIs, suite),
		AuthMethods: []string{c.AuthMethod}, IDTokenAlg: c.IDTokenAlg,
		Registration: storage.Registration{
			ResponseTypes:        c.ResponseTypes,
			BackchannelLogoutURI: placed(c.BackChannel, suite), BackchannelSession: c.BackChannelSession,
			FrontchannelLogoutURI: placed(c.FrontChannel, suite), FrontchannelSession: c.FrontChannelSession,
		},
	}
	for _, grant := range c.GrantTypes {
		if grant == storage.GrantCode || grant == storage.GrantRefreshToken {
			a.GrantTypes = append(a.GrantTypes, grant)
		}
	}
	for _, name := range strings.Fields(c.Scope) {
		a.Scopes = append(a.Scopes, storage.AppScope{Name: name, Required: name == storage.ScopeOpenID, Offline: true})
	}
	return storage.NewApp{App: a, Secret: c.Secret}
}

// atSuite moves URIs from the place that is written in the file to where the suite is.
func atSuite(uris []string, suite string) []string {
	var moved []string
	for _, uri := range uris {
		moved = append(moved, placed(uri, suite))
	}
	return moved
}

// placed moves one URI, if there is one.
func placed(uri, suite string) string {
	if uri == "" {
		return ""
	}
	return suite + strings.TrimPrefix(uri, embeddedSuite)
}

// keepConformanceApps makes the static clients, and brings those that are there up to this suite.
func keepConformanceApps(ctx context.Context, db *storage.DB, suite string) error {
	apps, err := conformanceApps(suite)
	if err != nil {
		return err
	}
	for _, want := range apps {
		_, err := db.App(ctx, want.ID)
		if errors.Is(err, storage.ErrNotFound) {
			_, _, err = db.CreateApp(ctx, storage.Command, want)
		} else if err == nil {
			_, err = db.UpdateApp(ctx, storage.Command, want.ID, func(a *storage.App) error {
				a.RedirectURIs, a.PostLogoutURIs = want.RedirectURIs, want.PostLogoutURIs
				a.GrantTypes, a.Scopes, a.WithoutPKCE = want.GrantTypes, want.Scopes, true
				a.Registration = want.Registration
				return nil
			})
		}
		if err != nil {
			return fmt.Errorf("static client: %w", err)
		}
	}
	return nil
}
