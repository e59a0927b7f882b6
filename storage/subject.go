package storage

// Subject returns the sub under which the app knows a user (OpenID Connect Core §8): the user's id, or
// for an app with pairwise subjects HMAC-SHA256 of sector and id under a key that is never rotated, as 26
// characters of the same kind. Apps of one sector see the same person alike, those of two sectors cannot
// tell.
func (db *DB) Subject(app *App, userID string) string {
	if app.Registration.SubjectType != SubjectPairwise || userID == "" {
		return userID
	}
	h := db.keys.pairwise.get()
	defer db.keys.pairwise.put(h)
	h.part(app.Registration.Sector)
	h.part(userID)
	return idEncoding.EncodeToString(h.sum()[:16])
}

// SessionName returns the sid under which the app knows a session: the session's id, or for an app with
// pairwise subjects another one for each sector. A sid that all apps of a browser share would tell apps of
// two sectors that they see the same person.
func (db *DB) SessionName(app *App, sessionID string) string {
	if app.Registration.SubjectType != SubjectPairwise || sessionID == "" {
		return sessionID
	}
	h := db.keys.pairwise.get()
	defer db.keys.pairwise.put(h)
	h.part("sid")
	h.part(app.Registration.Sector)
	h.part(sessionID)
	return idEncoding.EncodeToString(h.sum()[:16])
}
