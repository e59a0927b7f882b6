package dashboard

import (
	"net/url"

	"github.com/propusk/propusk/login/page"
)

// curl is the way of a token in a shell, to see every step.
func (s snippets) curl() []page.SnippetFile {
	proof := ` -u "$OIDC_CLIENT_ID:$OIDC_CLIENT_SECRET"`
	switch {
	case s.Public:
		proof = ` --data-urlencode "client_id=$OIDC_CLIENT_ID"`
	case s.Post:
		proof = ` --data-urlencode "client_id=$OIDC_CLIENT_ID" --data-urlencode "client_secret=$OIDC_CLIENT_SECRET"`
	}
	text := curlCode
	if s.Service {
		text = curlService
	}
	query := url.Values{"response_type": {"code"}, "client_id": {s.ID}, "redirect_uri": {s.Redirect}, "scope": {s.scope()},
		"code_challenge_method": {"S256"}}
	return []page.SnippetFile{{Name: "token.sh", Text: fill(text, "proof", proof, "authorize", s.Issuer+"/connect/authorize?"+query.Encode())}}
}

const curlCode = `
set -a; . ./.env; set +a
verifier=$(openssl rand -hex 32)
challenge=$(printf %s "$verifier" | openssl dgst -sha256 -binary | openssl base64 | tr '+/' '-_' | tr -d '=\n')
state=$(openssl rand -hex 16)

# Open this address and sign in. The address you come to then holds the code, and the same state.
echo "«authorize»&state=$state&code_challenge=$challenge"
printf 'state %s, code: ' "$state"
read -r code

curl -sS "$OIDC_ISSUER/connect/token"«proof» \
  -d grant_type=authorization_code \
  --data-urlencode "code=$code" \
  --data-urlencode "redirect_uri=$OIDC_REDIRECT_URI" \
  --data-urlencode "code_verifier=$verifier"
`

const curlService = `
set -a; . ./.env; set +a
curl -sS "$OIDC_ISSUER/connect/token"«proof» \
  -d grant_type=client_credentials \
  --data-urlencode "scope=$OIDC_SCOPE"
`
