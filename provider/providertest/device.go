package providertest

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/propusk/propusk/provider"
	"github.com/propusk/propusk/storage"
)

// Device is an app without a browser that has asked for access (RFC 8628 §3.2).
type Device struct {
	DeviceCode string `json:"device_code"`
	UserCode   string `json:"user_code"`
	Verify     string `json:"verification_uri"`
	Complete   string `json:"verification_uri_complete"` // with the user code; a person walks it
	ExpiresIn  int    `json:"expires_in"`                // seconds
	Interval   int    `json:"interval"`                  // seconds between polls

	p      *Provider
	client url.Values
}

// Device asks for the codes as the app does, with its secret in the body; a public app has none ("").
// The test fails where the app may not.
func (p *Provider) Device(clientID, secret, scope string) *Device {
	p.t.Helper()
	d := &Device{p: p, client: url.Values{"client_id": {clientID}}}
	if secret != "" {
		d.client.Set("client_secret", secret)
	}
	status := d.post(provider.PathDevice, url.Values{"scope": {scope}}, d)
	if status != http.StatusOK || d.DeviceCode == "" {
		p.t.Fatalf("device authorization of %s: status %d", clientID, status)
	}
	return d
}

// Poll asks for the tokens once and returns the members of the answer: those of a token response, or error
// and error_description. Polling more often than every Interval seconds is answered with slow_down.
func (d *Device) Poll() map[string]any {
	d.p.t.Helper()
	answer := map[string]any{}
	d.post(provider.PathToken, url.Values{"grant_type": {storage.GrantDeviceCode}, "device_code": {d.DeviceCode}}, &answer)
	return answer
}

// post sends a form with the app's credentials and decodes the answer.
func (d *Device) post(path string, form url.Values, answer any) int {
	d.p.t.Helper()
	for name, values := range d.client {
		form[name] = values
	}
	request, err := http.NewRequestWithContext(d.p.t.Context(), http.MethodPost, d.p.Issuer+path, strings.NewReader(form.Encode()))
	if err != nil {
		d.p.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		d.p.t.Fatal(err)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	err = errors.Join(err, response.Body.Close(), json.Unmarshal(body, answer))
	if err != nil {
		d.p.t.Fatalf("%s: %v", path, err)
	}
	return response.StatusCode
}
