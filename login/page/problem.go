package page

import (
	"crypto/rand"
	"html/template"
	"net/url"
	"time"
)

// Problem is the error page (template problem), served at the failing URL. In production a person
// reads a title, a sentence and the number; in dev the developer reads what came, what was expected and
// what to do.
type Problem struct {
	Stub     Stub
	ID       string            // "E-4K7Q-02MD"; made by NewProblemID and logged by the caller
	Code     string            // error code of the specification, shown in dev
	Key      string            // which text, one of the keys of problem in the locales; unknown: internal
	Args     map[string]string // for the texts of dev: "name" of the parameter or method, "came" and "meant" of a near miss
	Came     string            // dev: what came
	Expected string            // dev: what was expected; the differences are marked when both are given
	Request  url.Values        // dev: the whole request; secrets in it are not shown
	Path     string            // of the request, for the fold "The whole request"
}

func (Problem) template() string        { return "problem" }
func (p Problem) frame() (Stub, Hidden) { return p.Stub, Hidden{} }

// NewProblemID returns an id such as "E-4K7Q-02MD": 40 random bits in Crockford's base 32, which has no
// letters that are read wrong over the telephone.
func NewProblemID() string {
	const digits = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	for i := range b {
		b[i] = digits[b[i]%32]
	}
	return "E-" + string(b[:4]) + "-" + string(b[4:])
}

// blame says who can mend a problem, and so what the page says beside its texts.
type blame int

const (
	ours   blame = iota // nothing was refused: it broke, or is not there
	person              // refused, but starting again helps
	app                 // refused, and only the app's people can help
)

// problems are the keys there are texts for.
var problems = map[string]blame{
	"client_unknown":            app,
	"client_missing":            app,
	"client_disabled":           app,
	"redirect_uri_missing":      app,
	"redirect_uri_unregistered": app,
	"parameter_repeated":        app,
	"parameter_near_miss":       app,
	"parameter_invalid":         app,
	"request_too_large":         app,
	"method":                    app,
	"logout_redirect":           app,
	"logout_hint":               app,
	"request_expired":           ours,
	"request_foreign":           person,
	"csrf":                      person,
	"form_invalid":              person,
	"too_many":                  person,
	"forbidden":                 person,
	"not_found":                 ours,
	"misdirected":               ours,
	"internal":                  ours,
	"unavailable":               ours,
}

// explained is what the template of a problem shows.
type explained struct {
	ID       string
	Title    template.HTML
	Lead     template.HTML
	Refused  bool   // stamped
	Code     string // on the stamp, in dev
	At       time.Time
	SendTo   string // who the number is for
	NotYou   bool
	Came     []piece
	Expected []piece
	Todo     template.HTML
	Path     string // "GET /connect/authorize"
	Rows     []row
	CutRows  string
}

// explain finds the words for a problem.
func (x *text) explain(p Problem, s Stub, dev bool, method string) (explained, error) {
	fault, ok := problems[p.Key]
	if !ok {
		p.Key, fault = "internal", ours
	}
	e := explained{ID: plain(p.ID), Refused: fault != ours, At: x.now()}
	var err error
	if dev {
		err = x.explainDev(&e, p, s, method)
	} else {
		e.NotYou = fault == app
		err = x.explainPerson(&e, p, s, fault)
	}
	return e, err
}

func (x *text) explainPerson(e *explained, p Problem, s Stub, fault blame) error {
	var err error
	e.Title, err = x.markup("problem."+p.Key+".title", nil)
	if err != nil {
		return err
	}
	e.Lead, err = x.markup("problem."+p.Key+".lead", nil)
	if err != nil {
		return err
	}
	if fault == app && !s.Office {
		e.SendTo, err = x.about(s, "problem.send_app")
	} else {
		e.SendTo, err = x.say("problem.send_admin", nil)
	}
	return err
}

func (x *text) explainDev(e *explained, p Problem, s Stub, method string) error {
	args := map[string]string{}
	if !s.Office {
		args["app"] = s.Name
	}
	for name, value := range p.Args {
		args[name] = visible(shorten(value))
	}
	if id := p.Args["app"]; id != "" && p.ID != "" {
		args["log"] = "/apps/" + url.PathEscape(id) + "/events?q=" + url.QueryEscape(p.ID)
	}
	for _, part := range []struct {
		key string
		to  *template.HTML
	}{{"dev_title", &e.Title}, {"dev_lead", &e.Lead}, {"dev_todo", &e.Todo}} {
		said, err := x.markup("problem."+p.Key+"."+part.key, args)
		if err != nil {
			return err
		}
		*part.to = said
	}
	e.Code = plain(p.Code)
	e.Came, e.Expected = compare(p.Came, p.Expected)
	if p.Path != "" {
		e.Path = method + " " + visible(shorten(p.Path))
	}
	var cut int
	e.Rows, cut = rows(p.Request)
	if cut == 0 {
		return nil
	}
	said, err := x.count("problem.cut_rows", cut)
	e.CutRows = said
	return err
}
