package page

import (
	"bytes"
	"io/fs"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/propusk/propusk/static"
)

// readDocs reads every chapter in one language.
func readDocs(t *testing.T, lang string) map[string]*chapter {
	t.Helper()
	all := map[string]*chapter{}
	for name, read := range newDocs(lang) {
		c, err := read()
		if err != nil {
			t.Fatalf("%s in %s: %v", name, lang, err)
		}
		all[name] = c
	}
	return all
}

// elements are those of one kind in a chapter.
func elements(t *testing.T, c *chapter, kinds ...string) []*html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(string(c.text)))
	if err != nil {
		t.Fatal(err)
	}
	var found []*html.Node
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && slices.Contains(kinds, n.Data) {
			found = append(found, n)
		}
	}
	return found
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// TestManualFiles: a file is a chapter in both languages, and the first chapter leads to each.
func TestManualFiles(t *testing.T) {
	files, err := fs.Glob(static.FS, "docs/*")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, name := range docsChapters {
		want = append(want, docsFile(name, "en"), docsFile(name, "ru"))
	}
	slices.Sort(want)
	if diff := cmp.Diff(want, files); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for _, lang := range supported {
		all := readDocs(t, lang)
		var linked []string
		for _, a := range elements(t, all[docsFirst], "a") {
			linked = append(linked, attribute(a, "href"))
		}
		for name, c := range all {
			if name != docsFirst && !slices.Contains(linked, docsAddress(name)) {
				t.Errorf("%s: %s is not in the table of chapters", lang, name)
			}
			title, err := docsTitle(name, lang)
			if err != nil || title != c.title {
				t.Errorf("%s in %s: title %q, in the list %q, %v", name, lang, c.title, title, err)
			}
		}
	}
}

// TestManualLinks follows every link: to a chapter, to a heading in it, or to the web.
func TestManualLinks(t *testing.T) {
	for _, lang := range supported {
		all := readDocs(t, lang)
		ids := map[string]bool{}
		for name, c := range all {
			ids[docsAddress(name)] = true
			for _, h := range elements(t, c, "h1", "h2", "h3") {
				ids[docsAddress(name)+"#"+attribute(h, "id")] = true
			}
		}
		for name, c := range all {
			for _, a := range elements(t, c, "a") {
				to, err := url.PathUnescape(attribute(a, "href"))
				if err != nil {
					t.Fatal(err)
				}
				if strings.HasPrefix(to, "#") {
					to = docsAddress(name) + to
				}
				if !ids[to] && !strings.HasPrefix(to, "https://") {
					t.Errorf("%s: a link to %q leads nowhere", docsFile(name, lang), to)
				}
			}
		}
		if len(ids) < 40 {
			t.Errorf("%s: %d places to link to", lang, len(ids))
		}
	}
}

// mdLink is a link between files as the repository follows it.
var mdLink = regexp.MustCompile(`\]\(([a-zA-Z-]+)(\.ru)?\.md[#)]`)

// TestManualTwins: both languages say the same in the same order, and each links to its own files.
func TestManualTwins(t *testing.T) {
	english, russian := readDocs(t, "en"), readDocs(t, "ru")
	shape := func(c *chapter) []string {
		var list []string
		for _, n := range elements(t, c, "h1", "h2", "h3", "pre", "table", "tr") {
			list = append(list, n.Data)
		}
		return list
	}
	for _, name := range docsChapters {
		if diff := cmp.Diff(shape(english[name]), shape(russian[name])); diff != "" {
			t.Errorf("%s (-English +Russian):\n%s", name, diff)
		}
		if english[name].title == russian[name].title {
			t.Errorf("%s: the title is not translated", name)
		}
		for _, lang := range supported {
			text, err := static.FS.ReadFile(docsFile(name, lang))
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range mdLink.FindAllSubmatch(text, -1) {
				if (string(m[2]) == ".ru") != (lang == "ru") {
					t.Errorf("%s links to %s in the other language", docsFile(name, lang), m[1])
				}
			}
		}
	}
}

// TestManualMarkup: nothing is lost on the way from the files, which hold no HTML but comments, and nothing
// comes out that the policy of the page would stop.
func TestManualMarkup(t *testing.T) {
	tag := regexp.MustCompile("(?m)<[/a-zA-Z!][^>]*>")
	for _, lang := range supported {
		for name, c := range readDocs(t, lang) {
			checkTree(t, string(c.text), docsFile(name, lang))
			text, err := static.FS.ReadFile(docsFile(name, lang))
			if err != nil {
				t.Fatal(err)
			}
			prose := regexp.MustCompile("(?s)```.*?```|`[^`]*`").ReplaceAll(text, nil)
			for _, m := range tag.FindAll(prose, -1) {
				if !bytes.HasPrefix(m, []byte("<!-- ")) {
					t.Errorf("%s holds %s, which is not shown", docsFile(name, lang), m)
				}
			}
		}
	}
}

// TestManualHostile: whoever may write a chapter can still not make it run anything.
func TestManualHostile(t *testing.T) {
	c, err := readChapter([]byte("# A <script>alert(1)</script> title\n\n<div onclick=\"x\">block</div>\n\nin <img src=x onerror=alert(1)> line\n\n" +
		"[a](javascript:alert(1)) [b](data:text/html,x) [c](../../etc/passwd.md) [d](apps.ru.md#keys)\n\n![p](https://x.example/p.png)\n\n" +
		"```console\n$ a <b> \\\n  & c\n</pre><script>\n```\n\n| a | b |\n|---|--:|\n| <i onfocus=x>1</i> | 2 |\n"))
	if err != nil {
		t.Fatal(err)
	}
	got := string(c.text)
	for _, bad := range []string{"<script", "<div onclick", "onerror=", "onfocus=", "javascript:", "data:", "style=", "<b>"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q in\n%s", bad, got)
		}
	}
	for _, good := range []string{`href="/docs/apps#keys"`, "$ a &lt;b&gt; \\\n  &amp; c\n<i>&lt;/pre&gt;&lt;script&gt;</i>", `<td align="right">2</td>`} {
		if !strings.Contains(got, good) {
			t.Errorf("no %q in\n%s", good, got)
		}
	}
}

// TestHeadingIDs: ids are those of the sites that show repositories, in any language, and each stands once.
func TestHeadingIDs(t *testing.T) {
	ids := headingIDs{}
	for _, tt := range []struct{ in, want string }{
		{"First start", "first-start"}, {"First start", "first-start-1"}, {"Куда обращается propusk", "куда-обращается-propusk"},
		{"`serve`, and <more>!", "serve-and-more"}, {"", ""}, {"A_b-c 2", "a_b-c-2"},
	} {
		if got := string(ids.Generate([]byte(tt.in), 0)); got != tt.want {
			t.Errorf("id of %q: got %q, want %q", tt.in, got, tt.want)
		}
	}
}
