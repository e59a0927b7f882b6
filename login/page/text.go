package page

import (
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
	"sync"
	"time"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	i18ntemplate "github.com/nicksnyder/go-i18n/v2/i18n/template"
	"go.yaml.in/yaml/v4"
	xlanguage "golang.org/x/text/language"

	"github.com/propusk/propusk/static"
)

// text says things in one language.
type text struct {
	lang      string
	localizer *i18n.Localizer
	now       func() time.Time
}

// parser fills in the texts of the locales; what is not given is empty, so that a text may ask for it
// by {{if}}.
var parser = &i18ntemplate.TextParser{Option: "missingkey=zero"}

// loadTexts gives the texts of every language; ages in them are counted from now.
func loadTexts(now func() time.Time) ([]*text, error) {
	bundle, err := locales()
	if err != nil {
		return nil, err
	}
	var texts []*text
	for _, lang := range supported {
		texts = append(texts, &text{lang: lang, localizer: i18n.NewLocalizer(bundle, lang), now: now})
	}
	return texts, nil
}

// locales reads every locale of static, once in a process: they are part of it.
var locales = sync.OnceValues(func() (*i18n.Bundle, error) {
	bundle := i18n.NewBundle(xlanguage.English)
	bundle.RegisterUnmarshalFunc("yaml", func(data []byte, v any) error { return yaml.Unmarshal(data, v) })
	names, err := fs.Glob(static.FS, "locale/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("locales: %w", err)
	}
	for _, name := range names { // en.yaml, and apps.en.yaml beside it
		raw, err := static.FS.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("locale: %w", err)
		}
		_, err = bundle.ParseMessageFileBytes(tie(raw), path.Base(name))
		if err != nil {
			return nil, fmt.Errorf("locale %s: %w", name, err)
		}
	}
	return bundle, nil
})

// tie puts a no-break space after a Russian word of one letter and before a dash, so that neither is
// left alone at the end or the beginning of a line.
func tie(raw []byte) []byte {
	const noBreak = '\u00a0'
	var tied strings.Builder
	tied.Grow(len(raw) + len(raw)/16)
	before, letter := '\n', '\n' // what stands before r: a word of one letter, and what stands before that
	for _, r := range string(raw) {
		if r == ' ' && strings.ContainsRune("АаВвИиКкОоСсУуЯя", letter) && strings.ContainsRune(" \t\n\f\r\u00a0«(\"", before) {
			r = noBreak
		}
		tied.WriteRune(r)
		before, letter = letter, r
	}
	return []byte(strings.ReplaceAll(tied.String(), " — ", "\u00a0— "))
}

// say returns the text of a key with the given names and values filled in.
func (x *text) say(key string, args map[string]string) (string, error) {
	return x.localize(&i18n.LocalizeConfig{MessageID: key, TemplateData: args})
}

func (x *text) localize(c *i18n.LocalizeConfig) (string, error) {
	c.TemplateParser = parser
	s, err := x.localizer.Localize(c)
	if err != nil {
		return "", fmt.Errorf("text %s in %s: %w", c.MessageID, x.lang, err)
	}
	return s, nil
}

// markup is say for a text with markup: what is filled in is escaped first.
func (x *text) markup(key string, args map[string]string) (template.HTML, error) {
	escaped := make(map[string]string, len(args))
	for name, value := range args {
		escaped[name] = template.HTMLEscapeString(value)
	}
	s, err := x.say(key, escaped)
	// Safety: the text is ours and every value is escaped for element content, where alone it is used.
	return template.HTML(s), err
}

// count is say for a text with a number, which is named count and decides the plural form.
func (x *text) count(key string, n int) (string, error) {
	return x.localize(&i18n.LocalizeConfig{
		MessageID:    key,
		PluralCount:  n,
		TemplateData: map[string]string{"count": fmt.Sprint(n)},
	})
}

// about is say for a text about an app: an unchecked one that is called by its host has its own text, under
// the key with _site.
func (x *text) about(s Stub, key string) (string, error) {
	if s.Trust == Unchecked && s.Alias != "" {
		key += "_site"
	}
	return x.say(key, map[string]string{"app": s.Name})
}

// pick chooses the text in this language from those of an app or a scope, else the English one, else
// what is given instead.
func (x *text) pick(texts map[string]string, instead string) string {
	for _, lang := range []string{x.lang, "en"} {
		if texts[lang] != "" {
			return plain(texts[lang])
		}
	}
	return plain(instead)
}
