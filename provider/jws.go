package provider

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/go-jose/go-jose/v4"
)

// A JWS that a client signed is read in two steps: shape and header first, which cost nothing and need no
// key, then the signature. Nothing in it says how it is to be verified but alg and kid, and both are only
// compared with what the client registered (RFC 8725 §3.1).

// headerMax bounds the protected header, in bytes; kidMax a key id.
const (
	headerMax = 1024
	kidMax    = 256
)

// clockSkew is how far a client's clock may be off.
const clockSkew = 30 * time.Second

// clientJWS is a JWS in compact form whose signature is not verified yet.
type clientJWS struct {
	text   string
	alg    string
	kid    string
	typ    string // without "application/", lower-case
	claims map[string]json.RawMessage
}

// headerMembers are all that a header may hold. Everything else either brings a key along (jwk, jku, x5c,
// x5u), changes what is signed (b64, crit, zip), nests (cty), or is nothing we know; x5t names a certificate
// and is harmless.
var headerMembers = []string{"alg", "kid", "typ", "x5t", "x5t#S256"}

// readJWS reads the shape of a signed JWT; algs are the algorithms its header may name.
func readJWS(text string, most int, algs []string) (*clientJWS, error) {
	parts := strings.Split(text, ".")
	switch {
	case len(text) > most:
		return nil, fmt.Errorf("longer than %d bytes", most)
	case len(parts) == 5:
		return nil, errors.New("encrypted: only signed JWTs are read")
	case len(parts) != 3 || len(parts[0]) > headerMax:
		return nil, errors.New("not a signed JWT of three parts")
	}
	head, err := segment(parts[0])
	if err != nil {
		return nil, fmt.Errorf("header: %w", err)
	}
	j := &clientJWS{text: text}
	for name := range head {
		if !slices.Contains(headerMembers, name) {
			return nil, fmt.Errorf("the header holds %s", clip(name))
		}
	}
	j.alg, j.kid, j.typ = member(head, "alg"), member(head, "kid"), strings.ToLower(member(head, "typ"))
	j.typ = strings.TrimPrefix(j.typ, "application/")
	switch {
	case !slices.Contains(algs, j.alg):
		return nil, fmt.Errorf("the header's alg is none of %s", strings.Join(algs, ", "))
	case len(j.kid) > kidMax || head["kid"] != nil && j.kid == "":
		return nil, errors.New("the header's kid is empty, too long, or not a string")
	case head["typ"] != nil && j.typ == "":
		return nil, errors.New("the header's typ is not a string")
	case parts[2] == "":
		return nil, errors.New("the signature is empty")
	}
	_, err = decoded(parts[2])
	if err != nil {
		return nil, fmt.Errorf("signature: %w", err)
	}
	j.claims, err = segment(parts[1])
	if err != nil {
		return nil, fmt.Errorf("payload: %w", err)
	}
	return j, nil
}

// decoded is a part of a JWS: base64url as RFC 7515 §2 has it, in the one way each text is written. Go's
// decoder alone would pass over line ends and leftover bits.
func decoded(part string) ([]byte, error) {
	text, err := base64.RawURLEncoding.Strict().DecodeString(part)
	if err != nil || strings.ContainsAny(part, "\r\n") {
		return nil, errors.New("not base64url")
	}
	return text, nil
}

// segment decodes a part of a JWS that must be a JSON object.
func segment(part string) (map[string]json.RawMessage, error) {
	text, err := decoded(part)
	if err != nil {
		return nil, err
	}
	return strictObject(text)
}

// membersMax bounds the members of an object a client sends.
const membersMax = 100

// strictObject reads one JSON object in UTF-8, in which no name stands twice and behind which nothing
// follows: two readers could take it for two different things otherwise.
func strictObject(text []byte) (map[string]json.RawMessage, error) {
	bad := errors.New("not a JSON object, or one with a name twice")
	if !utf8.Valid(text) {
		return nil, bad
	}
	in := json.NewDecoder(bytes.NewReader(text))
	first, err := in.Token()
	if err != nil || first != json.Delim('{') {
		return nil, bad
	}
	object := map[string]json.RawMessage{}
	for in.More() {
		token, err := in.Token()
		name, ok := token.(string)
		if err != nil || !ok || object[name] != nil || len(object) == membersMax {
			return nil, bad
		}
		var value json.RawMessage
		err = in.Decode(&value)
		if err != nil {
			return nil, bad
		}
		object[name] = value
	}
	last, err := in.Token()
	if err != nil || last != json.Delim('}') {
		return nil, bad
	}
	_, err = in.Token()
	if !errors.Is(err, io.EOF) {
		return nil, bad
	}
	return object, nil
}

// member returns a member that is a string, else "".
func member(object map[string]json.RawMessage, name string) string {
	var s *string
	err := json.Unmarshal(object[name], &s)
	if err != nil || s == nil {
		return ""
	}
	return *s
}

// timeOf reads a NumericDate (RFC 7519 §2): the zero time where it is absent.
func timeOf(object map[string]json.RawMessage, name string) (time.Time, error) {
	text, ok := object[name]
	if !ok {
		return time.Time{}, nil
	}
	var seconds *float64
	err := json.Unmarshal(text, &seconds)
	if err != nil || seconds == nil || *seconds < 0 || *seconds > 1<<40 {
		return time.Time{}, fmt.Errorf("%s is not a time in seconds", name)
	}
	return time.UnixMilli(int64(*seconds * 1000)), nil
}

// texts reads a member that is a string or a list of strings; ok is false for anything else.
func texts(object map[string]json.RawMessage, name string) (list []string, ok bool) {
	one := member(object, name)
	if one != "" {
		return []string{one}, true
	}
	err := json.Unmarshal(object[name], &list)
	return list, err == nil && len(list) > 0 && !slices.Contains(list, "")
}

// checkTimes holds exp, nbf and iat against now (RFC 7519 §4.1). longest bounds exp from now on, 0: not
// at all; needed says whether exp must be there. It returns exp.
func (j *clientJWS) checkTimes(now time.Time, longest time.Duration, needed bool) (time.Time, error) {
	exp, err := timeOf(j.claims, "exp")
	if err != nil {
		return exp, err
	}
	switch {
	case exp.IsZero() && needed:
		return exp, errors.New("exp is missing")
	case !exp.IsZero() && !now.Before(exp.Add(clockSkew)):
		return exp, errors.New("expired (exp)")
	case longest > 0 && exp.After(now.Add(longest+clockSkew)):
		return exp, fmt.Errorf("exp is more than %s ahead", longest)
	}
	for _, name := range []string{"nbf", "iat"} {
		from, err := timeOf(j.claims, name)
		if err != nil {
			return exp, err
		}
		if from.After(now.Add(clockSkew)) {
			return exp, fmt.Errorf("%s lies in the future", name)
		}
	}
	return exp, nil
}

// verify tells whether the key made the signature. The algorithm is pinned to the one already accepted.
func (j *clientJWS) verify(key any) bool {
	jws, err := jose.ParseSignedCompact(j.text, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(j.alg)})
	if err != nil {
		return false
	}
	_, err = jws.Verify(key)
	return err == nil
}
