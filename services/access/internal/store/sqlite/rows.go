package sqlite

import (
	"database/sql"
	"errors"

	"github.com/otklik/otklik/services/access/internal/store"
)

// keyColumns are those that store.KeyRow is read from, and so on.
const (
	keyColumns        = `organization, id, version, create_time, expire_time, revoke_time, last_use_time, body`
	memberColumns     = `organization, id, version, create_time, last_login_time, body`
	invitationColumns = `organization, id, invitation, survey, person, respondent, create_time, expire_time, revoke_time`
)

func scanKey(row scanner) (store.Key, error) {
	var r store.KeyRow
	if err := row.Scan(r.Fields()...); err != nil {
		return store.Key{}, notFound(err)
	}
	return r.Key()
}

func scanMember(row scanner) (store.Member, error) {
	var r store.MemberRow
	if err := row.Scan(r.Fields()...); err != nil {
		return store.Member{}, notFound(err)
	}
	return r.Member()
}

func scanInvitation(row scanner) (store.Invitation, error) {
	var r store.InvitationRow
	if err := row.Scan(r.Fields()...); err != nil {
		return store.Invitation{}, notFound(err)
	}
	return r.Value(), nil
}

// fill reads the rows of a page, of which there is one more than the page holds, and closes them.
func fill[R any, V any](rows *sql.Rows, q store.Query, fields func(*R) []any, size func(R) int, value func(R) (V, error)) (out []V, more bool, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	filling := q.Fill()
	for rows.Next() {
		var r R
		if err := rows.Scan(fields(&r)...); err != nil {
			return nil, false, err
		}
		if !filling.Takes(size(r)) {
			return out, true, nil
		}
		v, err := value(r)
		if err != nil {
			return nil, false, err
		}
		out = append(out, v)
	}
	return out, false, rows.Err()
}
