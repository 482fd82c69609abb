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

func scanKey(row store.Scanner) (store.Key, error) {
	return read(row, (*store.KeyRow).Fields, store.KeyRow.Key)
}

func scanMember(row store.Scanner) (store.Member, error) {
	return read(row, (*store.MemberRow).Fields, store.MemberRow.Member)
}

func scanInvitation(row store.Scanner) (store.Invitation, error) {
	var r store.InvitationRow
	if err := row.Scan(r.Fields()...); err != nil {
		return store.Invitation{}, notFound(err)
	}
	return r.Value(), nil
}

// read reads a row.
func read[R, V any](row store.Scanner, fields func(*R) []any, value func(R) (V, error)) (V, error) {
	v, err := store.ReadRow(row, fields, value)
	return v, notFound(err)
}

// fill reads the rows of a page and closes them.
func fill[R, V any](rows *sql.Rows, q store.Query, fields func(*R) []any, size func(R) int, value func(R) (V, error)) (out []V, more bool, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
	return store.ReadPage(rows, q, fields, size, value)
}
