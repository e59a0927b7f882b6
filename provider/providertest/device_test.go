package providertest_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/propusk/propusk/provider/providertest"
)

func TestDevice(t *testing.T) {
	p := providertest.Start(t)
	tv := p.Device("cli", "", "openid email")
	if got := tv.Poll()["error"]; got != "authorization_pending" {
		t.Errorf("before the decision: %v", got)
	}
	alice := p.Person("alice")
	if answer := alice.Walk(tv.Complete); answer.Page == nil || answer.Page.Status != 200 {
		t.Fatalf("the walk ended at %+v", answer)
	}
	if diff := cmp.Diff([]string{"device", "device-confirm", "sign-in", "consent", ""}, alice.Kinds()); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	if got := tv.Poll()["error"]; got != "slow_down" {
		t.Errorf("at once: %v", got)
	}
}

func TestDeviceDecisions(t *testing.T) {
	p := providertest.Start(t)
	for _, c := range []struct {
		name string
		deny bool
		want string
	}{{"denied", true, "access_denied"}, {"allowed", false, ""}} { // in this order: what was allowed is remembered
		tv := p.Device("yourClientId", "yourClientSecret", "openid extern.api")
		bob := p.Person("bob")
		bob.Deny, bob.Code = c.deny, tv.UserCode
		bob.Walk(tv.Verify)
		answer := tv.Poll()
		got, _ := answer["error"].(string)
		if got != c.want || (answer["id_token"] != nil) != (c.want == "") {
			t.Errorf("%s: error %q, id_token %t", c.name, got, answer["id_token"] != nil)
		}
	}
	tv := p.Device("demo", "demo-secret", "openid")
	bob := p.Person("bob")
	bob.Code = "BBBB-BBBB"
	bob.Walk(tv.Verify)
	if diff := cmp.Diff([]string{"device", "device"}, bob.Kinds()); diff != "" {
		t.Errorf("a wrong code (-want +got):\n%s", diff)
	}
}
