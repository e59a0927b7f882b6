package provider

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/propusk/propusk/storage"
)

// proposal is client metadata (RFC 7591 §2, OpenID Connect Dynamic Registration §2) on its way into an app
// or out of it. What the metadata says in other words than an app stands beside it.
type proposal struct {
	app       *storage.App
	kind      string // application_type
	method    string // token_endpoint_auth_method
	scope     string
	grants    []string
	responses []string
}

// clientMember is one member of the metadata. offered names the member of discovery that decides about it: a list
// in which its values must be, or a switch; while discovery lacks that, the member is ignored as unknown
// ones are. What one reads the other echoes, so nothing is said that was not kept.
type clientMember struct {
	name    string
	offered string
	field   func(*proposal) any // a pointer
}

var clientMembers = []clientMember{
	{"redirect_uris", "", func(m *proposal) any { return &m.app.RedirectURIs }},
	{"post_logout_redirect_uris", "", func(m *proposal) any { return &m.app.PostLogoutURIs }},
	{"client_name", "", func(m *proposal) any { return &m.app.Name }},
	{"application_type", "", func(m *proposal) any { return &m.kind }},
	{"grant_types", "grant_types_supported", func(m *proposal) any { return &m.grants }},
	{"response_types", "response_types_supported", func(m *proposal) any { return &m.responses }},
	{"scope", "", func(m *proposal) any { return &m.scope }},
	{"token_endpoint_auth_method", "token_endpoint_auth_methods_supported", func(m *proposal) any { return &m.method }},
	{"token_endpoint_auth_signing_alg", "token_endpoint_auth_signing_alg_values_supported", func(m *proposal) any { return &m.app.Registration.AuthSigningAlg }},
	{"jwks", "", func(m *proposal) any { return &m.app.Registration.JWKS }},
	{"jwks_uri", "", func(m *proposal) any { return &m.app.Registration.JWKSURI }},
	{"request_object_signing_alg", "request_object_signing_alg_values_supported", func(m *proposal) any { return &m.app.Registration.RequestObjectAlg }},
	{"request_uris", "request_uri_parameter_supported", func(m *proposal) any { return &m.app.Registration.RequestURIs }},
	{"subject_type", "subject_types_supported", func(m *proposal) any { return &m.app.Registration.SubjectType }},
	{"sector_identifier_uri", "", func(m *proposal) any { return &m.app.Registration.SectorIdentifierURI }},
	{"id_token_signed_response_alg", "id_token_signing_alg_values_supported", func(m *proposal) any { return &m.app.IDTokenAlg }},
	{"userinfo_signed_response_alg", "userinfo_signing_alg_values_supported", func(m *proposal) any { return &m.app.Registration.UserinfoAlg }},
	{"introspection_signed_response_alg", "introspection_signing_alg_values_supported", func(m *proposal) any { return &m.app.Registration.IntrospectionAlg }},
	{"default_max_age", "", func(m *proposal) any { return &m.app.Registration.DefaultMaxAge }},
	{"require_auth_time", "", func(m *proposal) any { return &m.app.Registration.RequireAuthTime }},
	{"default_acr_values", "acr_values_supported", func(m *proposal) any { return &m.app.Registration.DefaultACRValues }},
	{"initiate_login_uri", "", func(m *proposal) any { return &m.app.Registration.InitiateLoginURI }},
	{"backchannel_logout_uri", "backchannel_logout_supported", func(m *proposal) any { return &m.app.Registration.BackchannelLogoutURI }},
	{"backchannel_logout_session_required", "backchannel_logout_session_supported", func(m *proposal) any { return &m.app.Registration.BackchannelSession }},
	{"frontchannel_logout_uri", "frontchannel_logout_supported", func(m *proposal) any { return &m.app.Registration.FrontchannelLogoutURI }},
	{"frontchannel_logout_session_required", "frontchannel_logout_session_supported", func(m *proposal) any { return &m.app.Registration.FrontchannelSession }},
	{"client_uri", "", func(m *proposal) any { return &m.app.Registration.ClientURI }},
	{"logo_uri", "", func(m *proposal) any { return &m.app.Registration.LogoURI }},
	{"policy_uri", "", func(m *proposal) any { return &m.app.PolicyURI }},
	{"tos_uri", "", func(m *proposal) any { return &m.app.TosURI }},
	{"contacts", "", func(m *proposal) any { return &m.app.Registration.Contacts }},
	{"software_id", "", func(m *proposal) any { return &m.app.Registration.SoftwareID }},
	{"software_version", "", func(m *proposal) any { return &m.app.Registration.SoftwareVersion }},
}

