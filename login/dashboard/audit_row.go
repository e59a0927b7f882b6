package dashboard

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// auditActions are the actions that have a sentence in the locale, with _ for their dot; others are shown as
// they are called.
var auditActions = map[string]bool{
	"app_create":           true,
	"app_delete":           true,
	"app_disable":          true,
	"app_enable":           true,
	"app_update":           true,
	"app_read":             true,
	"app_write":            true,
	"app_keys":             true,
	"app_developers":       true,
	"app_trust":            true,
	"app_key_create":       true,
	"app_key_delete":       true,
	"audit_export":         true,
	"audit_read":           true,
	"consent_deny":         true,
	"consent_grant":        true,
	"consent_offline_auto": true,
	"consent_preset":       true,
	"consent_withdraw":     true,
	"developer_delete":     true,
	"developer_set":        true,
	"device_approve":       true,
	"device_deny":          true,
	"grant_replay":         true,
	"grant_reuse":          true,
	"grant_revoke":         true,
	"key_rotate":           true,
	"link_create":          true,
	"link_use":             true,
	"me_read":              true,
	"me_write":             true,
	"scope_create":         true,
	"scope_delete":         true,
	"scope_read":           true,
	"scope_update":         true,
	"scope_write":          true,
	"session_end":          true,
	"session_end_all":      true,
	"session_expire":       true,
	"session_start":        true,
	"token_create":         true,
	"token_revoke":         true,
	"token_use":            true,
	"user_create":          true,
	"user_disable":         true,
	"user_enable":          true,
	"user_password":        true,
	"user_read":            true,
	"user_update":          true,
	"user_write":           true,
}

// auditTries are those of them that have another sentence, ending in _refused, where it came to nothing. The
// sentences of others, such as app_write, speak of an attempt already.
var auditTries = map[string]bool{
	"app_create": true, "app_delete": true, "app_read": true, "scope_read": true, "user_read": true, "audit_read": true,
	"me_read": true, "token_create": true,
}

// names finds what people and apps are called, each once.
type names struct {
	d    *Dashboard
	r    *http.Request
	lang string
	seen map[string]page.AuditRef
}

// namesKept bounds how many a long export remembers.
const namesKept = 10_000

func (d *Dashboard) names(r *http.Request) *names {
	return &names{d: d, r: r, lang: d.pages.Lang(r, nil), seen: map[string]page.AuditRef{}}
}

// row is an entry in words.
func (n *names) row(e storage.AuditEntry) (page.AuditRow, error) {
	row := page.AuditRow{
		ID: e.ID, Time: e.Time, Kind: string(e.Actor.Kind), Action: e.Action,
		Address: e.Actor.Address, OK: e.Result == "ok", Result: e.Result,
	}
	did := strings.ReplaceAll(e.Action, ".", "_")
	if auditActions[did] {
		row.Did = did
	}
	if !row.OK && auditTries[did] {
		row.Did = did + "_refused"
	}
	var err error
	row.Detail, err = n.parts(e)
	if err != nil {
		return row, err
	}
	row.Who, err = n.of(e.Actor.ID)
	if err == nil {
		row.Target, err = n.of(e.Target)
	}
	return row, err
}

// token is the name of a personal token of that person; "" where there is none any more.
func (n *names) token(userID, id string) (string, error) {
	ref, ok := n.seen[byToken+id]
	if ok {
		return ref.Name, nil
	}
	list, err := n.d.db.PersonalTokens(n.r.Context(), userID)
	if err != nil {
		return "", fmt.Errorf("tokens: %w", err)
	}
	if len(n.seen) >= namesKept {
		clear(n.seen)
	}
	n.seen[byToken+id] = page.AuditRef{ID: id} // gone, unless it is found
	for _, t := range list {
		n.seen[byToken+t.ID] = page.AuditRef{ID: t.ID, Name: t.Name}
	}
	return n.seen[byToken+id].Name, nil
}

// of is the person or the app of an id; an id of anything else stands for itself.
func (n *names) of(id string) (page.AuditRef, error) {
	ref, ok := n.seen[id]
	if ok || id == "" {
		return ref, nil
	}
	ref, err := n.find(id)
	if err != nil {
		return ref, err
	}
	if len(n.seen) >= namesKept {
		clear(n.seen)
	}
	n.seen[id] = ref
	return ref, nil
}

func (n *names) find(id string) (page.AuditRef, error) {
	ctx := n.r.Context()
	u, err := n.d.db.User(ctx, id)
	switch {
	case err == nil:
		return page.AuditRef{ID: id, Name: nameOf(u)}, nil
	case !errors.Is(err, storage.ErrNotFound):
		return page.AuditRef{}, fmt.Errorf("user: %w", err)
	}
	a, err := n.d.db.App(ctx, id)
	switch {
	case err == nil:
		return page.AuditRef{ID: id, Name: a.DisplayName(n.lang), App: true}, nil
	case !errors.Is(err, storage.ErrNotFound):
		return page.AuditRef{}, fmt.Errorf("app: %w", err)
	}
	return page.AuditRef{ID: id}, nil
}
