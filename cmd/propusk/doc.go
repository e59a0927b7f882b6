// Command propusk is an OpenID Connect provider in one binary and one file.
//
//	propusk dev                     a provider for the laptop: seeded, on loopback, ready at once
//	propusk serve -c propusk.yaml   the same engine in production
//
// The other commands read or change the data of either, beside a running server, which sees the
// change within a second.
//
// # How a command runs
//
// [run] arranges the words of the command line (flags before arguments, one spelling of each flag),
// so that every mistake in them is found and explained before urfave/cli parses anything. Each
// command lives in the file of its name, opens the database through [withDB], and returns an error;
// only run prints it.
//
// # The rules of what is printed
//
// Data goes to stdout, talk to stderr. An error is "propusk: message" in lower case without a full
// stop, then "hint: …" lines that say what to do. The exit code is 0 for done, 1 for refused or
// failed, 2 for a command line that makes no sense, in which case stdout stays empty. Secrets are
// never taken from arguments (they show in ps and in the shell's history), and are printed once.
package main