// read takes the members that are known and offered; null is as good as absent (RFC 7592 §2.2).
func (m *proposal) read(sent map[string]json.RawMessage, offers map[string]any) *refusal {
	if f := refuseEncrypted(sent); f != nil {
		return f
	}
	for _, known := range clientMembers {
		text, ok := sent[known.name]
		if !ok || string(text) == "null" || !known.isOffered(offers) {
			continue
		}
		err := json.Unmarshal(text, known.field(m))
		if err != nil {
			return refuse(errInvalidMetadata, "%s has a value of the wrong type", known.name).because(err)
		}
	}
	return m.readLocal(sent)
}

// readLocal takes the members in a language (RFC 7591 §2.2): client_name#ru and those of
// storage.LocalizedMembers. Others in a language are ignored as unknown ones are.
func (m *proposal) readLocal(sent map[string]json.RawMessage) *refusal {
	for name, text := range sent {
		member, lang, ok := strings.Cut(name, "#")
		named := member == "client_name"
		if !ok || string(text) == "null" || !named && !slices.Contains(storage.LocalizedMembers, member) {
			continue
		}
		var value string
		err := json.Unmarshal(text, &value)
		if err != nil {
			return refuse(errInvalidMetadata, "%s has a value of the wrong type", clip(name)).because(err)
		}
		into, key := &m.app.Registration.Localized, name
		if named {
			into, key = &m.app.Names, lang
		}
		if *into == nil {
			*into = map[string]string{}
		}
		(*into)[key] = value
	}
	return nil
}

// isOffered tells whether discovery has anything to say of the member.
func (k clientMember) isOffered(offers map[string]any) bool {
	return k.offered == "" || offers[k.offered] != nil && offers[k.offered] != false
}

// offeredPart is the value of a member without what discovery does not list.
func (k clientMember) offeredPart(m *proposal, offers map[string]any) any {
	list, limited := offers[k.offered].([]any)
	switch field := k.field(m).(type) {
	case *string:
		if limited && !slices.Contains(list, any(*field)) {
			return ""
		}
	case *[]string:
		if limited {
			return slices.DeleteFunc(slices.Clone(*field), func(v string) bool { return !slices.Contains(list, any(v)) })
		}
	}
	return reflect.ValueOf(k.field(m)).Elem().Interface()
}

// checkOffered holds the values of every member against what discovery lists.
func (m *proposal) checkOffered(offers map[string]any) *refusal {
	for _, known := range clientMembers {
		list, ok := offers[known.offered].([]any)
		if !ok {
			continue
		}
		var values []string
		switch field := known.field(m).(type) {
		case *string:
			if *field != "" {
				values = []string{*field}
			}
		case *[]string:
			values = *field
		}
		for _, value := range values {
			if !slices.Contains(list, any(value)) {
				return refuse(errInvalidMetadata, "%s: %s is not among %s of discovery", known.name, clip(value), known.offered)
			}
		}
	}
	return nil
}

// write says what is kept of the app, in a new object. What an administrator gave it besides, or what was
// offered once and is not any more, is nothing that the client could use or send back.
func (m *proposal) write(offers map[string]any) map[string]any {
	answer := map[string]any{}
	for _, known := range clientMembers {
		field := reflect.ValueOf(known.offeredPart(m, offers))
		if !field.IsZero() && known.isOffered(offers) && (field.Kind() != reflect.Slice || field.Len() > 0) {
			answer[known.name] = field.Interface()
		}
	}
	for lang, name := range m.app.Names {
		answer["client_name#"+lang] = name
	}
	for name, uri := range m.app.Registration.Localized {
		answer[name] = uri
	}
	return answer
}

// offers is the discovery document as members, the table that registration goes by.
func offers(doc metadata) (map[string]any, error) {
	text, err := json.Marshal(doc)
	if err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	var all map[string]any
	err = json.Unmarshal(text, &all)
	if err != nil {
		return nil, fmt.Errorf("discovery: %w", err)
	}
	return all, nil
}

// proposalOf is the metadata of an app that is there.
func proposalOf(app *storage.App) *proposal {
	m := &proposal{app: app, kind: "web", method: first(app.AuthMethods), grants: slices.Clone(app.GrantTypes), responses: app.ResponseTypes()}
	if app.Type == storage.AppNative {
		m.kind = "native"
	}
	if !slices.Contains(app.GrantTypes, storage.GrantCode) && len(app.Registration.ResponseTypes) == 0 {
		m.responses = nil
	}
	if slices.ContainsFunc(m.responses, frontChannel) {
		m.grants = append(m.grants, grantImplicit)
	}
	var names []string
	for _, s := range app.Scopes {
		names = append(names, s.Name)
	}
	m.scope = strings.Join(names, " ")
	if m.app.Registration.SubjectType == "" {
		own := *app
		own.Names = maps.Clone(app.Names)
		own.Registration.SubjectType = storage.SubjectPublic
		m.app = &own
	}
	return m
}
