package api

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/propusk/propusk/storage"
)

// App is an app as it is answered.
type App struct {
	ClientID     string `json:"client_id" doc:"id of the app" example:"app_5n4q8z0c2v7m1k9x3b6d8f2h4j" readOnly:"true"`
	ClientSecret string `json:"client_secret,omitempty" doc:"only in the answer to what made it, once" readOnly:"true"`
	AppSettings
	Owner     *string   `json:"owner" nullable:"true" doc:"sub of the owner; null: it belongs to the administrators" readOnly:"true"`
	CreatedAt time.Time `json:"created_at" readOnly:"true"`
	UpdatedAt time.Time `json:"updated_at" readOnly:"true"`
}

// AppSettings are what can be changed of an app.
type AppSettings struct {
	ClientName            string     `json:"client_name" doc:"name people see" example:"Intranet"`
	ClientNameEn          string     `json:"client_name#en,omitempty" doc:"name in English, where it differs"`
	ClientNameRu          string     `json:"client_name#ru,omitempty" doc:"name in Russian" example:"Интранет"`
	Description           string     `json:"description" doc:"what it is for, to its developers"`
	ApplicationType       string     `json:"application_type" enum:"web,browser,native,service" doc:"how it runs: on a server with a secret, in the browser, on a phone or desktop, or without people"`
	Enabled               bool       `json:"enabled" doc:"master switch: off, nobody signs in and its tokens stop"`
	Delegated             bool       `json:"delegated" doc:"everybody may sign in; off, only its owner and developers"`
	WithoutPKCE           bool       `json:"without_pkce" doc:"a confidential app may leave PKCE out"`
	SkipConsent           bool       `json:"skip_consent" doc:"no consent page where everything asked for is in preset_scope; for administrators to set"`
	PresetScope           string     `json:"preset_scope" doc:"scopes separated by blanks; for administrators to set" example:"openid profile"`
	Trusted               bool       `json:"trusted" doc:"checked by an administrator, who alone may set it"`
	OfflineWithoutConsent bool       `json:"offline_without_consent" doc:"offline access without asking; trusted apps only, for administrators to set"`
	TrustedDomains        []string   `json:"trusted_domains" doc:"host or host/path, the bound of all its URIs; empty: none" example:"api.example.com/dashboard"`
	NetworkAddresses      []string   `json:"network_addresses" doc:"CIDR from which its keys may be used; empty: from anywhere" example:"10.0.0.0/8"`
	RedirectURIs          []string   `json:"redirect_uris" doc:"where answers may go, compared as they stand" example:"https://intranet.example.com/callback"`
	PostLogoutURIs        []string   `json:"post_logout_redirect_uris" doc:"where people may go after signing out" example:"https://intranet.example.com/"`
	GrantTypes            []string   `json:"grant_types" doc:"how it gets tokens" example:"authorization_code,refresh_token"`
	AuthMethods           []string   `json:"token_endpoint_auth_methods" doc:"how it proves who it is; [\"none\"] is a public app" example:"client_secret_basic"`
	Scopes                []AppScope `json:"scopes" doc:"what it may ask for"`
	PolicyURI             string     `json:"policy_uri" doc:"privacy policy, shown with the consent" example:"https://intranet.example.com/privacy"`
	TosURI                string     `json:"tos_uri" doc:"terms of use, shown with the consent"`
	IDTokenAlg            string     `json:"id_token_signed_response_alg" doc:"how its id_tokens are signed" example:"RS256"`
	IDTokenClaims         bool       `json:"id_token_claims" doc:"profile claims in the id_token, not only at userinfo"`
	AccessTokenFormat     string     `json:"access_token_format" enum:"opaque,jwt" doc:"opaque, or jwt by RFC 9068"`
	AccessTokenTTL        int64      `json:"access_token_ttl" minimum:"1" maximum:"31536000" doc:"life of its access tokens in seconds" example:"3600"`
	AppRegistration
}

// AppScope is a scope an app may ask for.
type AppScope struct {
	Name     string `json:"name" doc:"the scope" example:"profile"`
	Required bool   `json:"required" required:"false" doc:"cannot be left out by the person"`
	Offline  bool   `json:"offline" required:"false" doc:"still given after the person's session has ended"`
}

// authMethod is RFC 7591's singular of token_endpoint_auth_methods.
const authMethod = "token_endpoint_auth_method"

func extraOfApp() map[string]*huma.Schema {
	return map[string]*huma.Schema{authMethod: {Type: huma.TypeString, Description: "sets token_endpoint_auth_methods to this one (RFC 7591)"}}
}

// NewApp is what makes an app.
type NewApp map[string]any

// Schema is that of an app's settings; a new app is enabled and delegated.
func (NewApp) Schema(r huma.Registry) *huma.Schema {
	return schemaOf(r, typeOf[App](), shape{name: "NewApp", leave: []string{"enabled", "delegated"},
		required: []string{"client_name"}, extra: extraOfApp()})
}

// AppPatch changes an app.
type AppPatch map[string]any

// keptOfApp cannot be removed from an app.
var keptOfApp = []string{"client_name", "application_type", "grant_types", "token_endpoint_auth_methods", authMethod, "scopes"}

// Schema is that of an app's settings.
func (AppPatch) Schema(r huma.Registry) *huma.Schema {
	return schemaOf(r, typeOf[App](), shape{name: "AppPatch", patch: true, keep: keptOfApp, extra: extraOfApp()})
}

