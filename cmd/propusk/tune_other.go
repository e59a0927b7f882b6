//go:build !unix

package main

// privateFiles does nothing where there is no umask: files inherit the rights of their directory.
func privateFiles() {}
