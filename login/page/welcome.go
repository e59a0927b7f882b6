package page

// Welcome lets the holder of a one-time link set a password (template welcome): fields password, again and
// link, button welcome-submit, POST /welcome.
type Welcome struct {
	Stub    Stub
	Hidden  Hidden
	Person  Person
	Login   string // for password managers
	Recover bool   // the way back in, rather than an invitation
	Link    string // the secret of the link
	Differ  bool   // the two passwords
	Wrong   string // why the password is not taken, in the person's words (see [Renderer.Reason])
	Busy    bool   // the server is too busy to take passwords; try again
}

func (Welcome) template() string        { return "welcome" }
func (p Welcome) frame() (Stub, Hidden) { return p.Stub, p.Hidden }

// WelcomeOver says that a link works no more, or never did (template welcome-over).
type WelcomeOver struct{ Stub Stub }

func (WelcomeOver) template() string        { return "welcome-over" }
func (p WelcomeOver) frame() (Stub, Hidden) { return p.Stub, Hidden{} }
