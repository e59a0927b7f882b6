package storage

import (
	"context"
	"time"
)

// peopleKeep is how long a count of people is shown.
const peopleKeep = time.Minute

// peopleCount is how many people gave an app access, counted at a time.
type peopleCount struct {
	count int
	at    time.Time
}

// peopleQuery counts per app, up to $101: by the scope every OpenID Connect app asks for, which the index
// answers alone; of an app that nobody gave that, all people.
var peopleQuery = `SELECT a.id, (SELECT count(*) FROM (
		SELECT 1 FROM consents c WHERE c.app_id = a.id AND c.scope = 'openid' AND c.granted = TRUE LIMIT $101) known),
	(SELECT count(*) FROM (SELECT 1 FROM consents c WHERE c.app_id = a.id AND c.scope <> 'openid' AND c.granted = TRUE LIMIT 1) other)
	FROM apps a WHERE a.id IN ` + ofApps

const peopleOtherQuery = `SELECT count(*) FROM (SELECT DISTINCT user_id FROM consents WHERE app_id = $1 AND granted = TRUE LIMIT $2) known`

// countPeople tells how many people gave each of up to 100 apps access, up to PeopleMax, as of the last
// minute.
func (db *DB) countPeople(ctx context.Context, ids []string) (map[string]int, error) {
	counts, now := map[string]int{}, db.now()
	var missing []string
	for _, id := range ids {
		known, ok := db.people.get(id)
		if ok && now.Sub(known.at).Abs() < peopleKeep {
			counts[id] = known.count
		} else {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return counts, nil
	}
	var others []string
	_, err := readAll(ctx, db, func(row scanner) (struct{}, error) {
		var id string
		var count, other int
		err := row.Scan(&id, &count, &other)
		counts[id] = count
		if count == 0 && other > 0 {
			others = append(others, id)
		}
		return struct{}{}, err
	}, peopleQuery, append(appArgs(missing), PeopleMax)...)
	if err != nil {
		return nil, err
	}
	for _, id := range others {
		counts[id], err = readRow(ctx, db, scanInt, peopleOtherQuery, id, PeopleMax)
		if err != nil {
			return nil, err
		}
	}
	for _, id := range missing {
		db.people.put(id, peopleCount{counts[id], now})
	}
	return counts, nil
}

// AppPeople counts the people who gave the app access and the grants that stand, each up to 10,000: what
// breaks when it goes.
func (db *DB) AppPeople(ctx context.Context, appID string) (people, grants int, err error) {
	people, err = readRow(ctx, db, scanInt, peopleOtherQuery, appID, countMax)
	if err != nil {
		return 0, 0, err
	}
	// A grant is only made where there are consents, and withdrawing them ends it.
	grants, err = readRow(ctx, db, scanInt, `SELECT count(*) FROM (
		SELECT 1 FROM (SELECT DISTINCT user_id FROM consents WHERE app_id = $1) u
		JOIN grants g ON g.user_id = u.user_id AND g.app_id = $1
		WHERE g.revoked_at = 0 AND g.ends_at > $2 LIMIT $3) standing`, appID, millis(db.now()), countMax)
	return people, grants, err
}
