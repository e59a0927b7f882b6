package static

import _ "embed"

// CheckSession is the script of the page that apps frame for OpenID Connect Session Management 1.0. It is
// part of that page and served nowhere else.
//
//go:embed frame/checksession.js
var CheckSession string
