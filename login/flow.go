package login

import (
	"net/http"

	"github.com/propusk/propusk/storage"
)

// Flow is the protocol behind the pages, implemented by *provider.Provider.
type Flow interface {
	// Approve answers the app with a code: the person of the session granted scopes. It writes the
	// whole response (a redirect or a self-submitting form).
	Approve(w http.ResponseWriter, r *http.Request, req *storage.AuthRequest, s *storage.Session, scopes []string)
	// Refuse answers the app with an error code of RFC 6749 §4.1.2.1 or OpenID Connect Core §3.1.2.6
	// and an ASCII description. It writes the whole response.
	Refuse(w http.ResponseWriter, r *http.Request, req *storage.AuthRequest, code, description string)
}
