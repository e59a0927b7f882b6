package storage

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// SectorReader fetches what a sector_identifier_uri lists (OpenID Connect Core §8.1). It must bound time and
// size, and keep away from networks that are not public.
type SectorReader func(ctx context.Context, uri string) ([]string, error)

// ReadSectors sets who fetches sector_identifier_uri when an app is created or changed; the provider of this
// process does so. Without one no app can get such a URI, or further redirect URIs beside it.
func (db *DB) ReadSectors(by SectorReader) { db.sectors.Store(&by) }

// sectorList is what was fetched for one change.
type sectorList struct {
	uri  string
	uris []string
}

// sectorUnread says that a change needs what this URI lists.
type sectorUnread struct{ uri string }

func (e *sectorUnread) Error() string { return "sector_identifier_uri is not read yet" }

// withSector makes a change of an app. The network is not asked inside of a transaction: the change says
// what it needs, is undone, and made again with it.
func (db *DB) withSector(ctx context.Context, change func(sectorList) error) error {
	err := change(sectorList{})
	var need *sectorUnread
	if !errors.As(err, &need) {
		return err
	}
	invalid := &Invalid{Field: "sector_identifier_uri", Reason: "sector_unread", Value: clip(need.uri, 200)}
	read := db.sectors.Load()
	if read == nil {
		return invalid
	}
	list, err := (*read)(ctx, need.uri)
	if err != nil {
		return fmt.Errorf("%w: %w", invalid, err)
	}
	err = change(sectorList{need.uri, list})
	if errors.As(err, &need) { // somebody else has changed it meanwhile
		return invalid
	}
	return err
}

// checkSector finds the sector of an app with pairwise subjects (OpenID Connect Core §8.1, Dynamic
// Registration §5): the host of its sector_identifier_uri, at which a list must have all of its redirect
// URIs, or the one host of these. The list is not asked for again while neither the address nor the
// redirect URIs become others. That answers go to these addresses alone is what makes the sector theirs: by
// the device grant whoever names the addresses of others would learn their subjects. before is the app as
// it is stored, nil for a new one. Reasons: pairwise_device (field subject_type), and with the field
// sector_identifier_uri sector_hosts, sector_unlisted, and withSector's sector_unread.
func checkSector(before, a *App, known sectorList) error {
	r := &a.Registration
	r.Sector = ""
	if r.SubjectType == SubjectPairwise && a.Allows(GrantDeviceCode) {
		return &Invalid{Field: "subject_type", Reason: "pairwise_device"}
	}
	if r.SectorIdentifierURI == "" {
		return checkOneHost(a)
	}
	r.Sector = hostOf(r.SectorIdentifierURI)
	if before != nil && before.Registration.SectorIdentifierURI == r.SectorIdentifierURI && holdsAll(before.RedirectURIs, a.RedirectURIs) {
		return nil
	}
	if known.uri != r.SectorIdentifierURI {
		return &sectorUnread{r.SectorIdentifierURI}
	}
	for _, uri := range a.RedirectURIs {
		if !slices.Contains(known.uris, uri) {
			return &Invalid{Field: "sector_identifier_uri", Reason: "sector_unlisted", Value: clip(uri, 200)}
		}
	}
	return nil
}

func holdsAll(list, wanted []string) bool {
	return !slices.ContainsFunc(wanted, func(s string) bool { return !slices.Contains(list, s) })
}

// checkOneHost makes the host of all redirect URIs the sector of an app with pairwise subjects.
func checkOneHost(a *App) error {
	r := &a.Registration
	if r.SubjectType != SubjectPairwise {
		return nil
	}
	for _, uri := range a.RedirectURIs {
		host := hostOf(uri)
		if host == "" || r.Sector != "" && r.Sector != host {
			return &Invalid{Field: "sector_identifier_uri", Reason: "sector_hosts", Value: clip(uri, 200)}
		}
		r.Sector = host
	}
	if r.Sector == "" {
		return &Invalid{Field: "sector_identifier_uri", Reason: "sector_hosts"}
	}
	return nil
}

// hostOf is the host of an http or https URI without its port, else "".
func hostOf(uri string) string {
	u, err := url.Parse(uri)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return strings.ToLower(u.Hostname())
}

// SubjectsChange tells whether a change of an app gives every person another sub, so that the app no longer
// knows those who have been there.
func SubjectsChange(before, after *App) bool {
	b, a := &before.Registration, &after.Registration
	return b.SubjectType != a.SubjectType || a.SubjectType == SubjectPairwise && b.Sector != a.Sector
}
