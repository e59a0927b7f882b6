package provider

import (
	"encoding/json"
	"slices"
)

// notOffered are members of client metadata that ask for protection this provider has not: encrypted answers
// (OpenID Connect Dynamic Registration §2), signed authorization responses (JARM), bound tokens (RFC 8705,
// RFC 9449), requests of one kind only (RFC 9101, RFC 9126). What nobody knows is ignored (RFC 7591 §2), but a
// client that asks for these would believe itself safer than it is.
var notOffered = []string{
	"id_token_encrypted_response_alg", "id_token_encrypted_response_enc", "userinfo_encrypted_response_alg", "userinfo_encrypted_response_enc",
	"request_object_encryption_alg", "request_object_encryption_enc",
	"authorization_signed_response_alg", "authorization_encrypted_response_alg", "authorization_encrypted_response_enc",
	"tls_client_certificate_bound_access_tokens", "dpop_bound_access_tokens", "require_signed_request_object", "require_pushed_authorization_requests",
}

// checkMore refuses what is not offered at all. That somebody does not want it is fine.
func checkMore(sent map[string]json.RawMessage) *refusal {
	for _, name := range notOffered {
		text, ok := sent[name]
		if ok && !slices.Contains([]string{"null", "false", `""`}, string(text)) {
			return refuse(errInvalidMetadata, "%s is not offered here", name)
		}
	}
	return nil
}
