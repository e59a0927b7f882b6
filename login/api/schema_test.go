package api_test

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// check says where a value is not of the form of a schema, for the part of JSON Schema the document uses.
func (d document) check(schema map[string]any, v any, at string) []string {
	if schema == nil {
		return []string{at + ": no schema"}
	}
	if ref, ok := schema["$ref"].(string); ok {
		return d.check(d.Components.Schemas[strings.TrimPrefix(ref, "#/components/schemas/")], v, at)
	}
	if list, ok := schema["anyOf"].([]any); ok {
		for _, s := range list {
			if len(d.check(s.(map[string]any), v, at)) == 0 {
				return nil
			}
		}
		return []string{at + ": none of anyOf"}
	}
	types, ok := schema["type"].([]any)
	if !ok && schema["type"] != nil {
		types = []any{schema["type"]}
	}
	if types != nil && !slices.ContainsFunc(types, func(name any) bool { return isType(name, v) }) {
		return []string{fmt.Sprintf("%s: %v is not %v", at, v, types)}
	}
	if enum, ok := schema["enum"].([]any); ok && v != nil && !slices.Contains(enum, v) {
		return []string{fmt.Sprintf("%s: %v is none of %v", at, v, enum)}
	}
	var wrong []string
	switch x := v.(type) {
	case string:
		if _, err := time.Parse(time.RFC3339, x); schema["format"] == "date-time" && err != nil {
			wrong = append(wrong, at+": "+err.Error())
		}
	case []any:
		for i, item := range x {
			wrong = append(wrong, d.check(schema["items"].(map[string]any), item, fmt.Sprintf("%s[%d]", at, i))...)
		}
	case map[string]any:
		wrong = append(wrong, d.checkObject(schema, x, at)...)
	}
	return wrong
}

func (d document) checkObject(schema, object map[string]any, at string) []string {
	var wrong []string
	required, _ := schema["required"].([]any)
	for _, name := range required {
		if _, ok := object[name.(string)]; !ok {
			wrong = append(wrong, fmt.Sprintf("%s: %v is missing", at, name))
		}
	}
	properties, _ := schema["properties"].(map[string]any)
	for name, value := range object {
		property, known := properties[name].(map[string]any)
		if !known {
			property, known = schema["additionalProperties"].(map[string]any)
		}
		switch {
		case known:
			wrong = append(wrong, d.check(property, value, at+"."+name)...)
		case schema["additionalProperties"] == false:
			wrong = append(wrong, fmt.Sprintf("%s: %s is not described", at, name))
		}
	}
	return wrong
}

func isType(name, v any) bool {
	switch v := v.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case float64:
		return name == "number" || name == "integer" && v == float64(int64(v))
	case int:
		return name == "number" || name == "integer"
	case []any:
		return name == "array"
	case map[string]any:
		return name == "object"
	}
	return false
}
