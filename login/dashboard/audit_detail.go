package dashboard

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// detailWords are details that are words of storage's own, by the action that they belong to: ends of keys
// audit.detail_.
var detailWords = map[string]map[string]string{
	"app.disable":   {"app.delete": "deleting"},
	"grant.replay":  {"the code was presented again": "code_again"},
	"grant.reuse":   {"an old refresh token was presented": "refresh_again"},
	"grant.revoke":  {"revoked by the app": "by_app"},
	"link.create":   {"invite": "invite", "recover": "recover"},
	"link.use":      {"invite": "invite", "recover": "recover"},
	"user.enable":   {"by a recovery link": "by_link"},
	"user.password": {"changed by the person": "by_person"},
}

// detailBegins are words in front of a value.
var detailBegins = map[string]map[string]string{
	"consent.offline_auto": {"until ": "until", "also ": "also"},
	"device.approve":       {"device at ": "device"},
	"device.deny":          {"device at ": "device"},
}

// detailClaims are the claims whose names the pages of people know; others are shown as they are called.
var detailClaims = map[string]bool{
	"login": true, "name": true, "given_name": true, "family_name": true, "middle_name": true, "nickname": true, "preferred_username": true,
	"profile": true, "picture": true, "website": true, "gender": true, "birthdate": true, "zoneinfo": true, "locale": true, "email": true,
	"email_verified": true, "phone_number": true, "phone_number_verified": true, "address": true,
}

// byToken is how the detail of an entry ends where the actor used a token, before the token's id.
const byToken = "by token "

// moreChanges is how the detail of an app ends that had no room for all, moreBefore the whole detail of an
// attempt before which others left no entry of their own.
var (
	moreChanges = regexp.MustCompile(`^(.*), and (\d{1,9}) more$`)
	moreBefore  = regexp.MustCompile(`^and (\d{1,9}) more before$`)
)

// parts are the detail of an entry in words of the page's language, with names in place of the ids of people,
// apps and tokens. What has no words here is shown as it was written.
func (n *names) parts(e storage.AuditEntry) ([]page.AuditPart, error) {
	detail, token := e.Detail, ""
	at := strings.LastIndex(detail, byToken)
	if at == 0 || at > 0 && detail[at-1] == ' ' {
		detail, token = strings.TrimSuffix(detail[:at], " "), detail[at+len(byToken):]
	}
	list, err := n.countedParts(e.Action, detail)
	if err != nil {
		return nil, err
	}
	if token == "" {
		return list, nil
	}
	name := ""
	if e.Actor.ID != "" {
		name, err = n.token(e.Actor.ID, token)
	}
	if name == "" {
		return append(list, page.AuditPart{Words: "token_gone", Value: token}), err
	}
	return append(list, page.AuditPart{Words: "token", Value: name}), err
}

// countedParts are a detail, and how much of it was not written down.
func (n *names) countedParts(action, detail string) ([]page.AuditPart, error) {
	if found := moreBefore.FindStringSubmatch(detail); found != nil {
		count, err := strconv.Atoi(found[1])
		return []page.AuditPart{{Words: "before", Count: count}}, err
	}
	found := moreChanges.FindStringSubmatch(detail)
	if found == nil || !strings.HasPrefix(action, "app.") {
		return n.partsOf(action, detail)
	}
	count, err := strconv.Atoi(found[2])
	if err != nil {
		return nil, err
	}
	list, err := n.partsOf(action, found[1])
	return append(list, page.AuditPart{Words: "more", Count: count}), err
}

// partsOf is what an action's detail says, without what every detail may end in.
func (n *names) partsOf(action, detail string) ([]page.AuditPart, error) {
	if words, ok := detailWords[action][detail]; ok {
		return []page.AuditPart{{Words: words}}, nil
	}
	for begin, words := range detailBegins[action] {
		if value, ok := strings.CutPrefix(detail, begin); ok {
			return []page.AuditPart{{Words: words, Value: value}}, nil
		}
	}
	switch action {
	case "session.start":
		detail = browserOf(detail)
	case "session.end_all":
		count, err := strconv.Atoi(detail)
		if err == nil && count >= 0 {
			return []page.AuditPart{{Words: "sessions", Count: count}}, nil
		}
	case "user.create", "user.update":
		return userParts(action, detail), nil
	case "app.update", "app.disable", "app.enable":
		return appParts(detail), nil
	case "developer.set", "developer.delete", "consent.withdraw":
		return n.personParts(detail)
	case "token.create", "token.revoke":
		return n.tokenParts(detail)
	}
	if detail == "" {
		return nil, nil
	}
	return []page.AuditPart{{Value: detail}}, nil
}

// userParts are the changed data of a person, and how an account was made.
func userParts(action, detail string) []page.AuditPart {
	var list []page.AuditPart
	for i, name := range strings.Split(detail, ", ") {
		access, isAccess := strings.CutPrefix(name, "access ")
		switch {
		case name == "":
		case action == "user.create":
			part := page.AuditPart{Value: name}
			if i > 0 && name == "disabled" {
				part = page.AuditPart{Words: name}
			}
			list = append(list, part)
		case isAccess && (access == string(storage.Full) || access == string(storage.Partial)):
			list = append(list, page.AuditPart{Words: "access_" + access})
		case detailClaims[name]:
			list = append(list, page.AuditPart{Claim: name})
		default:
			list = append(list, page.AuditPart{Value: name})
		}
	}
	return list
}

// appWords are changes of an app that are not told by the name of a field.
var appWords = map[string]string{"scope options": "scope_options"}

// appParts are the changed settings of an app: names of the protocol and values, but for appWords.
func appParts(detail string) []page.AuditPart {
	var list []page.AuditPart
	for _, name := range strings.Split(detail, ", ") {
		if words, ok := appWords[name]; ok {
			list = append(list, page.AuditPart{Words: words})
			continue
		}
		if name != "" {
			list = append(list, page.AuditPart{Value: name})
		}
	}
	return list
}

// personParts is a person, and the role that they got.
func (n *names) personParts(detail string) ([]page.AuditPart, error) {
	id, role, _ := strings.Cut(detail, " ")
	ref, err := n.of(id)
	switch {
	case err != nil:
		return nil, err
	case ref.Name == "" || ref.App:
		ref.Name = id
	}
	list := []page.AuditPart{{Value: ref.Name}}
	switch storage.Role(role) {
	case storage.RoleOwner, storage.RoleDeveloper, storage.RoleViewer:
		list = append(list, page.AuditPart{Words: "role_" + role})
	default:
		if role != "" {
			list = append(list, page.AuditPart{Value: role})
		}
	}
	return list, nil
}

// tokenParts is an API token: whose it is and what for, its name and scopes. A token may be called "user
// friendly", so an id must look like one.
func (n *names) tokenParts(detail string) ([]page.AuditPart, error) {
	var list []page.AuditPart
	for _, kind := range []string{"user ", "app "} {
		rest, ok := strings.CutPrefix(detail, kind)
		id, after, more := strings.Cut(rest, ", ")
		if !ok || !more {
			continue
		}
		ref, err := n.of(id)
		if err != nil {
			return nil, err
		}
		switch {
		case ref.Name != "" && ref.App == (kind == "app "):
			list, detail = append(list, page.AuditPart{Value: ref.Name}), after
		case ref.Name == "" && ownID.MatchString(id):
			list, detail = append(list, page.AuditPart{Value: id}), after
		}
	}
	return append(list, page.AuditPart{Value: detail}), nil
}

// ownID are ids of people, and those of apps that propusk chose.
var ownID = regexp.MustCompile(`^(app_)?[0-9a-z]{26}$`)
