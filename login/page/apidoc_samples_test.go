package page

func init() { moreSamples = append(moreSamples, apiSamples) }

// apiSamples is a short reference with everything that can be on it.
func apiSamples() []sample {
	field := []APIField{{Name: "client_name", Type: "string", Required: true, Text: "name people see"}, {Name: "enabled", Type: "boolean"}}
	return []sample{{"apidoc", false, APIDoc{Base: "https://id.harbour.example/api/v1", Groups: []APIGroup{
		{Name: "Apps", Operations: []APIOperation{
			{ID: "create-app", Method: "POST", Path: "/apps", Summary: "Make an app", Text: "For administrators.", Scope: "apps.write",
				Parameters: []APIField{{Name: "limit", Type: "query, integer", Text: "how many"}}, Body: field,
				Answers: []APIAnswer{{Status: "201", Text: "Created", Fields: field}, {Status: "403", Text: "Forbidden"}},
				Curl:    []string{`curl -d '{"client_name":"<b>"}' \`, `  'https://id.harbour.example/api/v1/apps'`}},
			{ID: "list-apps", Method: "GET", Path: "/apps", Summary: "List apps", Scope: "apps.read",
				Answers: []APIAnswer{{Status: "200", Text: "OK", List: true, Fields: field}}, Curl: []string{"curl"}},
		}},
	}}}}
}
