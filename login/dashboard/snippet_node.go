package dashboard

import (
	"strings"

	"github.com/propusk/propusk/login/page"
	"github.com/propusk/propusk/storage"
)

// node is a program with openid-client 6.
func (s snippets) node() []page.SnippetFile {
	text := nodeCode
	if s.Service {
		text = nodeService
	}
	authentication, install, imports := "client.ClientSecretBasic(process.env.OIDC_CLIENT_SECRET)", "openid-client@6", ""
	switch {
	case s.Signs == storage.AuthPrivateKeyJWT:
		authentication = `client.PrivateKeyJwt(await importPKCS8(await readFile(process.env.OIDC_CLIENT_KEY_FILE, "utf8"), ` + quoted(s.Alg) + `)` +
			when(s.Alg == "EdDSA", nodeEdDSA) + `)`
		install, imports = install+" jose@6", "import { readFile } from \"node:fs/promises\";\nimport { importPKCS8 } from \"jose\";\n"
	case s.Signs == storage.AuthSecretJWT:
		authentication = "client.ClientSecretJwt(process.env.OIDC_CLIENT_SECRET)"
	case s.Public:
		authentication = "client.None()"
	case s.Post:
		authentication = "client.ClientSecretPost(process.env.OIDC_CLIENT_SECRET)"
	}
	host, port, _ := strings.Cut(s.Listen, ":")
	if i := strings.LastIndexByte(s.Listen, ':'); i > 0 {
		host, port = strings.Trim(s.Listen[:i], "[]"), s.Listen[i+1:]
	}
	return []page.SnippetFile{
		{Text: "npm install " + install + "\nnode --env-file=.env client.mjs\n"},
		{Name: "client.mjs", Text: fill(text,
			"issuer", quoted(s.Issuer), "id", quoted(s.ID), "redirect", quoted(s.Redirect), "scope", quoted(s.scope()),
			"authentication", authentication, "imports", imports, "insecure", when(s.Insecure, ", { execute: [client.allowInsecureRequests] }"),
			"start", quoted(s.Start), "path", quoted(s.Path), "port", port, "host", when(host != "", ", "+quoted(host)),
			"secure", when(strings.HasPrefix(s.Redirect, "https:"), "; Secure"),
		)},
	}
}

// nodeEdDSA: openid-client calls the algorithm by the name it has in RFC 9864 only.
const nodeEdDSA = `, {
    [client.modifyAssertion]: (header) => { header.alg = "EdDSA"; },
  }`

const nodeCode = `
«imports»import http from "node:http";
import * as client from "openid-client";

const redirectUri = «redirect»;
const config = await client.discovery(new URL(«issuer»), «id», undefined,
  «authentication»«insecure»);

async function start(response) {
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const address = client.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri,
    scope: «scope»,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: "S256",
    state,
    nonce,
  });
  const kept = Buffer.from(JSON.stringify({ verifier, state, nonce })).toString("base64url");
  response.writeHead(302, {
    location: address.href,
    "set-cookie": ` + "`sign_in=${kept}; Path=/; Max-Age=600; HttpOnly; SameSite=Lax«secure»`" + `,
  });
  response.end();
}

async function finish(request, response) {
  const kept = /sign_in=([\w-]+)/.exec(request.headers.cookie ?? "")?.[1];
  if (!kept) throw new Error("this sign-in was not started here");
  const { verifier, state, nonce } = JSON.parse(Buffer.from(kept, "base64url").toString());
  const came = new URL(redirectUri);
  came.search = new URL(request.url, redirectUri).search;
  const tokens = await client.authorizationCodeGrant(config, came, {
    pkceCodeVerifier: verifier,
    expectedState: state,
    expectedNonce: nonce,
    idTokenExpected: true,
  });
  const person = await client.fetchUserInfo(config, tokens.access_token, tokens.claims().sub);
  response.writeHead(200, { "content-type": "application/json" });
  response.end(JSON.stringify(person));
}

http.createServer(async (request, response) => {
  const { pathname } = new URL(request.url, redirectUri);
  try {
    if (pathname === «start») await start(response);
    else if (pathname === «path») await finish(request, response);
    else response.writeHead(404).end();
  } catch (error) {
    response.writeHead(502).end(String(error));
  }
}).listen(«port»«host»);
`

const nodeService = `
«imports»import * as client from "openid-client";

const config = await client.discovery(new URL(«issuer»), «id», undefined,
  «authentication»«insecure»);

const tokens = await client.clientCredentialsGrant(config, { scope: «scope» });
console.log("a token for", tokens.expiresIn(), "seconds");
`
