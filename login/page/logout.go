package page

import "time"

// Logout asks whether to sign out (template logout): button logout-yes, POST /logout.
type Logout struct {
	Stub   Stub
	Hidden Hidden
	Person Person
	Since  time.Time // of the session; zero: Person.Detail is shown
	App    string    // name of the app that asks, empty: the person did
	Sealed string    // field "logout": the sealed LogoutRequest
}

func (Logout) template() string        { return "logout" }
func (l Logout) frame() (Stub, Hidden) { return l.Stub, l.Hidden }

// SignedOut says that it is done (template signed-out).
type SignedOut struct {
	Stub Stub
	At   time.Time
	// Frames are addresses of apps that are told through a frame each; the view names their origins.
	Frames []string
	Next   string // where the person goes on to, an app's own page; empty: nowhere
	App    string // its name, as on its pass
}

func (SignedOut) template() string        { return "signed-out" }
func (s SignedOut) frame() (Stub, Hidden) { return s.Stub, Hidden{} }
