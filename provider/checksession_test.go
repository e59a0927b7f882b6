package provider

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/propusk/propusk/storage"
)

func TestSessionState(t *testing.T) {
	w := newWorld(t)
	if doc := w.p.metadataClosed(nil, &keySnapshot{}); doc.CheckSession != "" || !doc.BackLogout || !doc.FrontLogout {
		t.Errorf("http issuer: %+v", doc)
	}
	req := &storage.AuthRequest{AppID: "demo", RedirectURI: "https://rp.example:443/cb?x=1", Scopes: []string{"openid"}}
	if got := w.p.sessionState(req, w.session); got != "" {
		t.Errorf("http issuer: session_state %q", got)
	}
	w.p.issuer = "https://id.example"
	a, b := w.p.sessionState(req, w.session), w.p.sessionState(req, w.session)
	if len(a) < 70 || a == b || strings.ContainsAny(a, " ") {
		t.Errorf("session_state %q and %q", a, b)
	}
	if got, want := storage.Origin(req.RedirectURI), "https://rp.example"; got != want {
		t.Errorf("origin %q, want %q", got, want)
	}
	req.RedirectURI = "com.example.app:/cb"
	if got := w.p.sessionState(req, w.session); got != "" {
		t.Errorf("private scheme: session_state %q", got)
	}
	handler := w.p.Handler(Front{})
	rec := httptest.NewRecorder()
	handler.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, w.p.metadataClosed(nil, &keySnapshot{}).CheckSession, nil))
	policy := rec.Header().Get("Content-Security-Policy")
	if rec.Code != http.StatusOK || rec.Header().Get("X-Frame-Options") != "" || strings.Contains(policy, "frame-ancestors") || !strings.Contains(policy, "'sha256-") {
		t.Errorf("page: %d %v", rec.Code, rec.Header())
	}
	_, err := url.Parse(w.p.checkSessionURI())
	if err != nil || !strings.Contains(rec.Body.String(), "<script>") {
		t.Errorf("page:\n%s", rec.Body)
	}
}
