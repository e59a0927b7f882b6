package page

// Choose asks which account (prompt=select_account, template choose): field account = keep or other,
// POST /login.
type Choose struct {
	Stub   Stub
	Hidden Hidden
	Person Person
}

func (Choose) template() string        { return "choose" }
func (c Choose) frame() (Stub, Hidden) { return c.Stub, c.Hidden }
