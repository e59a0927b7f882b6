package main

import (
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
)

// truth is how one member of the discovery document is held against what propusk does.
type truth struct {
	use    func(w *truthWorld, value string) // uses a value that is advertised, to the end; "" for what is no list
	others []string                          // values of the registries that somebody may try
	refuse func(w *truthWorld, value string) // sees one of them refused, where it is not advertised
	member string                            // of client metadata, where a client registers for one of the values
	absent func(w *truthWorld)               // sees that there is nothing, where the document says nothing; nil: it always does
}

// truths has every member that discovery may have. One that is added there fails the test until somebody
// uses it here.
var truths = map[string]truth{
	"issuer": {use: useIssuer},
	// Endpoints.
	"authorization_endpoint":        {use: useAuthorization},
	"token_endpoint":                {use: useToken},
	"userinfo_endpoint":             {use: useUserInfo},
	"jwks_uri":                      {use: useJWKS},
	"introspection_endpoint":        {use: useIntrospection},
	"revocation_endpoint":           {use: useRevocation},
	"end_session_endpoint":          {use: useEndSession},
	"device_authorization_endpoint": {use: useDevice},
	"check_session_iframe":          {use: useCheckSession, absent: noCheckSession},
	"registration_endpoint":         {use: useRegistration, absent: noRegistration},
	// What may be asked for.
	"scopes_supported":           {use: useScope, others: []string{"groups", "roles", "api", "OPENID"}, refuse: refuseScope},
	"claims_supported":           {use: useClaim, others: []string{"groups", "roles", "c_hash", "s_hash", "cnf", "verified_claims", "act"}, refuse: refuseClaim},
	"claim_types_supported":      {use: useClaimType, others: []string{"aggregated", "distributed"}, refuse: refuseClaimType},
	"claims_parameter_supported": {use: useClaimsParameter},
	"claims_locales_supported":   {use: useClaimsLocale, others: []string{"de", "zh-Hant"}, refuse: refuseClaimsLocale},
	"ui_locales_supported":       {use: useUILocale, others: []string{"de", "tlh", "zh-Hant"}, refuse: refuseUILocale},
	"display_values_supported":   {use: useDisplay, others: []string{"tv", "none"}, refuse: ignoreDisplay},
	"prompt_values_supported":    {use: usePrompt, others: []string{"create", "signup", "Login"}, refuse: refusePrompt},
	"acr_values_supported": {use: useACR, refuse: refuseACR, member: "default_acr_values",
		others: []string{"0", "2", "phr", "phrh", "urn:mace:incommon:iap:silver"}},
	"response_types_supported": {use: useResponseType, refuse: refuseResponseType, member: "response_types",
		others: []string{"token", "none", "id_token", "id_token token", "code id_token", "code token", "code id_token token", "vp_token"}},
	"response_modes_supported": {use: useResponseMode, refuse: refuseResponseMode,
		others: []string{"fragment", "jwt", "query.jwt", "fragment.jwt", "form_post.jwt", "web_message", "direct_post"}},
	"code_challenge_methods_supported":               {use: useChallenge, others: []string{"plain", "S512", "s256"}, refuse: refuseChallenge},
	"authorization_response_iss_parameter_supported": {use: useIssParameter},
	// Request objects.
	"request_parameter_supported":                   {use: useRequestParameter},
	"request_uri_parameter_supported":               {use: useRequestURI},
	"require_request_uri_registration":              {use: useRequestURIRegistration},
	"request_object_signing_alg_values_supported":   {use: useRequestAlg, others: knownAlgs, refuse: refuseRequestAlg, member: "request_object_signing_alg"},
	"grant_types_supported":                         {use: useGrant, others: knownGrants, refuse: refuseGrant, member: "grant_types"},
	"subject_types_supported":                       {use: useSubjectType, others: []string{"transient", "persistent"}, refuse: refuseSubjectType, member: "subject_type"},
	"id_token_signing_alg_values_supported":         {use: useIDTokenAlg, others: knownAlgs, refuse: refuseIDTokenAlg, member: "id_token_signed_response_alg"},
	"userinfo_signing_alg_values_supported":         {use: useUserInfoAlg, others: knownAlgs, refuse: refuseUserInfoAlg, member: "userinfo_signed_response_alg"},
	"introspection_signing_alg_values_supported":    {use: useIntrospectionAlg, others: knownAlgs, refuse: refuseIntrospectionAlg, member: "introspection_signed_response_alg"},
	"token_endpoint_auth_methods_supported":         {use: useTokenMethod, others: knownMethods, refuse: refuseTokenMethod, member: "token_endpoint_auth_method"},
	"introspection_endpoint_auth_methods_supported": {use: useIntrospectionMethod, others: knownMethods, refuse: refuseIntrospectionMethod},
	"revocation_endpoint_auth_methods_supported":    {use: useRevocationMethod, others: knownMethods, refuse: refuseRevocationMethod},
	"token_endpoint_auth_signing_alg_values_supported": {use: useTokenAuthAlg, others: knownAlgs, refuse: refuseTokenAuthAlg,
		member: "token_endpoint_auth_signing_alg"},
	"introspection_endpoint_auth_signing_alg_values_supported": {use: useIntrospectionAuthAlg, others: knownAlgs, refuse: refuseIntrospectionAuthAlg},
	"revocation_endpoint_auth_signing_alg_values_supported":    {use: useRevocationAuthAlg, others: knownAlgs, refuse: refuseRevocationAuthAlg},
	// Logout.
	"backchannel_logout_supported":          {use: useBackChannel},
	"backchannel_logout_session_supported":  {use: useBackChannelSession},
	"frontchannel_logout_supported":         {use: useFrontChannel},
	"frontchannel_logout_session_supported": {use: useFrontChannelSession},
}

