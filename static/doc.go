// Package static holds everything of the pages that is not Go: templates, styles, pictures, locales and the
// manual, in one embedded file system.
//
// Styles and pictures are served under /static/<hash>/, where the hash is taken over all of them: a new
// build has new addresses, so browsers may keep each file for ever and never mix two builds. A style
// names a picture relatively and so by its hashed address too.
package static
