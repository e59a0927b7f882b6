package main

import "testing"

// hostileRefresh is filled in the commits that follow.
var hostileRefresh = map[string]func(*testing.T){}
