package api

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/propusk/propusk/storage"
)

// route describes one operation.
type route struct {
	method  string
	path    string // below [Prefix]
	id      string // operationId
	summary string
	text    string // what else there is to know
	scope   string // that the token must hold
	tag     string
	status  int  // of success; 0: 200, or 204 without a body
	unique  bool // 409 where what is made exists already
}

// handle registers an operation: h is called with who asks and with checked input.
func handle[I, O any](a *API, r route, h func(ctx context.Context, by storage.Actor, in *I) (*O, error)) {
	op := huma.Operation{
		Method: r.method, Path: r.path, OperationID: r.id, Summary: r.summary, Description: r.text, Tags: []string{r.tag},
		DefaultStatus: r.status, MaxBodyBytes: bodyMax + 1, // huma refuses when the limit is reached
		Security: []map[string][]string{{schemeName: {r.scope}}},
		Errors:   []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusServiceUnavailable},
	}
	if strings.Contains(r.path, "{") {
		op.Errors = append(op.Errors, http.StatusNotFound)
	}
	if r.unique {
		op.Errors = append(op.Errors, http.StatusConflict)
	}
	if r.method == http.MethodPost || r.method == http.MethodPatch {
		op.Errors = append(op.Errors, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := h(ctx, actorOf(ctx), in)
		if err == nil {
			return out, nil
		}
		a.recordRefusal(ctx, err)
		p := a.problem(ctx, err)
		if p.GetStatus() == http.StatusServiceUnavailable {
			return nil, unavailable{p}
		}
		return nil, p
	})
}

// unavailable is a problem that says when to try again.
type unavailable struct{ huma.StatusError }

// GetHeaders are those of the answer.
func (unavailable) GetHeaders() http.Header { return http.Header{"Retry-After": {"1"}} }

// refusal is what this package refuses before storage is asked.
type refusal struct {
	do   storage.Action
	what string
}

func (r *refusal) Error() string { return r.what + ": " + storage.ErrForbidden.Error() }

func (r *refusal) Unwrap() error { return storage.ErrForbidden }

// may refuses what the person may not do at all; storage asks again where something is changed.
func may(by storage.Actor, do storage.Action) error {
	if !storage.May(by, do, nil) {
		return &refusal{do, string(do)}
	}
	return nil
}

// recordRefusal tells the audit log of a [refusal]; storage does so of its own. The answer is the same
// where the entry is lost, so that is for the log.
func (a *API) recordRefusal(ctx context.Context, err error) {
	var r *refusal
	if !errors.As(err, &r) {
		return
	}
	a.record(ctx, actorOf(ctx), string(r.do), "", "forbidden")
}

func (a *API) record(ctx context.Context, by storage.Actor, action, target, result string) {
	err := a.db.RefusedAttempt(ctx, by, action, target, result)
	if err != nil {
		a.log.ErrorContext(ctx, "refused attempt not recorded", "action", action, "error", err)
	}
}

// Empty is the output of an operation that answers 204.
type Empty struct{}

// AppPath names an app.
type AppPath struct {
	ClientID string `path:"client_id" maxLength:"128" doc:"client_id of the app" example:"app_5n4q8z0c2v7m1k9x3b6d8f2h4j"`
}