// TestTruth: discovery says what propusk does. Whatever it lists is used and works, whatever it does not
// list is refused, and clients register for the same things and no others.
func TestTruth(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	seen, walked := map[string]bool{}, 0
	t.Cleanup(func() { // when the presets, which run beside each other, are done
		for name := range truths {
			if walked == len(truthPresets) && !seen[name] {
				t.Errorf("%s is used here, and never advertised", name)
			}
		}
	})
	for _, preset := range truthPresets {
		t.Run(preset.name, func(t *testing.T) {
			t.Parallel()
			w := newTruthWorld(t, preset.options)
			mu.Lock()
			walked++
			for name := range w.doc {
				seen[name] = true
			}
			mu.Unlock()
			for name := range w.doc {
				if _, known := truths[name]; !known {
					t.Errorf("%s is advertised, and nothing here uses it", name)
				}
			}
			w.run(t, "documents", w.wantOneDocument)
			w.run(t, "nothing besides", w.wantNothingBesides)
			for _, name := range slices.Sorted(maps.Keys(truths)) {
				w.run(t, name, func() { w.hold(name, truths[name]) })
			}
		})
	}
}

// hold holds one member against what propusk does.
func (w *truthWorld) hold(name string, fact truth) {
	t, _ := w.t.(*testing.T)
	list, isList := w.doc[name].([]any)
	registrable := fact.member != "" && w.doc["registration_endpoint"] != nil
	switch {
	case w.doc[name] == nil || w.doc[name] == false:
		if fact.absent == nil {
			t.Fatalf("%s is not advertised", name)
		}
		fact.absent(w)
		return
	case !isList:
		fact.use(w, "")
		return
	case len(list) == 0:
		t.Errorf("%s is empty", name)
	}
	for _, value := range w.list(name) {
		w.run(t, "uses "+value, func() { fact.use(w, value) })
		if registrable {
			w.run(t, "registers "+value, func() { w.registers(fact.member, value) })
		}
	}
	for _, value := range w.others(name, fact.others) {
		w.run(t, "refuses "+value, func() { fact.refuse(w, value) })
		if registrable {
			w.run(t, "refuses to register "+value, func() { w.refusesToRegister(fact.member, value) })
		}
	}
}

// wantOneDocument: RFC 8414 §3 and OpenID Connect Discovery §4 lead to the same bytes.
func (w *truthWorld) wantOneDocument() {
	discovery, metadata := w.get("/.well-known/openid-configuration"), w.get("/.well-known/oauth-authorization-server")
	if discovery.status != http.StatusOK || discovery.body != metadata.body || discovery.header.Get("ETag") != metadata.header.Get("ETag") {
		w.t.Errorf("discovery\n%s\nis not the metadata\n%s", discovery.body, metadata.body)
	}
	for _, value := range w.doc {
		list, _ := value.([]any)
		for i, entry := range list {
			if slices.Contains(list[:i], entry) {
				w.t.Errorf("%v is listed twice", entry)
			}
		}
	}
}

func useIssuer(w *truthWorld, _ string) {
	all := w.login(w.alice, w.newApp())
	if w.doc["issuer"] != w.issuer || w.opened(all.id, "RS256")["iss"] != w.issuer {
		w.t.Errorf("issuer %v, id_token by %v", w.doc["issuer"], claimsOf(w.t, all.id)["iss"])
	}
}
