package provider

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"

	"github.com/propusk/propusk/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// Error codes of RFC 6749 §4.1.2.1 and §5.2, RFC 6750 §3.1 and OpenID Connect Core §3.1.2.6.
const (
	errInvalidRequest       = "invalid_request"
	errInvalidClient        = "invalid_client"
	errInvalidGrant         = "invalid_grant"
	errInvalidScope         = "invalid_scope"
	errInvalidToken         = "invalid_token"
	errInsufficientScope    = "insufficient_scope"
	errAuthorizationPending = "authorization_pending" // RFC 8628 §3.5, with the next three
	errSlowDown             = "slow_down"
	errAccessDenied         = "access_denied"
	errExpiredToken         = "expired_token"
	errUnauthorizedClient   = "unauthorized_client"
	errUnsupportedGrant     = "unsupported_grant_type"
	errUnsupportedResponse  = "unsupported_response_type"
	errInvalidRequestObject = "invalid_request_object" // RFC 9101 §7
	errInvalidRequestURI    = "invalid_request_uri"
	errRegistrationNotSup   = "registration_not_supported"
	errTemporarilyUnavail   = "temporarily_unavailable"
	errServer               = "server_error"
	descriptionUnavailable  = "the provider cannot answer just now, try again"
	descriptionServer       = "something went wrong inside the provider"
	descriptionInvalidToken = "the access token is expired, revoked, or was never issued here"
)

// refusal is an error a client may see: a code of the specification and a description of ours, ASCII
// without quotes and backslashes (RFC 6749 §5.2). reason is for the log and never leaves the process.
type refusal struct {
	code        string
	description string
	status      int // 0: by code
	reason      error
}

func refuse(code, description string, args ...any) *refusal {
	return &refusal{code: code, description: ascii(fmt.Sprintf(description, args...))}
}

// because keeps the inner cause for the log.
func (f *refusal) because(reason error) *refusal {
	f.reason = reason
	return f
}

// Error returns what is logged.
func (f *refusal) Error() string {
	if f.reason == nil {
		return f.code + ": " + f.description
	}
	return f.code + ": " + f.description + ": " + f.reason.Error()
}

func (f *refusal) httpStatus() int {
	switch {
	case f.status != 0:
		return f.status
	case f.code == errInvalidClient || f.code == errInvalidToken:
		return http.StatusUnauthorized
	case f.code == errInsufficientScope:
		return http.StatusForbidden
	case f.code == errServer:
		return http.StatusInternalServerError
	case f.code == errTemporarilyUnavail:
		return http.StatusServiceUnavailable
	}
	return http.StatusBadRequest
}

// asRefusal turns any error into one a client may see. Categories of storage that the caller did not
// already give a meaning are inner errors: their text stays here.
func asRefusal(err error) *refusal {
	var f *refusal
	switch {
	case errors.As(err, &f):
		return f
	case errors.Is(err, storage.ErrUnavailable), errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return refuse(errTemporarilyUnavail, descriptionUnavailable).because(err)
	}
	return refuse(errServer, descriptionServer).because(err)
}

// library gives an error to zitadel/oidc's WriteError: constant text only, status by our own table.
func library(err error) error {
	f := asRefusal(err)
	e := oidc.ErrServerError()
	e.Description = f.description
	setErrorType(e, f.code)
	return op.NewStatusError(e, f.httpStatus())
}

// setErrorType exists because the library's error type is unexported: only constants convert to it.
func setErrorType(e *oidc.Error, code string) {
	switch code {
	case errInvalidRequest:
		e.ErrorType = errInvalidRequest
	case errInvalidClient:
		e.ErrorType = errInvalidClient
	case errInvalidGrant:
		e.ErrorType = errInvalidGrant
	case errInvalidScope:
		e.ErrorType = errInvalidScope
	case errInvalidToken:
		e.ErrorType = errInvalidToken
	case errInsufficientScope:
		e.ErrorType = errInsufficientScope
	case errAuthorizationPending:
		e.ErrorType = errAuthorizationPending
	case errSlowDown:
		e.ErrorType = errSlowDown
	case errAccessDenied:
		e.ErrorType = errAccessDenied
	case errExpiredToken:
		e.ErrorType = errExpiredToken
	case errUnauthorizedClient:
		e.ErrorType = errUnauthorizedClient
	case errUnsupportedGrant:
		e.ErrorType = errUnsupportedGrant
	case errTemporarilyUnavail:
		e.ErrorType = errTemporarilyUnavail
	default:
		e.ErrorType = errServer
	}
}

// requestID is the header in which the server in front hands the id of a request down.
const requestID = "X-Request-Id"

// logRefusal writes the one line a refusal leaves behind.
func (p *Provider) logRefusal(r *http.Request, what, appID string, f *refusal) {
	level := slog.LevelWarn
	if f.httpStatus() >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	attrs := []slog.Attr{
		slog.String("request", r.Header.Get(requestID)), slog.String("app", clip(appID)),
		slog.String("error", f.code), slog.String("description", f.description),
	}
	if f.reason != nil {
		attrs = append(attrs, slog.String("reason", f.reason.Error()))
	}
	p.log.LogAttrs(r.Context(), level, what, attrs...)
}

// loggedMax is how many bytes of what a stranger sent go into one attribute of the log.
const loggedMax = 256

// clip bounds a text that a stranger wrote, for the log.
func clip(s string) string {
	if len(s) <= loggedMax {
		return s
	}
	return strings.ToValidUTF8(s[:loggedMax], "") + "..."
}

// ascii keeps what RFC 6749 allows in error_description: %x20-21 / %x23-5B / %x5D-7E.
func ascii(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '"':
			return '\''
		case r == '\\':
			return '/'
		case r < 0x20 || r > 0x7e:
			return '?'
		}
		return r
	}, s)
}
