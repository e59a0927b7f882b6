package provider

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/propusk/propusk/storage"
)

// parseAuthorize reads the rest of an authorization request (OpenID Connect Core §3.1.2.1, RFC 6749
// §4.1.1, RFC 7636 §4.3); what is wrong goes back to the app as a *refusal.
func (p *Provider) parseAuthorize(ctx context.Context, t target, c *call) (*storage.AuthRequest, error) {
	if c.bad != nil {
		return nil, c.bad.refusal()
	}
	form := c.form
	kind := canonicalType(form.Get("response_type"))
	f := p.checkResponse(t.app, c)
	if f == nil && yields(kind, "code") {
		f = checkChallenge(t.app, form.Get("code_challenge"), form.Get("code_challenge_method"))
	}
	if f != nil {
		return nil, f
	}
	req := &storage.AuthRequest{
		ID: storage.NewID(), AppID: t.app.ID, RedirectURI: t.uri, ResponseMode: t.mode, State: form.Get("state"), Nonce: form.Get("nonce"),
		LoginHint: form.Get("login_hint"), UILocales: list(form.Get("ui_locales")),
		ACRValues: list(form.Get("acr_values")), CreatedAt: p.now(),
	}
	if kind != "code" {
		req.ResponseType = kind
	}
	if yields(kind, "code") {
		req.Challenge = form.Get("code_challenge")
	}
	for _, parse := range []func(context.Context, *storage.App, *call, *storage.AuthRequest) error{
		p.parseScope, p.parsePrompt, p.parseClaims, p.parseHint,
	} {
		err := parse(ctx, t.app, c, req)
		if err != nil {
			return nil, err
		}
	}
	return req, nil
}

// checkResponse refuses what this provider does not answer: the registration parameter, other response
// types and modes.
func (p *Provider) checkResponse(app *storage.App, c *call) *refusal {
	form := c.form
	switch {
	case form.Get("registration") != "":
		return refuse(errRegistrationNotSup, "the registration parameter is not supported")
	case form.Get("response_type") == "":
		if near := nearMiss(c.unknown, "response_type"); near != "" {
			return refuse(errInvalidRequest, "response_type is missing; %s came: is it misspelt?", near)
		}
		return refuse(errInvalidRequest, "response_type is missing: use code")
	}
	return p.checkResponseType(app, form)
}

// challengeMethods are the methods of PKCE, as discovery lists them: plain proves nothing to whoever reads the
// request (RFC 7636 §7.2).
var challengeMethods = []string{"S256"}

// checkChallenge holds PKCE against the app's switch: S256 and nothing else, and a challenge from every
// app that was not excused; a public app never is (RFC 9700 §2.1.1).
func checkChallenge(app *storage.App, challenge, method string) *refusal {
	switch {
	case challenge == "" && method != "":
		return refuse(errInvalidRequest, "code_challenge_method came without a code_challenge")
	case challenge == "" && (app.Public() || !app.WithoutPKCE):
		return refuse(errInvalidRequest, "code_challenge is missing: the app %s must use PKCE with code_challenge_method S256", app.ID)
	case challenge == "":
		return nil
	case !slices.Contains(challengeMethods, method):
		return refuse(errInvalidRequest, "code_challenge_method must be %s", alternatives(challengeMethods))
	case !validChallenge(challenge):
		return refuse(errInvalidRequest, "code_challenge must be 43 characters of BASE64URL(SHA256(code_verifier))")
	}
	return nil
}

func (p *Provider) parseScope(ctx context.Context, app *storage.App, c *call, req *storage.AuthRequest) error {
	text := c.form.Get("scope")
	if badScopes(text) {
		return refuse(errInvalidScope, "scope holds characters it may not have, or more than 50 names")
	}
	asked, foreign, err := p.splitScopes(ctx, app, text)
	switch {
	case err != nil:
		return err
	case len(foreign) > 0:
		return refuse(errInvalidScope, "the app %s does not have the scope %s", app.ID, strings.Join(foreign, " "))
	}
	// Offline access needs a code to begin with (OpenID Connect Core §11).
	if !app.Allows(storage.GrantRefreshToken) || !yields(req.ResponseType, "code") {
		asked = slices.DeleteFunc(asked, func(s string) bool { return s == storage.ScopeOffline })
	}
	if len(asked) == 0 {
		if near := nearMiss(c.unknown, "scope"); near != "" && text == "" {
			return refuse(errInvalidRequest, "scope is missing; %s came: is it misspelt?", near)
		}
		return refuse(errInvalidScope, "scope names nothing the app %s may ask for; a login needs openid", app.ID)
	}
	req.Scopes = asked
	return nil
}

