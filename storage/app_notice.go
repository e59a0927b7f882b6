package storage

import (
	"errors"
	"slices"
	"time"
)

// NoticeKind says what the developers of an app should know.
type NoticeKind string

// The kinds of notice.
const (
	NoticeKeyExpired      NoticeKind = "key_expired"
	NoticeKeyExpiring     NoticeKind = "key_expiring"     // within 14 days
	NoticeNoKey           NoticeKind = "no_key"           // proves itself by keys, and none works
	NoticeRedirectRefused NoticeKind = "redirect_refused" // a URI that is not registered was asked for
	NoticeRefusals        NoticeKind = "refusals"         // many refusals within an hour
	NoticeLogouts         NoticeKind = "logouts"          // logouts the app could not be told of
)

// Bounds of what is told.
const (
	noticeExpiring = 14 * 24 * time.Hour
	noticeWindow   = time.Hour
	noticeMany     = 10 // refusals
)

// Notice is one thing the developers of an app should know. Which fields are set depends on the kind.
type Notice struct {
	Kind        NoticeKind
	Time        time.Time // when the key ends or ended; of the latest attempt
	KeyID       string
	KeyLabel    string // of the key, or its prefix where it has none
	RedirectURI string // exactly as it came
	PostLogout  bool   // it came as a post_logout_redirect_uri
	Reason      string // why it cannot be registered, a reason of [CheckRedirectURI]; empty: it can; why a logout was not delivered, in English
	Count       int    // attempts
	EventID     string // of the latest attempt
}

// Urgent tells whether people cannot sign in because of it, or soon cannot.
func (n Notice) Urgent() bool {
	return n.Kind == NoticeKeyExpired || n.Kind == NoticeNoKey || n.Kind == NoticeRefusals || n.Kind == NoticeLogouts
}

// Notices returns what the app's developers should know at that time: first its keys, then the URIs that were
// refused, the latest first, then logouts it was not told of and refusals that pile up. events are the app's
// own, newest first, as [DB.Events] returns them. A URI that has been registered since is not told.
func (a *App) Notices(events []Event, now time.Time) []Notice {
	return slices.Concat(a.keyNotices(now), a.redirectNotices(events), logoutNotices(events), refusalNotices(events, now))
}

func (a *App) keyNotices(now time.Time) []Notice {
	if !a.KeepsSecret() {
		return nil
	}
	var list []Notice
	signing := !slices.Contains(a.AuthMethods, AuthBasic) && !slices.Contains(a.AuthMethods, AuthPost)
	live := 0
	for _, key := range a.Keys {
		n := Notice{Time: key.ExpiresAt, KeyID: key.ID, KeyLabel: key.Label}
		if n.KeyLabel == "" {
			n.KeyLabel = key.Prefix
		}
		switch {
		case signing && !key.Signs(): // no method goes by it
			continue
		case key.ExpiresAt.IsZero():
			live++
			continue
		case !now.Before(key.ExpiresAt):
			n.Kind = NoticeKeyExpired
		case !now.Before(key.ExpiresAt.Add(-noticeExpiring)):
			live++
			n.Kind = NoticeKeyExpiring
		default:
			live++
			continue
		}
		list = append(list, n)
	}
	if live == 0 && !slices.Contains(a.AuthMethods, AuthPrivateKeyJWT) {
		list = append(list, Notice{Kind: NoticeNoKey})
	}
	return list
}

// redirectNotices tells each URI once, with the latest attempt.
func (a *App) redirectNotices(events []Event) []Notice {
	var list []Notice
	for _, e := range events {
		if e.RedirectURI == "" {
			continue
		}
		logout := e.Endpoint == "endsession"
		at := slices.IndexFunc(list, func(n Notice) bool { return n.RedirectURI == e.RedirectURI && n.PostLogout == logout })
		if at >= 0 {
			list[at].Count++
			continue
		}
		registered, check := a.MatchRedirectURI, CheckRedirectURI
		if logout {
			registered, check = a.MatchPostLogoutURI, CheckPostLogoutURI
		}
		if registered(e.RedirectURI) {
			continue
		}
		n := Notice{Kind: NoticeRedirectRefused, Time: e.Time, RedirectURI: e.RedirectURI, PostLogout: logout, Count: 1, EventID: e.ID}
		var invalid *Invalid
		if errors.As(check(a, e.RedirectURI), &invalid) {
			n.Reason = invalid.Reason
		}
		list = append(list, n)
	}
	return list
}

// logoutNotices counts the logouts that are remembered as not delivered.
func logoutNotices(events []Event) []Notice {
	n := Notice{Kind: NoticeLogouts}
	for _, e := range events {
		if e.Endpoint != EventLogout {
			continue
		}
		if n.Count == 0 {
			n.Time, n.EventID, n.Reason = e.Time, e.ID, e.Description
		}
		n.Count++
	}
	if n.Count == 0 {
		return nil
	}
	return []Notice{n}
}

// refusalNotices counts what did not go well within the last hour.
func refusalNotices(events []Event, now time.Time) []Notice {
	n := Notice{Kind: NoticeRefusals}
	for _, e := range events {
		if e.Endpoint == EventLogout || e.Result == "ok" || e.Result == "" || now.Sub(e.Time) >= noticeWindow {
			continue
		}
		if n.Count == 0 {
			n.Time, n.EventID = e.Time, e.ID
		}
		n.Count++
	}
	if n.Count < noticeMany {
		return nil
	}
	return []Notice{n}
}
