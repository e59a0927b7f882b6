package page

import (
	"hash/fnv"
	"net/url"
	"strings"
	"unicode"
)

// Stub is the left part of the pass: whose pass it is. The zero Stub, or one with Office, is the
// instance's own.
type Stub struct {
	Office bool   // no app: "Pass office" and the instance's name
	Name   string // of the app, or its host when it is unchecked
	Alias  string // how an unchecked app calls itself
	Host   string // of the redirect URI
	Trust  Trust
	Serial string // № of the request, "7F3A-91C2"
}

// Trust says what the stub says about the app.
type Trust string

// Values of Trust; the empty one says nothing (dev).
const (
	Trusted   Trust = "trusted"
	Unchecked Trust = "unchecked"
)

// Person is who is signed in.
type Person struct {
	Name   string
	Detail string // e-mail or login
}

// Hidden are the hidden fields every form of ours carries.
type Hidden struct {
	CSRF    string // field "csrf"
	Request string // field "request": sealed request's id, empty when there is none
}

// Policies are the app's links, shown on sign-in and consent; only http and https are shown.
type Policies struct{ PolicyURI, TosURI string }

// AppStub is the stub of an app that is answered at redirect. One that nobody has checked is called by
// its host, and the name it gave itself comes second; on a laptop nobody checks apps, and dev says
// nothing of it.
func (p *Renderer) AppStub(name, redirect string, trusted bool) Stub {
	s := Stub{Name: name, Host: redirectHost(redirect)}
	switch {
	case p.config.Dev:
	case trusted:
		s.Trust = Trusted
	default:
		s.Trust = Unchecked
		if s.Host != "" {
			s.Name, s.Alias = s.Host, name
		}
	}
	return s
}

// redirectHost is where an answer goes, as people are shown it: a host, or the scheme of an app on the
// device.
func redirectHost(uri string) string {
	u, err := url.Parse(uri)
	switch {
	case err != nil:
		return ""
	case u.Host != "":
		return u.Host
	case u.Scheme != "":
		return u.Scheme + ":"
	}
	return ""
}

// ownStub completes the stub of the instance itself and takes what could mislead out of the names of
// others.
func (p *Renderer) ownStub(s Stub) Stub {
	if s.Office || s.Name == "" {
		return Stub{Office: true, Name: p.config.Name, Host: p.host, Serial: plain(s.Serial)}
	}
	return Stub{
		Name:   clean(s.Name),
		Alias:  clean(s.Alias),
		Host:   plain(s.Host),
		Trust:  s.Trust,
		Serial: plain(s.Serial),
	}
}

// clean makes a name safe to stand in a sentence: it is plain and has no more than 120 characters.
func clean(name string) string {
	n := 0
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		n++
		if n > 120 {
			return -1
		}
		return r
	}, plain(name)))
}

// plain takes out of a text of others what cannot be seen or turns the direction of what follows: control
// and format characters, but for the two joiners that some scripts cannot be written without.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\u200c' || r == '\u200d':
			return r
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// letter returns the first letter or digit of a name, for its tile.
func letter(name string) string {
	for _, r := range name {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return string(unicode.ToUpper(r))
		}
	}
	return "•"
}

// shade returns the class of a name's tile: always the same for one name.
func shade(name string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(name))
	return [...]string{"", "t2", "t3", "t4", "t5"}[h.Sum32()%5]
}
