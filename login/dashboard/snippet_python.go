package dashboard

import (
	"strings"

	"github.com/propusk/propusk/login/page"
)

// python is a program with Authlib; a sign-in stands in Flask.
func (s snippets) python() []page.SnippetFile {
	method := "client_secret_basic"
	switch {
	case s.Public:
		method = "none"
	case s.Post:
		method = "client_secret_post"
	}
	host, port := strings.Trim(s.Listen[:strings.LastIndexByte(s.Listen, ':')], "[]"), s.Port
	if host == "" {
		host = "0.0.0.0"
	}
	values := []string{
		"issuer", quoted(s.Issuer), "discovery", quoted(s.Issuer + "/.well-known/openid-configuration"), "id", quoted(s.ID),
		"scope", quoted(s.scope()), "method", quoted(method), "start", quoted(s.Start), "path", quoted(s.Path),
		"redirect", quoted(s.Redirect), "host", quoted(host), "port", port, "token", quoted(s.Issuer + "/connect/token"),
		"secret", when(!s.Public, "\n    client_secret=os.environ[\"OIDC_CLIENT_SECRET\"],"),
	}
	if s.Service {
		return []page.SnippetFile{
			{Text: "pip install authlib requests\nset -a; . ./.env; python client.py\n"},
			{Name: "client.py", Text: fill(pythonService, values...)},
		}
	}
	return []page.SnippetFile{
		{Text: "pip install authlib flask requests\nset -a; . ./.env; python client.py\n"},
		{Name: "client.py", Text: fill(pythonCode, values...)},
	}
}

const pythonCode = `
import os

from authlib.integrations.flask_client import OAuth
from flask import Flask

app = Flask(__name__)
app.secret_key = os.urandom(32)
oauth = OAuth(app)
oauth.register(
    "propusk",
    server_metadata_url=«discovery»,
    client_id=«id»,«secret»
    client_kwargs={
        "scope": «scope»,
        "code_challenge_method": "S256",
        "token_endpoint_auth_method": «method»,
    },
)


@app.get(«start»)
def start():
    return oauth.propusk.authorize_redirect(«redirect»)


@app.get(«path»)
def finish():
    token = oauth.propusk.authorize_access_token()
    return oauth.propusk.userinfo(token=token)


app.run(«host», «port»)
`

const pythonService = `
import os

from authlib.integrations.requests_client import OAuth2Session

session = OAuth2Session(
    client_id=«id»,«secret»
    token_endpoint_auth_method=«method»,
    scope=«scope»,
)
token = session.fetch_token(«token», grant_type="client_credentials")
print("a token for", token["expires_in"], "seconds")
`
