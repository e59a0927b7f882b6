package api

import (
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/propusk/propusk/storage"
)

// Paging is where in a list an answer begins and how long it is.
type Paging struct {
	Limit  int    `query:"limit" minimum:"1" default:"50" doc:"how many items at most; more than 100 counts as 100" example:"20"`
	Cursor string `query:"cursor" maxLength:"2048" doc:"next of the page before; without it the list begins"`
}

// List is one page of a list.
type List[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next" nullable:"true" doc:"cursor of the next page; null on the last"`
}

// Page is an answer with one page of a list.
type Page[T any] struct {
	Body List[T]
}

// One is an answer with one thing.
type One[T any] struct {
	Body T
}

// Made is an answer to what made a thing.
type Made[T any] struct {
	Location string `header:"Location" doc:"where it can be read"`
	Body     T
}

// onePage answers a page, with each item as view has it.
func onePage[S, T any](list []S, next string, view func(S) T) *Page[T] {
	p := &Page[T]{Body: List[T]{Items: make([]T, 0, len(list))}}
	for _, item := range list {
		p.Body.Items = append(p.Body.Items, view(item))
	}
	if next != "" {
		p.Body.Next = &next
	}
	return p
}

// pageAt answers one page of a whole list in its own order; the cursor is the id of the last item.
func pageAt[S, T any](list []S, p Paging, id func(S) string, view func(S) T) (*Page[T], error) {
	start := 0
	if p.Cursor != "" {
		i := slices.IndexFunc(list, func(s S) bool { return id(s) == p.Cursor })
		if i < 0 {
			return nil, &storage.Invalid{Field: "cursor", Reason: "cursor_invalid"}
		}
		start = i + 1
	}
	next := ""
	if end := start + min(p.Limit, 100); end < len(list) {
		list, next = list[:end], id(list[end-1])
	}
	return onePage(list[start:], next, view), nil
}

// Choice is a parameter that may be left out. Sent tells whether it was there.
type Choice struct {
	Sent  bool
	Value bool
}

// Schema is that of a boolean.
func (Choice) Schema(r huma.Registry) *huma.Schema {
	return huma.SchemaFromType(r, reflect.TypeFor[bool]())
}

// Receiver is where huma puts the value.
func (c *Choice) Receiver() reflect.Value { return reflect.ValueOf(c).Elem().FieldByName("Value") }

// OnParamSet hears whether there was one.
func (c *Choice) OnParamSet(sent bool, _ any) { c.Sent = sent }

// pointer is nil for a parameter that was left out.
func (c Choice) pointer() *bool {
	if !c.Sent {
		return nil
	}
	return &c.Value
}

// when is nil for the zero time, which JSON calls null.
func when(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// texts is never nil: JSON's null is nobody's list.
func texts(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// maybe is nil for an empty text, which JSON calls null.
func maybe(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
