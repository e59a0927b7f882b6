package api

import (
	"context"
	"net/http"
	"time"

	"github.com/propusk/propusk/storage"
)

func (a *API) auditOperations() {
	handle(a, route{method: http.MethodGet, path: "/audit", id: "list-audit", tag: "Audit", scope: storage.ScopeAuditRead,
		summary: "Read the audit log", text: "For administrators, newest first. A page may be short and still have a next one."}, a.listAudit)
}

// AuditQuery selects entries of the audit log.
type AuditQuery struct {
	Action string    `query:"action" maxLength:"100" doc:"an action, or all of a noun with a dot behind it" example:"user.disable"`
	Actor  string    `query:"actor" maxLength:"128" doc:"id of who did it"`
	Target string    `query:"target" maxLength:"200" doc:"id of what it was done to"`
	From   time.Time `query:"from" doc:"not before" example:"2026-01-01T00:00:00Z"`
	To     time.Time `query:"to" doc:"before" example:"2027-01-01T00:00:00Z"`
	Paging
}

// Entry is an entry of the audit log.
type Entry struct {
	ID        string    `json:"id"`
	Time      time.Time `json:"time"`
	Actor     string    `json:"actor" doc:"who: sub or client_id; command or system where it was nobody's account" example:"0000000000000000000000a11c"`
	ActorKind string    `json:"actor_kind" enum:"user,app,command,system"`
	Action    string    `json:"action" doc:"did what" example:"user.disable"`
	Target    string    `json:"target" doc:"to what"`
	Result    string    `json:"result" doc:"ok, or why not" example:"ok"`
	Address   string    `json:"address" doc:"from where" example:"192.0.2.7"`
	Detail    string    `json:"detail" doc:"more, for people"`
}

func viewEntry(e storage.AuditEntry) Entry {
	actor := e.Actor.ID
	if actor == "" {
		actor = string(e.Actor.Kind)
	}
	return Entry{ID: e.ID, Time: e.Time.UTC(), Actor: actor, ActorKind: string(e.Actor.Kind), Action: e.Action, Target: e.Target,
		Result: e.Result, Address: e.Actor.Address, Detail: e.Detail}
}

func (a *API) listAudit(ctx context.Context, by storage.Actor, in *AuditQuery) (*Page[Entry], error) {
	err := may(by, storage.AuditRead)
	if err != nil {
		return nil, err
	}
	list, next, err := a.db.AuditLog(ctx, storage.AuditFilter{Action: in.Action, Actor: in.Actor, Target: in.Target,
		From: in.From, To: in.To, Limit: in.Limit, After: in.Cursor})
	if err != nil {
		return nil, err
	}
	return onePage(list, next, viewEntry), nil
}
