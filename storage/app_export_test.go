package storage

import "context"

// Statements whose plans are tested.
const (
	AppListQuery    = appListQuery
	AppCountQuery   = appCountQuery
	GrantUsersQuery = grantUsersQuery
)

// PeopleQuery counts the people of a page of apps.
var PeopleQuery = peopleQuery

// StoreKeyUses is what maintenance calls.
func (db *DB) StoreKeyUses(ctx context.Context, all bool) (int, error) {
	return db.storeKeyUses(ctx, all)
}

// BuiltinScopes are all that no administrator made.
func BuiltinScopes() []*Scope {
	var list []*Scope
	for _, part := range [][]Scope{coreScopes, apiScopes} {
		for _, s := range part {
			s.Builtin = true
			list = append(list, &s)
		}
	}
	return list
}
