package main

import "testing"

// hostileClientAuth is filled in the commits that follow.
var hostileClientAuth = map[string]func(*testing.T){}
