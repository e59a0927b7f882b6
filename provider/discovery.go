package provider

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// metadata is the discovery document (OpenID Connect Discovery §3) and, word for word, the metadata of
// RFC 8414. It lists what works and nothing else: every list is the one the code goes by.
type metadata struct {
	Issuer                   string   `json:"issuer"`
	Authorization            string   `json:"authorization_endpoint"`
	Token                    string   `json:"token_endpoint"`
	UserInfo                 string   `json:"userinfo_endpoint"`
	JWKS                     string   `json:"jwks_uri"`
	Introspection            string   `json:"introspection_endpoint"`
	Revocation               string   `json:"revocation_endpoint"`
	EndSession               string   `json:"end_session_endpoint"`
	CheckSession             string   `json:"check_session_iframe,omitempty"`
	BackLogout               bool     `json:"backchannel_logout_supported"`
	BackLogoutSession        bool     `json:"backchannel_logout_session_supported"`
	FrontLogout              bool     `json:"frontchannel_logout_supported"`
	FrontLogoutSession       bool     `json:"frontchannel_logout_session_supported"`
	DeviceAuthorization      string   `json:"device_authorization_endpoint"` // RFC 8628 §4
	Registration             string   `json:"registration_endpoint,omitempty"`
	Scopes                   []string `json:"scopes_supported"`
	Claims                   []string `json:"claims_supported"`
	ClaimTypes               []string `json:"claim_types_supported"`
	ClaimsParameter          bool     `json:"claims_parameter_supported"`
	ResponseTypes            []string `json:"response_types_supported"`
	ResponseModes            []string `json:"response_modes_supported"`
	GrantTypes               []string `json:"grant_types_supported"`
	SubjectTypes             []string `json:"subject_types_supported"`
	IDTokenAlgs              []string `json:"id_token_signing_alg_values_supported"`
	UserInfoAlgs             []string `json:"userinfo_signing_alg_values_supported"`
	TokenAuthMethods         []string `json:"token_endpoint_auth_methods_supported"`
	TokenAuthAlgs            []string `json:"token_endpoint_auth_signing_alg_values_supported"`
	IntrospectionAuthMethods []string `json:"introspection_endpoint_auth_methods_supported"`
	IntrospectionAuthAlgs    []string `json:"introspection_endpoint_auth_signing_alg_values_supported"`
	IntrospectionAlgs        []string `json:"introspection_signing_alg_values_supported"` // RFC 9701 §7
	RevocationAuthMethods    []string `json:"revocation_endpoint_auth_methods_supported"`
	RevocationAuthAlgs       []string `json:"revocation_endpoint_auth_signing_alg_values_supported"`
	ChallengeMethods         []string `json:"code_challenge_methods_supported"`
	ACRValues                []string `json:"acr_values_supported"`
	Prompts                  []string `json:"prompt_values_supported"`
	UILocales                []string `json:"ui_locales_supported"`
	ClaimsLocales            []string `json:"claims_locales_supported"`
	Displays                 []string `json:"display_values_supported"`
	RequestParameter         bool     `json:"request_parameter_supported"`
	RequestURIParameter      bool     `json:"request_uri_parameter_supported"` // true where it is absent
	RegisteredRequestURIs    bool     `json:"require_request_uri_registration"`
	RequestObjectAlgs        []string `json:"request_object_signing_alg_values_supported"`
	IssParameter             bool     `json:"authorization_response_iss_parameter_supported"`
}

// Which of the documents.
const (
	discoveryDocument = iota
	jwksDocument
)

// documents are the public documents as bytes, built once per change of scopes or keys.
type documents struct{ current atomic.Pointer[documentSet] }

type documentSet struct {
	scopes []*storage.Scope
	keys   *keySnapshot
	bytes  [2][]byte
	etag   [2]string
}

