package page

// Shell is what stands around the page of a signed-in person: menu, name, sign-out. Pages of the
// dashboard embed it.
type Shell struct {
	Person  Person
	Section string // "account", "apps", "users" or "audit": the menu's current entry
	Full    bool   // users and audit are in the menu
	Hidden  Hidden // for every form of the page, and for signing out
	Done    string // key in the locale of what was done just now, said at the top; empty: nothing
	Wrong   string // key in the locale of why it was not done, said at the top as an error; empty: nothing
}

func (s Shell) frame() (Stub, Hidden) { return Stub{Office: true}, s.Hidden }
func (s Shell) shell() Shell          { return s }

// shelled is a page inside the [Shell].
type shelled interface {
	content
	shell() Shell
}

// layoutOf names the layout that a page stands in.
func layoutOf(c content) string {
	if _, ok := c.(shelled); ok {
		return "shell"
	}
	return "layout"
}
