package main

import "testing"

// hostilePKCE is filled in the commits that follow.
var hostilePKCE = map[string]func(*testing.T){}
