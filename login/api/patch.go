package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"github.com/propusk/propusk/storage"
)

// shape says how a document that is sent differs from the one that is answered.
type shape struct {
	name     string                  // of the schema
	leave    []string                // fields of the document that cannot be sent
	refused  []string                // fields that are known and refused with 403
	extra    map[string]*huma.Schema // fields that can only be sent
	required []string                // in a document that makes something; null counts as left out
	keep     []string                // fields that a merge patch cannot remove
	patch    bool                    // a merge patch
}

// schemaOf is the schema of a document to be sent, made of that of the document that is answered.
func schemaOf(r huma.Registry, answered reflect.Type, s shape) *huma.Schema {
	ref := &huma.Schema{Ref: "#/components/schemas/" + s.name}
	if r.Map()[s.name] != nil {
		return ref
	}
	whole := huma.SchemaFromType(r, answered)
	sent := &huma.Schema{Type: huma.TypeObject, Properties: map[string]*huma.Schema{}, AdditionalProperties: false, Required: s.required}
	for name, property := range whole.Properties {
		if slices.Contains(s.leave, name) || property.ReadOnly {
			continue
		}
		p := *property
		if s.patch && !slices.Contains(s.keep, name) {
			p = removable(p)
		}
		if slices.Contains(s.refused, name) {
			p = huma.Schema{Description: "for administrators to change: 403"}
		}
		sent.Properties[name] = &p
	}
	maps.Copy(sent.Properties, s.extra)
	sent.PrecomputeMessages()
	r.Map()[s.name] = sent
	return ref
}

// removable is the schema of what a merge patch may set to null.
func removable(p huma.Schema) huma.Schema {
	if p.Ref == "" {
		p.Nullable = true
		return p
	}
	return huma.Schema{Description: p.Description, AnyOf: []*huma.Schema{{Ref: p.Ref}, {Type: "null"}}}
}

// fields are those of a document as it was sent: what was left out is not there, what is to be removed is
// nil.
type fields map[string]any

// sent tells whether the field was sent with a value.
func (f fields) sent(name string) bool { return f[name] != nil }

// text returns a field that is a text.
func (f fields) text(name string) string {
	s, _ := f[name].(string)
	return s
}

// flag returns a field that is a switch.
func (f fields) flag(name string) bool {
	b, _ := f[name].(bool)
	return b
}

// kept refuses to remove what cannot be removed.
func (f fields) kept(names []string) error {
	for _, name := range names {
		value, sent := f[name]
		if sent && value == nil {
			return &fault{"body." + name, "cannot be removed"}
		}
	}
	return nil
}

// without refuses fields that are not for this person to send.
func (f fields) without(names []string) error {
	for _, name := range names {
		if _, sent := f[name]; sent {
			return &refusal{storage.MeWrite, "field " + name}
		}
	}
	return nil
}

// merge is RFC 7396 §2. What it returns shares no map with target that it would have to change.
func merge(target, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	merged := map[string]any{}
	if object, ok := target.(map[string]any); ok {
		maps.Copy(merged, object)
	}
	for name, change := range changes {
		if change == nil {
			delete(merged, name)
			continue
		}
		merged[name] = merge(merged[name], change)
	}
	return merged
}

// merged applies a merge patch to a document. What it removes is as in blank.
func merged[T any](document, blank T, patch fields) (T, error) {
	object, err := toObject(document)
	if err != nil {
		return blank, err
	}
	return fromObject(merge(object, map[string]any(patch)), blank)
}

// toObject is v as JSON has it.
func toObject(v any) (map[string]any, error) {
	text, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	var object map[string]any
	err = json.Unmarshal(text, &object)
	if err != nil {
		return nil, fmt.Errorf("document: %w", err)
	}
	return object, nil
}

// fromObject reads JSON that was checked into a copy of blank.
func fromObject[T any](object any, blank T) (T, error) {
	text, err := json.Marshal(object)
	if err == nil {
		err = json.Unmarshal(text, &blank)
	}
	if err != nil {
		return blank, &fault{"body", "is not of the form that is described"}
	}
	return blank, nil
}

// typeOf names the type of a document.
func typeOf[T any]() reflect.Type { return reflect.TypeFor[T]() }
