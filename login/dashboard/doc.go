// Package dashboard is what a signed-in person sees: account, apps with their developers and keys, users
// and audit. Every page is plain HTML with forms; each does one thing through storage, which asks
// [storage.May], and shows it by package page.
package dashboard
