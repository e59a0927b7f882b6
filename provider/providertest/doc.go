// Package providertest is for tests of whatever signs people in by propusk: a real provider on a random
// port of this machine, with the people and apps of propusk dev, and somebody who fills in its forms.
//
//	func TestLogin(t *testing.T) {
//		p := providertest.Start(t)
//		app := newApp(t, p.Issuer, "demo", "demo-secret")
//		answer := p.Person("alice").Walk(app.AuthorizeURL())
//		app.Callback(answer.Values) // code, state, iss
//	}
//
// A device without a browser asks by [Provider.Device]; whoever is to decide opens the address it shows:
//
//	tv := p.Device("cli", "", "openid")
//	p.Person("alice").Walk(tv.Complete)
//	tokens := tv.Poll()
//
// Nothing is faked: secrets, codes, PKCE and redirect URIs are checked as in production.
package providertest