func viewApp(a *storage.App) App {
	return App{ClientID: a.ID, AppSettings: settingsOf(a), Owner: maybe(a.OwnerID()), CreatedAt: a.CreatedAt.UTC(), UpdatedAt: a.UpdatedAt.UTC()}
}

func settingsOf(a *storage.App) AppSettings {
	s := AppSettings{
		ClientName: a.Name, ClientNameEn: a.Names["en"], ClientNameRu: a.Names["ru"], Description: a.Description,
		ApplicationType: string(a.Type), Enabled: a.Enabled, Delegated: a.Delegated, WithoutPKCE: a.WithoutPKCE,
		SkipConsent: a.SkipConsent, PresetScope: strings.Join(a.PresetScopes, " "), Trusted: a.Trusted,
		OfflineWithoutConsent: a.OfflineWithoutConsent, TrustedDomains: texts(a.TrustedDomains),
		NetworkAddresses: texts(a.NetworkAddresses), RedirectURIs: texts(a.RedirectURIs), PostLogoutURIs: texts(a.PostLogoutURIs),
		GrantTypes: texts(a.GrantTypes), AuthMethods: texts(a.AuthMethods), Scopes: []AppScope{}, PolicyURI: a.PolicyURI,
		TosURI: a.TosURI, IDTokenAlg: a.IDTokenAlg, IDTokenClaims: a.IDTokenClaims, AccessTokenFormat: a.AccessTokenFormat,
		AccessTokenTTL: int64(a.AccessTokenTTL / time.Second), AppRegistration: registrationOf(a),
	}
	for _, scope := range a.Scopes {
		s.Scopes = append(s.Scopes, AppScope(scope))
	}
	return s
}

// apply writes the settings into an app; storage checks them. sent is what the settings were made of.
func (s AppSettings) apply(a *storage.App, sent fields) error {
	a.Names = maps.Clone(a.Names)
	if a.Names == nil {
		a.Names = map[string]string{}
	}
	for lang, name := range map[string]string{"en": s.ClientNameEn, "ru": s.ClientNameRu} {
		delete(a.Names, lang)
		if name != "" {
			a.Names[lang] = name
		}
	}
	a.Name, a.Description, a.Type = s.ClientName, s.Description, storage.AppType(s.ApplicationType)
	a.Enabled, a.Delegated, a.WithoutPKCE = s.Enabled, s.Delegated, s.WithoutPKCE
	a.Trusted, a.SkipConsent, a.OfflineWithoutConsent = s.Trusted, s.SkipConsent, s.OfflineWithoutConsent
	a.PresetScopes = strings.Fields(s.PresetScope)
	a.TrustedDomains, a.NetworkAddresses = s.TrustedDomains, s.NetworkAddresses
	a.RedirectURIs, a.PostLogoutURIs = s.RedirectURIs, s.PostLogoutURIs
	a.GrantTypes, a.AuthMethods = s.GrantTypes, s.AuthMethods
	a.PolicyURI, a.TosURI = s.PolicyURI, s.TosURI
	a.IDTokenAlg, a.IDTokenClaims = s.IDTokenAlg, s.IDTokenClaims
	a.AccessTokenFormat, a.AccessTokenTTL = s.AccessTokenFormat, time.Duration(s.AccessTokenTTL)*time.Second
	if s.Scopes == nil { // left out when the app is made: storage chooses
		a.Scopes = nil
	} else {
		a.Scopes = make([]storage.AppScope, 0, len(s.Scopes))
	}
	for _, scope := range s.Scopes {
		a.Scopes = append(a.Scopes, storage.AppScope(scope))
	}
	return s.AppRegistration.apply(a, sent)
}

// plural puts RFC 7591's singular into the list it stands for.
func plural(sent fields) (fields, error) {
	if !sent.sent(authMethod) {
		return sent, nil
	}
	if sent.sent("token_endpoint_auth_methods") {
		return nil, &fault{"body." + authMethod, "stands beside token_endpoint_auth_methods; send one of them"}
	}
	changed := fields(maps.Clone(sent))
	changed["token_endpoint_auth_methods"] = []any{sent.text(authMethod)}
	delete(changed, authMethod)
	return changed, nil
}

// newApp reads what makes an app; what was left out is left to storage.
func newApp(sent fields) (*storage.App, error) {
	sent, err := plural(sent)
	if err != nil {
		return nil, err
	}
	object := merge(nil, map[string]any(sent))
	s, err := fromObject(object, AppSettings{})
	if err != nil {
		return nil, err
	}
	app := &storage.App{}
	return app, s.apply(app, sent)
}

// changeApp applies a merge patch to an app. What is removed falls back to what a new app has.
func changeApp(app *storage.App, patch fields) error {
	s, err := merged(settingsOf(app), AppSettings{Enabled: true, Delegated: true}, patch)
	if err != nil {
		return err
	}
	return s.apply(app, patch)
}

// sendsTrust tells whether fields are sent that only administrators set; a developer
// who sends one is refused whatever its value.
func sendsTrust(sent fields) bool {
	return slices.ContainsFunc([]string{"trusted", "skip_consent", "preset_scope", "offline_without_consent"}, func(name string) bool {
		_, there := sent[name]
		return there
	})
}
