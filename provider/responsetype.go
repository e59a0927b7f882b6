package provider

import (
	"net/url"
	"slices"
	"strings"

	"github.com/propusk/propusk/storage"
)

// Response modes (OAuth 2.0 Multiple Response Types §2.1, OAuth 2.0 Form Post Response Mode).
const (
	modeQuery    = "query"
	modeFragment = "fragment"
	modeFormPost = "form_post"
)

// implicitTypes are the response types beyond code: all those of the implicit (OpenID Connect Core §3.2) and
// the hybrid flow (§3.3). They are offered only where Config.Implicit is on and the app is registered for
// them: a token in a URL is seen by more than the app (RFC 9700 §2.1.2).
var implicitTypes = storage.ResponseTypes[1:]

// grantImplicit is what discovery lists beside the grants of the token endpoint while they are offered.
const grantImplicit = "implicit"

// responseTypes, responseModes and grantTypes are what this instance answers and advertises.
func (p *Provider) responseTypes() []string {
	if !p.implicit {
		return storage.ResponseTypes[:1:1]
	}
	return storage.ResponseTypes
}

func (p *Provider) responseModes() []string {
	if !p.implicit {
		return []string{modeQuery, modeFormPost}
	}
	return []string{modeQuery, modeFragment, modeFormPost}
}

func (p *Provider) grantTypes() []string {
	if !p.implicit {
		return offeredGrants
	}
	return append(slices.Clone(offeredGrants), grantImplicit)
}

// canonicalType writes a response type in the one order of its words that is stored and advertised.
func canonicalType(text string) string { return storage.CanonicalResponseType(text) }

// yields tells whether the response type yields the word: code, id_token or token. "" is code.
func yields(responseType, word string) bool {
	if responseType == "" {
		return word == "code"
	}
	return slices.Contains(strings.Fields(responseType), word)
}

// frontChannel tells whether the response type hands out anything but a code at the authorization endpoint.
func frontChannel(responseType string) bool {
	return yields(responseType, "token") || yields(responseType, "id_token")
}

// responseMode is how a request is answered, errors too: as it asks if it may, else as its response type
// goes without asking. What holds a token never goes into a query, which servers log; nor does the
// refusal of such a request, so that the app reads it where it looks for the tokens.
func (p *Provider) responseMode(app *storage.App, form url.Values) string {
	asked := form.Get("response_mode")
	switch {
	case asked == modeFormPost:
		return asked
	case p.implicit && (asked == modeFragment && app.FrontChannel() || frontChannel(form.Get("response_type"))):
		return modeFragment
	}
	return modeQuery
}

// checkResponseType refuses what this instance or this app does not have of response types and modes,
// and what the flows beyond code ask for besides.
func (p *Provider) checkResponseType(app *storage.App, form url.Values) *refusal {
	kind, mode := canonicalType(form.Get("response_type")), form.Get("response_mode")
	switch {
	case !p.implicit && slices.Contains(implicitTypes, kind) && app.Answers(kind):
		return refuse(errUnsupportedResponse, "the app %s is registered for response_type %s, but response types beyond code are switched off here", app.ID, kind)
	case !slices.Contains(p.responseTypes(), kind):
		return refuse(errUnsupportedResponse, "response_type must be %s", alternatives(p.responseTypes()))
	case mode != "" && !slices.Contains(p.responseModes(), mode):
		return refuse(errInvalidRequest, "response_mode must be %s", alternatives(p.responseModes()))
	case mode == modeFragment && !app.FrontChannel():
		// The app never looks there, and its pages may carry a code in the fragment on to another place: whoever
		// writes the request must not choose that for it.
		return refuse(errInvalidRequest, "response_mode fragment is for apps registered for a response type with id_token or token")
	case mode == modeQuery && frontChannel(kind):
		return refuse(errInvalidRequest, "response_mode query is not for tokens: leave it out, or use form_post")
	case yields(kind, "code") && !app.Allows(storage.GrantCode):
		return refuse(errUnauthorizedClient, "the app %s does not have the grant type %s", app.ID, storage.GrantCode)
	case !app.Answers(kind):
		return refuse(errUnauthorizedClient, "the app %s is not registered for response_type %s", app.ID, kind)
	case yields(kind, "id_token") && form.Get("nonce") == "":
		return refuse(errInvalidRequest, "nonce is missing: response_type %s needs one", kind)
	case yields(kind, "id_token") && !slices.Contains(strings.Fields(form.Get("scope")), storage.ScopeOpenID):
		return refuse(errInvalidScope, "an id_token needs the scope openid")
	}
	return nil
}

// alternatives lists values as a sentence does.
func alternatives(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " or " + list[len(list)-1]
}
