package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"mime"
	"net/http"
	"strings"

	"github.com/propusk/propusk/storage"
)

// readMetadata reads the JSON object of a request, each member at most once.
func readMetadata(w http.ResponseWriter, r *http.Request) (map[string]json.RawMessage, *refusal) {
	kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" {
		return nil, refuse(errInvalidMetadata, "the body must have Content-Type application/json")
	}
	body, err := readBody(w, r)
	if err != nil {
		f := refuse(errInvalidMetadata, "the body could not be read, or is larger than 64 KiB").because(err)
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			f.status = http.StatusRequestEntityTooLarge
		}
		return nil, f
	}
	sent := map[string]json.RawMessage{}
	decoder := json.NewDecoder(bytes.NewReader(body))
	start, err := decoder.Token()
	if err != nil || start != json.Delim('{') {
		return nil, refuse(errInvalidMetadata, "the body is not a JSON object")
	}
	for decoder.More() {
		name, err := decoder.Token()
		var value json.RawMessage
		if err == nil {
			err = decoder.Decode(&value)
		}
		text, _ := name.(string)
		if _, twice := sent[text]; err != nil || twice {
			return nil, refuse(errInvalidMetadata, "the body is not a JSON object whose members stand once each")
		}
		sent[text] = value
	}
	_, err = decoder.Token()
	_, end := decoder.Token()
	if err != nil || !errors.Is(end, io.EOF) {
		return nil, refuse(errInvalidMetadata, "the body is not one JSON object")
	}
	return sent, nil
}

// offered is what discovery says at this moment.
func (p *Provider) offered(ctx context.Context) (map[string]any, error) {
	keys, err := p.keys.snapshot(p)
	if err != nil {
		return nil, err
	}
	scopes, err := p.db.Scopes(ctx)
	if err != nil {
		return nil, err
	}
	return offers(p.metadata(scopes, keys))
}

// propose makes an app of what was sent; had are the scopes assigned so far.
func (p *Provider) propose(ctx context.Context, sent map[string]json.RawMessage, had []storage.AppScope) (*proposal, map[string]any, error) {
	doc, err := p.offered(ctx)
	if err != nil {
		return nil, nil, err
	}
	m := &proposal{app: &storage.App{Scopes: had}}
	f := checkMore(sent)
	if f == nil {
		f = m.read(sent, doc)
	}
	if f != nil {
		return nil, nil, f
	}
	for i, kind := range m.responses {
		m.responses[i] = canonicalType(kind)
	}
	f = m.checkOffered(doc)
	for _, check := range registrationChecks {
		if f == nil {
			f = check(p, m)
		}
	}
	if f != nil {
		return nil, nil, f
	}
	return m, doc, nil
}

// entry is the client information response (RFC 7591 §3.2.1, RFC 7592 §3), without a secret: that is not
// kept. token is the one that came or was made.
func (p *Provider) entry(app *storage.App, offered map[string]any, token string) map[string]any {
	answer := map[string]any{
		"client_id": app.ID, "client_id_issued_at": app.CreatedAt.Unix(),
		"registration_client_uri": p.issuer + PathRegister + "/" + app.ID, "registration_access_token": token,
	}
	maps.Copy(answer, proposalOf(app).write(offered))
	return answer
}

// asMetadataRefusal says what storage found wrong, by the name the member has in a registration.
func (p *Provider) asMetadataRefusal(err error) *refusal {
	var invalid *storage.Invalid
	if !errors.As(err, &invalid) {
		return asRefusal(err)
	}
	code, field := errInvalidMetadata, invalid.Field
	switch field {
	case "redirect_uris":
		code = errInvalidRedirectURI
	case "token_endpoint_auth_methods":
		field = "token_endpoint_auth_method"
	}
	return refuse(code, "%s: %s", field, plainQuotes.Replace(p.pages.Reason("en", invalid.Reason, invalid.Value))).because(err)
}

// plainQuotes makes a sentence for people one that an error_description can hold (RFC 6749 §5.2).
var plainQuotes = strings.NewReplacer("“", "'", "”", "'")
