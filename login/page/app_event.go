package page

import "html/template"

// outcomes are the error codes that apps.result_ has words for.
var outcomes = map[string]bool{
	"invalid_request": true, "invalid_client": true, "invalid_grant": true, "invalid_scope": true, "invalid_token": true,
	"insufficient_scope": true, "authorization_pending": true, "slow_down": true, "access_denied": true, "expired_token": true,
	"unauthorized_client": true, "unsupported_grant_type": true, "unsupported_response_type": true, "request_not_supported": true,
	"request_uri_not_supported": true, "registration_not_supported": true, "temporarily_unavailable": true, "server_error": true,
	"login_required": true, "consent_required": true, "interaction_required": true, "account_selection_required": true,
}

// outcome says in a few words why an attempt was refused: by the page that was shown, else by the error code;
// nothing where there are no words for it.
func (x *text) outcome(e EventRow) (template.HTML, error) {
	_, known := problems[e.Key]
	switch {
	case !e.Refused:
		return "", nil
	case known:
		return x.markup("problem."+e.Key+".dev_title", nil)
	case outcomes[e.Result]:
		return x.markup("apps.result_"+e.Result, nil)
	}
	return "", nil
}
