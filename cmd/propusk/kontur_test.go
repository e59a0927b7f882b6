package main_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// newmanReport is the part of newman's JSON report that says what ran and what came out.
type newmanReport struct {
	Run struct {
		Executions []struct {
			Item       struct{ Name string }
			Assertions []struct {
				Assertion string
				Error     *struct{ Message string }
			}
		}
		Failures []struct {
			Source struct{ Name string }
			Error  struct{ Message string }
		}
	}
}

// TestKonturCollection runs the Postman collection of Kontur's authorization code flow by newman. Nothing
// is asked of www.example.com: the collection reads the redirect and does not follow it.
func TestKonturCollection(t *testing.T) {
	t.Parallel()
	runCollection(t, "authorization-code-flow.postman_collection.json",
		"Authorization request", "Page", "Sign in", "Page", "Allow", "Page",
		"Token request with riderect_uri misspelt", "Token request with a wrong api-key", "Token request",
		"Userinfo", "Token request with a used code", "Userinfo after the replay")
}

// TestKonturDevice runs the collection of the device flow, which has the same client_id and api-key.
func TestKonturDevice(t *testing.T) {
	t.Parallel()
	runCollection(t, "device-flow.postman_collection.json",
		"Device authorization with a wrong api-key", "Device authorization", "Token request before the decision",
		"Code page", "Enter the code", "Confirm", "Page", "Sign in", "Page", "Allow", "Page",
		"Token request", "Userinfo", "Token request with a used code", "Userinfo after the replay")
}

// runCollection runs a collection against a fresh dev and checks what it asserts, and that it sent these
// requests in this order.
func runCollection(t *testing.T, name string, want ...string) {
	t.Helper()
	node := tool(t, "node")
	newman := testdata(t, "node", "node_modules", "newman", "bin", "newman.js")
	collection := testdata(t, "kontur", name)
	s := startDev(t)

	report := filepath.Join(t.TempDir(), "report.json")
	out, err := exec.Command(node, newman, "run", collection,
		"--env-var", "baseUrl="+s.Issuer,
		"--reporters", "cli,json", "--reporter-json-export", report,
		"--color", "off", "--disable-unicode", "--timeout", "60000",
	).CombinedOutput()
	if err != nil {
		t.Errorf("newman: %v\n%s", err, out)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	var ran newmanReport
	err = json.Unmarshal(text, &ran)
	if err != nil {
		t.Fatalf("report: %v", err)
	}
	var names []string
	for _, e := range ran.Run.Executions {
		if len(e.Assertions) == 0 {
			t.Errorf("%s: nothing was asserted", e.Item.Name)
		}
		for _, a := range e.Assertions {
			t.Run(e.Item.Name+"/"+a.Assertion, func(t *testing.T) {
				if a.Error != nil {
					t.Error(a.Error.Message)
				}
			})
		}
		names = append(names, e.Item.Name)
	}
	// How many redirects lie between two pages is the provider's business.
	if diff := cmp.Diff(want, slices.Compact(names)); diff != "" {
		t.Errorf("requests sent (-want +got):\n%s", diff)
	}
}
