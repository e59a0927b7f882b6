// Package page renders what people see: HTML from the templates, styles and locales embedded in static,
// in English or Russian, with the security headers every answer carries. It knows nothing of apps,
// users or tokens: whoever shows a page fills the page's struct, one per template.
//
// Every page is one pass: a stub that says who asks, and a body that asks for one thing. [New] reads the
// layouts once per language, with the functions of that language bound to them, and each page is read when
// it is shown first; [Renderer.Show] executes into a buffer and writes only what rendered whole.
package page
