package dashboard

import (
	"cmp"
	"encoding/json"
	"slices"

	"github.com/propusk/propusk/storage"
)

// signingMethod is the method of an app that proves itself by assertions it signs and by nothing else
// (RFC 7523 §2.2); "" for any other app.
func signingMethod(app *storage.App) string {
	other := func(m string) bool { return m != storage.AuthPrivateKeyJWT && m != storage.AuthSecretJWT }
	switch {
	case len(app.AuthMethods) == 0 || slices.ContainsFunc(app.AuthMethods, other):
		return ""
	case slices.Contains(app.AuthMethods, storage.AuthPrivateKeyJWT):
		return storage.AuthPrivateKeyJWT
	}
	return storage.AuthSecretJWT
}

// signingAlg is what the app signs assertions by: what it registered, else what its first key is for that
// can be used. Only known names get into the programs: the key set is the client's own text.
func signingAlg(app *storage.App, method string) string {
	if method == storage.AuthSecretJWT {
		return storage.SecretSigningAlg
	}
	var set struct {
		Keys []struct{ Kty, Alg string }
	}
	_ = json.Unmarshal(app.Registration.JWKS, &set) // a set at an address is not known here
	algs := []string{app.Registration.AuthSigningAlg}
	for _, key := range set.Keys {
		byType := map[string]string{"RSA": "RS256", "EC": "ES256", "OKP": "EdDSA"}[key.Kty]
		algs = append(algs, cmp.Or(key.Alg, byType))
	}
	for _, alg := range algs {
		if slices.Contains(storage.ClientSigningAlgs, alg) {
			return alg
		}
	}
	return "RS256"
}

// signedGo fills the places in Go's programs that depend on whether the app signs.
func (s snippets) signedGo() []string {
	imported := func(condition bool, path string) string { return when(condition, "\n\t"+quoted(path)) }
	signs, keyed := s.Signs != "", s.Signs == storage.AuthPrivateKeyJWT
	read, owner, renew := goReadSecret, "secret", "// config.Client(context.Background()) is an *http.Client that sends such tokens and renews them."
	if keyed {
		read, owner = goReadKey, "private key"
	}
	if signs {
		renew = "// Make a new config, and with it a new assertion, for each token."
	}
	return []string{
		"read", read, "owner", owner, "alg", quoted(s.Alg), "renew", renew,
		"proof", when(signs, goProof), "serviceProof", when(signs, goServiceProof),
		"rand", imported(signs, "crypto/rand"), "x509", imported(keyed, "crypto/x509"), "pem", imported(keyed, "encoding/pem"),
		"url", imported(signs, "net/url"), "time", imported(signs, "time"),
		"jose", imported(signs, "github.com/go-jose/go-jose/v4") + imported(signs, "github.com/go-jose/go-jose/v4/jwt"),
	}
}

// goSigned is what a program in Go has more where it signs: it follows the rest.
const goSigned = `
// signer signs with the «owner» of this app.
var signer = newSigner()

func newSigner() jose.Signer {«read»
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: «alg», Key: key}, nil)
	if err != nil {
		log.Fatal(err)
	}
	return signer
}

// assertion proves who this app is (RFC 7523 §3). Each is good for one request.
func assertion() string {
	text, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer:   «id»,
		Subject:  «id»,
		Audience: jwt.Audience{«issuer»},
		ID:       rand.Text(),
		IssuedAt: jwt.NewNumericDate(time.Now()),
		Expiry:   jwt.NewNumericDate(time.Now().Add(time.Minute)),
	}).Serialize()
	if err != nil {
		log.Fatal(err)
	}
	return text
}
`

// goReadKey reads a private key, PKCS #8 in a PEM file, as openssl genpkey writes it.
const goReadKey = `
	text, err := os.ReadFile(os.Getenv("OIDC_CLIENT_KEY_FILE"))
	if err != nil {
		log.Fatal(err)
	}
	block, _ := pem.Decode(text)
	if block == nil {
		log.Fatal("OIDC_CLIENT_KEY_FILE is not a PEM file")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		log.Fatal(err)
	}`

const goReadSecret = `
	key := []byte(os.Getenv("OIDC_CLIENT_SECRET"))`

// goProof has the parameters of RFC 7523 §2.2 beside the code.
const goProof = `,
			oauth2.SetAuthURLParam("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
			oauth2.SetAuthURLParam("client_assertion", assertion())`

// goServiceProof has them where there is no code.
const goServiceProof = `
		EndpointParams: url.Values{
			"client_assertion_type": {"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
			"client_assertion":      {assertion()},
		},`
