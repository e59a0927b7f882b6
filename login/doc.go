// Package login is what a signed-out person sees: sign-in, the choice of account, consent, the code of a
// device, one-time links and sign-out, and the browser's session behind them.
//
// A validated authorization request comes in through [Login.Authorize] and leaves through [Flow]. What
// happens between is decided in one place, the pure function next: given the request, its progress, the
// session, the app and the standing decisions of the person, it names the one step that is due. GET
// /login is the only dispatcher; every POST does one thing, notes it in the progress and sends the
// browser back there, so no step knows the next one.
//
// The request and its progress live in a sealed cookie of the browser, never in the database: an
// anonymous visit writes nothing, a request is bound to its browser by construction, and any node or a
// restarted process can go on with it.
//
// Two other kinds of request take the same way: a page of ours that wants to know who is there (return.go),
// which no app made, and a device whose code the person confirmed (device.go), which is answered in the
// database instead of by a redirect.
//
// What protects the forms: [net/http.CrossOriginProtection], then a sealed token in every form (csrf.go);
// the limits of limit.go before a password is looked at; and the admission of hash.go, which bounds how
// many passwords are hashed at once.
package login
