package page

func init() { moreSamples = append(moreSamples, docsSamples) }

// docsSamples are a chapter for everybody, and the last one inside the frame of a signed-in person.
func docsSamples() []sample {
	chapters := []DocsLink{{Address: "/docs", Title: "Manual"}, {Address: "/docs/start", Title: "The first minute", Here: true}, {Address: "/docs/apps", Title: "Apps <&>"}}
	sections := []DocsLink{{Address: "#a-section", Title: "A section"}}
	d := Docs{Title: "The first minute", Text: "<h1>The first minute</h1>\n<p>Text.</p>", Chapters: chapters, Sections: sections, Next: &chapters[2]}
	last := d
	last.Next = nil
	return []sample{
		{"docs", false, d},
		{"docs-dev", true, d},
		{"docs-inside", false, DocsInside{Shell: Shell{Person: alice, Full: true, Hidden: Hidden{CSRF: "sealed-csrf"}}, Docs: last}},
	}
}
