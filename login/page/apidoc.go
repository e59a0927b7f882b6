package page

// APIDoc is the reference of the REST API, made of its OpenAPI document. What it says of the API is in
// English, as the document; the frame is in the reader's language.
type APIDoc struct {
	Base   string // address of the API
	Groups []APIGroup
}

// APIGroup are the operations about one thing.
type APIGroup struct {
	Name       string
	Operations []APIOperation
}

// APIOperation is one operation.
type APIOperation struct {
	ID         string
	Method     string
	Path       string
	Summary    string
	Text       string
	Scope      string // that the token must hold
	Parameters []APIField
	Body       []APIField
	Answers    []APIAnswer
	Curl       []string // lines of a request as one would type it
}

// APIField is a parameter or a field of a body.
type APIField struct {
	Name     string
	Type     string
	Required bool
	Text     string
}

// APIAnswer is one of an operation's answers.
type APIAnswer struct {
	Status string
	Text   string
	List   bool // Fields are those of the items of a list
	Fields []APIField
}

func (APIDoc) template() string      { return "apidoc" }
func (APIDoc) frame() (Stub, Hidden) { return Stub{Office: true}, Hidden{} }

var apiPages = []content{APIDoc{}}
