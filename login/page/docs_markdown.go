package page

import (
	"bytes"
	"fmt"
	"html/template"
	"strings"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	extast "github.com/yuin/goldmark/extension/ast"
	mdparser "github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	"github.com/yuin/goldmark/renderer/html"
	mdtext "github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// readChapter makes HTML of a chapter. Links from file to file become links from page to page. HTML in the
// Markdown is left out, whatever it is.
func readChapter(source []byte) (*chapter, error) {
	// Columns are aligned by an attribute: the other ways are styles, which our policy forbids.
	table := extension.NewTable(extension.WithTableCellAlignMethod(extension.TableCellAlignAttribute))
	md := goldmark.New(
		goldmark.WithExtensions(table),
		goldmark.WithParserOptions(mdparser.WithAutoHeadingID()),
		goldmark.WithRendererOptions(renderer.WithNodeRenderers(util.Prioritized(manualRenderer{}, 1))),
	)
	doc := md.Parser().Parse(mdtext.NewReader(source), mdparser.WithContext(mdparser.NewContext(mdparser.WithIDs(headingIDs{}))))
	c := &chapter{}
	err := ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		switch n := n.(type) {
		case *ast.Link:
			if entering {
				n.Destination = []byte(docsLink(string(n.Destination)))
			}
		case *ast.Heading:
			if entering {
				c.note(n, source)
			}
		}
		return ast.WalkContinue, nil
	})
	if err != nil {
		return nil, fmt.Errorf("manual: %w", err)
	}
	var out bytes.Buffer
	err = md.Renderer().Render(&out, source, doc)
	if err != nil {
		return nil, fmt.Errorf("manual: %w", err)
	}
	if c.title == "" {
		return nil, fmt.Errorf("manual: a chapter has no title")
	}
	// Safety: goldmark escapes all text, our own renderers below do so too, and neither lets HTML or the
	// scheme javascript through.
	c.text = template.HTML(out.String())
	return c, nil
}

// note keeps the title of the chapter, and each section for the list beside it.
func (c *chapter) note(h *ast.Heading, source []byte) {
	title := headingText(h, source)
	switch {
	case h.Level == 1 && c.title == "":
		c.title = title
	case h.Level == 2:
		id, _ := h.AttributeString("id")
		name, _ := id.([]byte)
		c.sections = append(c.sections, DocsLink{Address: "#" + string(name), Title: title})
	}
}

// headingText is the text of a heading without its markup.
func headingText(n ast.Node, source []byte) string {
	var s strings.Builder
	for child := n.FirstChild(); child != nil; child = child.NextSibling() {
		if t, ok := child.(*ast.Text); ok {
			s.Write(t.Segment.Value(source))
		} else {
			s.WriteString(headingText(child, source))
		}
	}
	return s.String()
}

// docsLink turns "apps.ru.md#keys" into "/docs/apps#keys": in the repository languages are files, here the
// page knows which one is read. Other links stay.
func docsLink(to string) string {
	file, fragment, has := strings.Cut(to, "#")
	name, ok := strings.CutSuffix(file, ".md")
	if !ok || strings.Contains(name, "/") {
		return to
	}
	address := docsAddress(strings.TrimSuffix(name, ".ru"))
	if has {
		address += "#" + fragment
	}
	return address
}

// headingIDs makes the ids of headings as the sites that show repositories do, so that a link to a section
// works there and here: lower case, blanks become hyphens, and only letters, digits, hyphens and underscores
// of any language are kept.
type headingIDs map[string]bool

// Generate implements [mdparser.IDs].
func (ids headingIDs) Generate(value []byte, _ ast.NodeKind) []byte {
	var s strings.Builder
	for _, c := range strings.ToLower(strings.TrimSpace(string(value))) {
		switch {
		case unicode.IsLetter(c), unicode.IsDigit(c), c == '-', c == '_':
			s.WriteRune(c)
		case c == ' ':
			s.WriteByte('-')
		}
	}
	id := s.String()
	for n := 1; ids[id]; n++ {
		id = fmt.Sprintf("%s-%d", s.String(), n)
	}
	ids[id] = true
	return []byte(id)
}

// Put implements [mdparser.IDs].
func (ids headingIDs) Put(value []byte) { ids[string(value)] = true }

// manualRenderer renders what looks otherwise on our pages than goldmark has it.
type manualRenderer struct{}

// RegisterFuncs implements [renderer.NodeRenderer].
func (m manualRenderer) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(ast.KindCodeSpan, m.span)
	r.Register(ast.KindFencedCodeBlock, m.code)
	r.Register(ast.KindHTMLBlock, m.nothing)
	r.Register(ast.KindRawHTML, m.nothing)
	r.Register(extast.KindTable, m.table)
}

func (manualRenderer) nothing(util.BufWriter, []byte, ast.Node, bool) (ast.WalkStatus, error) {
	return ast.WalkSkipChildren, nil
}

func (manualRenderer) table(w util.BufWriter, _ []byte, _ ast.Node, entering bool) (ast.WalkStatus, error) {
	if entering {
		_, _ = w.WriteString("<div class=\"scroll\" tabindex=\"0\"><table class=\"table\">\n")
	} else {
		_, _ = w.WriteString("</table></div>\n")
	}
	return ast.WalkContinue, nil
}

// wholeSpan is up to how many bytes code within a sentence is kept on one line: "--all" would be broken behind
// its hyphens.
const wholeSpan = 28

func (manualRenderer) span(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		_, _ = w.WriteString("</code>")
		return ast.WalkContinue, nil
	}
	code := ""
	for child := node.FirstChild(); child != nil; child = child.NextSibling() {
		if t, ok := child.(*ast.Text); ok {
			code += string(t.Segment.Value(source))
		}
	}
	if len(code) <= wholeSpan {
		_, _ = w.WriteString("<code class=\"whole\">")
	} else {
		_, _ = w.WriteString("<code>")
	}
	html.DefaultWriter.RawWrite(w, []byte(strings.ReplaceAll(code, "\n", " ")))
	return ast.WalkSkipChildren, nil
}

// code writes a block of code, whose long lines are scrolled. Of a console what the machine says is set back
// behind what one types.
func (manualRenderer) code(w util.BufWriter, source []byte, node ast.Node, entering bool) (ast.WalkStatus, error) {
	if !entering {
		return ast.WalkContinue, nil
	}
	block := node.(*ast.FencedCodeBlock)
	console := string(block.Language(source)) == "console"
	_, _ = w.WriteString("<pre class=\"code\" tabindex=\"0\">")
	typed := false // the line before goes on in this one
	for i := range block.Lines().Len() {
		segment := block.Lines().At(i)
		line := segment.Value(source)
		typed = typed || bytes.HasPrefix(line, []byte("$ "))
		if console && !typed {
			_, _ = w.WriteString("<i>")
			html.DefaultWriter.RawWrite(w, bytes.TrimRight(line, "\n"))
			_, _ = w.WriteString("</i>\n")
		} else {
			html.DefaultWriter.RawWrite(w, line)
		}
		typed = typed && bytes.HasSuffix(line, []byte("\\\n"))
	}
	_, _ = w.WriteString("</pre>\n")
	return ast.WalkContinue, nil
}
