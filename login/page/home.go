package page

import "time"

// Home is "/" (template home): who is signed in, or where to start.
type Home struct {
	Stub      Stub
	Hidden    Hidden // for the sign-out form, POST /logout
	Person    *Person
	Since     time.Time
	Discovery string // URL, shown in dev
}

func (Home) template() string        { return "home" }
func (h Home) frame() (Stub, Hidden) { return h.Stub, h.Hidden }
