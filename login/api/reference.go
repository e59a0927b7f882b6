package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/propusk/propusk/login/page"
)

// docs is the reference for people: the OpenAPI document as a page without scripts.
func (a *API) docs(w http.ResponseWriter, r *http.Request) {
	doc, err := a.doc()
	if err != nil {
		response{a.inner(r.Context(), slog.Any("error", err))}.write(w)
		return
	}
	a.config.Pages.Show(w, r, page.View{}, doc)
}

// reference makes the page of what the OpenAPI document says.
func (a *API) reference() (page.APIDoc, error) {
	doc := page.APIDoc{Base: a.config.Issuer + Prefix}
	byTag := map[string][]page.APIOperation{}
	var failed error
	a.eachOperation(func(op *huma.Operation) {
		o, err := a.operation(op)
		if err != nil && failed == nil {
			failed = err
		}
		byTag[op.Tags[0]] = append(byTag[op.Tags[0]], o)
	})
	for _, tag := range a.huma.OpenAPI().Tags {
		doc.Groups = append(doc.Groups, page.APIGroup{Name: tag.Name, Operations: byTag[tag.Name]})
	}
	return doc, failed
}

// operation is one operation of the page.
func (a *API) operation(op *huma.Operation) (page.APIOperation, error) {
	o := page.APIOperation{ID: op.OperationID, Method: op.Method, Path: op.Path, Summary: op.Summary, Text: op.Description, Scope: scopeOf(op)}
	path := op.Path
	for _, p := range op.Parameters {
		o.Parameters = append(o.Parameters, page.APIField{Name: p.Name, Type: p.In + ", " + a.typeText(p.Schema), Required: p.Required, Text: p.Description})
		if p.In == "path" {
			path = strings.ReplaceAll(path, "{"+p.Name+"}", exampleText(p.Schema))
		}
	}
	var body any
	if op.RequestBody != nil {
		schema := a.resolve(op.RequestBody.Content[typeJSON].Schema)
		o.Body = a.fieldsOf(schema)
		body = a.exampleBody(schema)
	}
	for _, status := range sortedKeys(op.Responses) {
		response := op.Responses[status]
		answer := page.APIAnswer{Status: status, Text: response.Description}
		if content := response.Content[typeJSON]; content != nil {
			answer.Fields = a.fieldsOf(a.items(content.Schema))
			answer.List = a.isList(content.Schema)
		}
		o.Answers = append(o.Answers, answer)
	}
	curl, err := curlOf(op.Method, a.config.Issuer+Prefix+path, body)
	o.Curl = strings.Split(curl, "\n")
	return o, err
}

// resolve follows references.
func (a *API) resolve(s *huma.Schema) *huma.Schema {
	for s != nil && s.Ref != "" {
		s = a.huma.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
	}
	return s
}

func (a *API) isList(s *huma.Schema) bool {
	s = a.resolve(s)
	return s != nil && s.Properties["items"] != nil && s.Properties["next"] != nil
}

// items is the schema of a list's items, or the schema itself.
func (a *API) items(s *huma.Schema) *huma.Schema {
	s = a.resolve(s)
	if a.isList(s) {
		return a.resolve(s.Properties["items"].Items)
	}
	return s
}

// fieldsOf lists the fields of an object, those that are needed first.
func (a *API) fieldsOf(s *huma.Schema) []page.APIField {
	var list []page.APIField
	for _, name := range sortedKeys(s.Properties) {
		p := s.Properties[name]
		list = append(list, page.APIField{Name: name, Type: a.typeText(p), Required: slices.Contains(s.Required, name), Text: p.Description})
	}
	slices.SortStableFunc(list, func(x, y page.APIField) int {
		switch {
		case x.Required == y.Required:
			return 0
		case x.Required:
			return -1
		}
		return 1
	})
	return list
}

// typeText says in words what a schema allows.
func (a *API) typeText(s *huma.Schema) string {
	if len(s.AnyOf) > 0 {
		return a.typeText(s.AnyOf[0]) + " or null"
	}
	nullable := s.Nullable
	s = a.resolve(s)
	text := s.Type
	switch {
	case s.Type == huma.TypeArray:
		text = "list of " + a.typeText(s.Items)
	case s.Type == huma.TypeObject && len(s.Properties) > 0:
		text = "{" + strings.Join(sortedKeys(s.Properties), ", ") + "}"
	case s.Format == "date-time":
		text = "time, RFC 3339"
	case len(s.Enum) > 0:
		var words []string
		for _, value := range s.Enum {
			words = append(words, fmt.Sprint(value))
		}
		text = strings.Join(words, ", ")
	case text == "":
		text = "any"
	}
	if nullable {
		text += " or null"
	}
	return text
}

// exampleText is the example of a parameter.
func exampleText(s *huma.Schema) string {
	if len(s.Examples) > 0 {
		return fmt.Sprint(s.Examples[0])
	}
	return "…"
}

// exampleBody is an object of what must be sent, and of up to three other fields with an example.
func (a *API) exampleBody(s *huma.Schema) map[string]any {
	body := map[string]any{}
	for _, name := range s.Required {
		body[name] = exampleValue(s.Properties[name])
	}
	more := 3
	for _, name := range sortedKeys(s.Properties) {
		p := s.Properties[name]
		if _, has := body[name]; more == 0 || has || len(p.Examples) == 0 || strings.Contains(name, "#") {
			continue
		}
		body[name] = exampleValue(p)
		more--
	}
	return body
}

func exampleValue(s *huma.Schema) any {
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case len(s.Enum) > 0:
		return s.Enum[0]
	}
	return ""
}

// curlOf is a request as one would type it.
func curlOf(method, address string, body any) (string, error) {
	text := "curl "
	if method != http.MethodGet {
		text += "-X " + method + " "
	}
	text += "-H \"Authorization: Bearer $TOKEN\" "
	if body != nil {
		var said bytes.Buffer
		encoder := json.NewEncoder(&said)
		encoder.SetEscapeHTML(false)
		err := encoder.Encode(body)
		if err != nil {
			return "", fmt.Errorf("example of %s %s: %w", method, address, err)
		}
		kind := typeJSON
		if method == http.MethodPatch {
			kind = typePatch
		}
		text += "\\\n  -H 'Content-Type: " + kind + "' \\\n  -d '" + strings.TrimSpace(said.String()) + "' \\\n  "
	}
	return text + "'" + address + "'", nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
