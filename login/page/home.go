package page

// Home is "/" for who is signed out (template home): where to start.
type Home struct {
	Stub      Stub
	Discovery string // URL, shown in dev
}

func (Home) template() string        { return "home" }
func (h Home) frame() (Stub, Hidden) { return h.Stub, Hidden{} }
