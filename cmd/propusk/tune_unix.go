//go:build unix

package main

import "syscall"

// privateFiles makes every file this process creates readable by its user alone, the database's
// journal included.
func privateFiles() { syscall.Umask(0o077) }
