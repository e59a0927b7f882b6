// Package page renders what people see: HTML from the templates, styles and locales embedded in static,
// in English or Russian, with the security headers every answer carries. It knows nothing of apps,
// users or tokens: whoever shows a page fills the page's struct, one per template.
package page
