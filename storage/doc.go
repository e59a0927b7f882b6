// Package storage owns the data model of propusk, every SQL statement, and who may do what.
//
// There is one concrete [*DB], opened by [Open] on a SQLite file. All times are time.Time outside
// and unix milliseconds in the database; a zero time.Time means never. Secrets are stored as keyed
// hashes (see [DB.Hash]) or sealed (see [DB.Seal]), never in clear.
//
// # Writing
//
// One goroutine owns the only writing connection. Whatever waits when it wakes is committed as one
// transaction (group commit, synchronous=FULL), so an acknowledged write is durable and fifty
// concurrent writers cost one fsync. What happens once (redeeming a code, rotating a refresh token)
// is one conditional statement whose row count is checked.
//
// # Reading
//
// Apps, users, sessions, consents, grants and scopes are read through caches that only the writer
// changes, in commit order, before the caller gets its answer. Values handed out are shared and must
// not be modified. Another process that writes the same file (a propusk command beside a running
// server) is noticed within a second, and the caches are emptied.
package storage
