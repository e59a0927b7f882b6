package page

// SignIn asks for name and password (template sign-in): fields username, password, button login-submit,
// POST /login. Busy is shown before Wait, and Wait before Wrong.
type SignIn struct {
	Stub     Stub
	Hidden   Hidden
	Policies Policies
	Username string // what was typed, or login_hint
	Wrong    bool   // the name or the password is wrong
	Wait     int    // seconds: too many failures; shown instead of Wrong
	Busy     bool   // the server is too busy to check passwords; try again
	Again    bool   // the person is signed in and must prove it again (prompt=login, max_age)
}

func (SignIn) template() string        { return "sign-in" }
func (s SignIn) frame() (Stub, Hidden) { return s.Stub, s.Hidden }
