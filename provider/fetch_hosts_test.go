package provider

import "testing"

// TestAllowedHosts: a host is allowed as the configuration names it, in any letter case, with its port alone
// where it names one.
func TestAllowedHosts(t *testing.T) {
	o := newOutgoing(Config{AllowHosts: []string{"CRM.corp.example", "10.0.0.8:8443", "[fd00::8]", "[fd00::9]:8443"}})
	tests := []struct {
		host, port string
		want       bool
	}{
		{"crm.corp.example", "443", true},
		{"Crm.Corp.Example", "8443", true},
		{"a.crm.corp.example", "443", false},
		{"10.0.0.8", "8443", true},
		{"10.0.0.8", "443", false},
		{"fd00::8", "443", true},
		{"fd00::8", "8443", true},
		{"fd00::9", "8443", true},
		{"fd00::9", "443", false},
	}
	for _, tt := range tests {
		if got := o.allows(tt.host, tt.port); got != tt.want {
			t.Errorf("%s %s: %t, want %t", tt.host, tt.port, got, tt.want)
		}
	}
}
