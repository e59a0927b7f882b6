package provider

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

func trapRepeats(t *testing.T, w *world) {
	for _, extra := range []string{"&redirect_uri=https://evil.example/", "&REDIRECT_URI=https://evil.example/", "&client_id=plain"} {
		rec := w.get(PathAuthorize + "?" + request("demo").Encode() + extra)
		if rec.Code == http.StatusBadRequest && rec.Header().Get("Location") == "" {
			continue
		}
		location := rec.Header().Get("Location")
		if !strings.HasPrefix(location, callback+"?error=invalid_request") {
			t.Errorf("%s: %d, Location %q", extra, rec.Code, location)
		}
	}
	form := codeForm(w.code(request("demo")))
	form.Add("code", "another")
	if got := w.token(form, demoBasic...); got.Error != errInvalidRequest {
		t.Errorf("two codes: %+v", got)
	}
}

func trapCORS(t *testing.T, w *world) {
	for _, path := range []string{PathAuthorize, PathToken, PathUserInfo, PathIntrospect, PathRevocation, PathEndSession, PathDiscovery, PathJWKS} {
		for _, origin := range []string{"https://evil.example", "null"} {
			r := httptest.NewRequest(http.MethodOptions, path, nil)
			r.Header.Set("Origin", origin)
			r.Header.Set("Access-Control-Request-Method", http.MethodPost)
			for _, rec := range []*httptest.ResponseRecorder{w.do(r), w.get(path, "Origin", origin)} {
				allowed := rec.Header().Get("Access-Control-Allow-Origin")
				if rec.Header().Get("Access-Control-Allow-Credentials") != "" || allowed == origin {
					t.Errorf("%s from %s: %v", path, origin, rec.Header())
				}
			}
		}
	}
	rec := w.post(PathToken, url.Values{}, "Origin", "http://localhost:3000")
	if got := rec.Header().Get("Access-Control-Allow-Origin"); got != "http://localhost:3000" {
		t.Errorf("a registered origin got %q", got)
	}
}

func trapMethodsAndQuery(t *testing.T, w *world) {
	form := codeForm(w.code(request("demo")))
	form.Set("client_id", "demo")
	form.Set("client_secret", "demo-secret")
	for _, path := range []string{PathToken, PathIntrospect, PathRevocation} {
		rec := w.get(path + "?" + form.Encode())
		if rec.Code != http.StatusMethodNotAllowed || rec.Header().Get("Allow") != "POST" {
			t.Errorf("GET %s: %d %v", path, rec.Code, rec.Header())
		}
		if rec = w.post(path+"?"+form.Encode(), url.Values{}); rec.Code != http.StatusBadRequest {
			t.Errorf("POST %s with everything in the URL: %d", path, rec.Code)
		}
	}
	access := w.token(form).AccessToken
	if access == "" {
		t.Fatal("the code was burnt")
	}
	if rec := w.get(PathUserInfo + "?access_token=" + access); rec.Code != http.StatusBadRequest {
		t.Errorf("an access token in the URL: %d", rec.Code)
	}
}

func trapHeaders(t *testing.T, w *world) {
	rec := w.post(PathToken, codeForm(w.code(request("demo"))), demoBasic...)
	if rec.Header().Get("Cache-Control") != "no-store" || rec.Header().Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("token: %v", rec.Header())
	}
	rec = w.post(PathToken, codeForm("x"), basic("demo", "wrong")...)
	if rec.Code != http.StatusUnauthorized || !strings.HasPrefix(rec.Header().Get("WWW-Authenticate"), "Basic ") {
		t.Errorf("wrong secret: %d %v", rec.Code, rec.Header())
	}
	rec = w.get(PathUserInfo, "Authorization", "Bearer nonsense")
	if rec.Code != http.StatusUnauthorized || !strings.Contains(rec.Header().Get("WWW-Authenticate"), `error="invalid_token"`) {
		t.Errorf("bad bearer: %d %v", rec.Code, rec.Header())
	}
}

func trapInnerText(t *testing.T, w *world) {
	form := codeForm(w.code(request("demo")))
	err := w.db.Close()
	if err != nil {
		t.Fatal(err)
	}
	rec := w.post(PathToken, form, demoBasic...)
	if rec.Code < 500 {
		t.Errorf("status %d", rec.Code)
	}
	for _, leak := range []string{"sql", "SQL", "closed", ".db", "/", "storage"} {
		if strings.Contains(rec.Body.String(), leak) {
			t.Errorf("the body holds %q: %s", leak, rec.Body)
		}
	}
}

func trapLargeState(t *testing.T, w *world) {
	rec := w.post(PathAuthorize, request("demo", "state", strings.Repeat("s", 8<<20)))
	if rec.Code != http.StatusRequestEntityTooLarge || w.asked != nil {
		t.Errorf("status %d, pages reached: %v", rec.Code, w.asked != nil)
	}
}