func (p *Provider) parsePrompt(_ context.Context, app *storage.App, c *call, req *storage.AuthRequest) error {
	req.Prompt = strings.Fields(c.form.Get("prompt"))
	for _, prompt := range req.Prompt {
		if !slices.Contains(prompts, prompt) {
			return refuse(errInvalidRequest, "prompt must be of %s", strings.Join(prompts, " "))
		}
	}
	if req.HasPrompt("none") && len(req.Prompt) > 1 {
		return refuse(errInvalidRequest, "prompt none stands alone")
	}
	if len(req.ACRValues) == 0 {
		req.ACRValues = app.Registration.DefaultACRValues
	}
	if !c.form.Has("max_age") {
		req.MaxAge = app.Registration.DefaultMaxAge
		return nil
	}
	age, err := strconv.ParseInt(c.form.Get("max_age"), 10, 64)
	if err != nil || age < 0 {
		return refuse(errInvalidRequest, "max_age must be a number of seconds, not negative")
	}
	req.MaxAge = &age
	return nil
}

// prompts are the values of prompt (OpenID Connect Core §3.1.2.1).
var prompts = []string{"none", "login", "consent", "select_account"}

// maxClaims bounds how many claims the claims parameter may name in each place.
const maxClaims = 50

func (p *Provider) parseClaims(ctx context.Context, app *storage.App, c *call, req *storage.AuthRequest) error {
	claims := &storage.Claims{Locales: list(c.form.Get("claims_locales"))}
	text := c.form.Get("claims")
	if text != "" {
		err := json.Unmarshal([]byte(text), claims)
		claims.Locales = list(c.form.Get("claims_locales"))
		if err != nil || len(claims.UserInfo) > maxClaims || len(claims.IDToken) > maxClaims {
			return refuse(errInvalidRequest, "claims must be a JSON object as OpenID Connect Core section 5.5 describes it, with at most 50 claims each")
		}
	}
	if text == "" && len(claims.Locales) == 0 {
		return nil
	}
	req.Claims = claims
	for _, asked := range []map[string]*storage.ClaimRequest{claims.IDToken, claims.UserInfo} {
		if sub := asked["sub"]; sub != nil && len(sub.Value) > 0 {
			var asked string
			err := json.Unmarshal(sub.Value, &asked)
			if err != nil {
				return refuse(errInvalidRequest, "the value of the claim sub must be a string")
			}
			if req.HintSub != "" && req.HintSub != asked {
				return refuse(errInvalidRequest, "the claim sub names different people")
			}
			req.HintSub = asked
		}
	}
	return p.implyScopes(ctx, app, req)
}

// implyScopes finds the scopes that yield the claims asked for by name, so that the person is asked for
// them too. Claims of scopes the app does not have are left out, as voluntary claims may be.
func (p *Provider) implyScopes(ctx context.Context, app *storage.App, req *storage.AuthRequest) error {
	scopes, err := p.db.Scopes(ctx)
	if err != nil {
		return err
	}
	for _, s := range scopes {
		if _, ok := app.Scope(s.Name); !ok || req.HasScope(s.Name) {
			continue
		}
		if slices.ContainsFunc(s.Claims, func(name string) bool {
			_, user := req.Claims.UserInfo[name]
			_, token := req.Claims.IDToken[name]
			return user || token
		}) {
			req.Implied = append(req.Implied, s.Name)
		}
	}
	return nil
}

// parseHint reads an id_token_hint: one of ours, expired or not. It is only a hint of whom the app means.
func (p *Provider) parseHint(ctx context.Context, app *storage.App, c *call, req *storage.AuthRequest) error {
	text := c.form.Get("id_token_hint")
	if text == "" {
		return nil
	}
	hint, err := p.readHint(text)
	if err != nil && !errors.Is(err, errJWT) {
		return err
	}
	if err != nil {
		return refuse(errInvalidRequest, "id_token_hint is not an id_token of this provider").because(err)
	}
	err = p.checkHintSector(ctx, app, hint.Audience)
	if err != nil {
		return err
	}
	if req.HintSub != "" && req.HintSub != hint.Subject {
		return refuse(errInvalidRequest, "id_token_hint and the claim sub name different people")
	}
	req.HintSub = hint.Subject
	return nil
}

// checkHintSector refuses the id_token of another app as a hint where the two know people by different
// subjects: nothing could be compared.
func (p *Provider) checkHintSector(ctx context.Context, app *storage.App, audience string) error {
	if audience == app.ID {
		return nil
	}
	other, err := p.db.App(ctx, audience)
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		return err
	}
	if other == nil {
		other = new(storage.App) // deleted since
	}
	if p.db.Subject(app, audience) == p.db.Subject(other, audience) {
		return nil
	}
	return refuse(errInvalidRequest, "id_token_hint was issued to another app")
}

// readHint opens an id_token of ours, whenever it expired. errJWT says that it is none; other errors are
// inner ones.
func (p *Provider) readHint(text string) (*idToken, error) {
	payload, err := p.verifyJWT(text, typeIDToken)
	if err != nil {
		return nil, err
	}
	var hint idToken
	err = json.Unmarshal(payload, &hint)
	if err != nil || hint.Issuer != p.issuer || hint.Subject == "" {
		return nil, errJWT
	}
	return &hint, nil
}