// documents returns the documents as they stand.
func (p *Provider) documents(ctx context.Context) (*documentSet, error) {
	keys, err := p.keys.snapshot(p)
	if err != nil {
		return nil, err
	}
	scopes, err := p.db.Scopes(ctx)
	if err != nil {
		return nil, err
	}
	set := p.docs.current.Load()
	if set != nil && set.keys == keys && slices.Equal(set.scopes, scopes) {
		return set, nil
	}
	set = &documentSet{scopes: scopes, keys: keys}
	set.bytes[jwksDocument] = keys.jwks
	set.bytes[discoveryDocument], err = json.Marshal(p.metadata(scopes, keys))
	if err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	for i, text := range set.bytes {
		sum := sha256.Sum256(text)
		set.etag[i] = `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	}
	p.docs.current.Store(set)
	return set, nil
}

// provenMethods are the methods by which an app proves itself; none proves nothing.
var provenMethods = storage.AuthMethods[:len(storage.AuthMethods)-1]

func (p *Provider) metadata(scopes []*storage.Scope, keys *keySnapshot) metadata {
	doc := p.metadataClosed(scopes, keys)
	if p.registers() {
		doc.Registration = p.issuer + PathRegister
	}
	return doc
}

// metadataClosed is what is offered to every app.
func (p *Provider) metadataClosed(scopes []*storage.Scope, keys *keySnapshot) metadata {
	names := make([]string, 0, len(scopes))
	claims := []string{"sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash"}
	if p.implicit {
		claims = append(claims, "c_hash")
	}
	for _, s := range scopes {
		names = append(names, s.Name)
		for _, claim := range s.Claims {
			if !slices.Contains(claims, claim) {
				claims = append(claims, claim)
			}
		}
	}
	return metadata{
		Issuer: p.issuer, Authorization: p.issuer + PathAuthorize, Token: p.issuer + PathToken, UserInfo: p.issuer + PathUserInfo,
		JWKS: p.issuer + PathJWKS, Introspection: p.issuer + PathIntrospect, Revocation: p.issuer + PathRevocation,
		EndSession: p.issuer + PathEndSession, CheckSession: p.checkSessionURI(),
		BackLogout: true, BackLogoutSession: true, FrontLogout: true, FrontLogoutSession: true,
		DeviceAuthorization: p.issuer + PathDevice, Scopes: names, Claims: claims, ClaimTypes: []string{"normal"}, ClaimsParameter: true,
		ResponseTypes: p.responseTypes(), ResponseModes: p.responseModes(), GrantTypes: p.grantTypes(),
		SubjectTypes: []string{storage.SubjectPublic, storage.SubjectPairwise}, IDTokenAlgs: keys.algs, UserInfoAlgs: keys.algs,
		TokenAuthMethods: storage.AuthMethods, TokenAuthAlgs: assertionAlgs,
		IntrospectionAuthMethods: provenMethods, IntrospectionAuthAlgs: assertionAlgs, IntrospectionAlgs: keys.algs,
		RevocationAuthMethods: storage.AuthMethods, RevocationAuthAlgs: assertionAlgs,
		RequestParameter: true, RequestURIParameter: true, RegisteredRequestURIs: true, RequestObjectAlgs: storage.ClientSigningAlgs,
		ChallengeMethods: challengeMethods, ACRValues: storage.ACRValues, Prompts: prompts, UILocales: page.Languages(),
		ClaimsLocales: []string{"en", "ru"}, Displays: []string{"page", "popup", "touch", "wap"},
		IssParameter: true,
	}
}

// document serves one of the documents with an ETag. Clients may keep it for five minutes, which is
// less than a new key is published ahead of its first use.
func (p *Provider) document(which int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		switch r.Method {
		case http.MethodGet, http.MethodHead:
		case http.MethodOptions:
			h.Set("Access-Control-Allow-Methods", "GET")
			w.WriteHeader(http.StatusNoContent)
			return
		default:
			p.methodNotAllowed(w, r, rules{methods: []string{http.MethodGet, http.MethodHead}})
			return
		}
		set, err := p.documents(r.Context())
		if err != nil {
			p.answer(w, r, &call{header: h}, asRefusal(err))
			return
		}
		h.Set("Cache-Control", "public, max-age=300")
		h.Set("ETag", set.etag[which])
		if strings.Contains(r.Header.Get("If-None-Match"), set.etag[which]) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		h["Content-Type"] = jsonDocument
		_, _ = w.Write(set.bytes[which])
	})
}
