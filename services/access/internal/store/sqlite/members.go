package sqlite

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/access/internal/member"
	"github.com/otklik/otklik/services/access/internal/store"
)

const (
	sqlInsertMember = `INSERT INTO members (organization, id, version, subject, email_key, administrator, create_time, body)
VALUES (?, ?, 1, NULLIF(?, ''), NULLIF(?, ''), ?, ?, ?)`
	sqlSelectMember = `SELECT ` + memberColumns + ` FROM members WHERE organization = ? AND id = ?`
	sqlListMembers  = `SELECT ` + memberColumns + ` FROM members WHERE organization = ? AND (create_time, id) < (?, ?) ORDER BY create_time DESC, id DESC LIMIT ?`
	sqlUpdateMember = `UPDATE members SET version = version + 1, subject = NULLIF(?, ''), email_key = NULLIF(?, ''), administrator = ?, body = ?
WHERE organization = ? AND id = ? AND version = ?`
	sqlDeleteMember = `DELETE FROM members WHERE organization = ? AND id = ?`

	// Who else is there, and who else administers.
	sqlSubjectTaken = `SELECT 1 FROM members WHERE organization = ? AND subject = ? AND id <> ?`
	sqlEmailTaken   = `SELECT 1 FROM members WHERE organization = ? AND email_key = ? AND id <> ?`
	sqlOtherMember  = `SELECT 1 FROM members WHERE organization = ? AND id <> ? LIMIT 1`
	sqlOtherAdmin   = `SELECT 1 FROM members WHERE organization = ? AND administrator = 1 AND id <> ? LIMIT 1`

	sqlSelectSubject = `SELECT ` + memberColumns + ` FROM members WHERE organization = ? AND subject = ?`
	sqlSelectEmail   = `SELECT ` + memberColumns + ` FROM members WHERE organization = ? AND email_key = ?`
	sqlNoteLogin     = `UPDATE members SET last_login_time = ?3 WHERE organization = ?1 AND id = ?2 AND (last_login_time IS NULL OR last_login_time < ?3)`
)

// CreateMember implements store.Members.
func (s *Store) CreateMember(ctx context.Context, m store.Member) (out store.Member, err error) {
	body, err := store.EncodeBody(m.Member)
	if err != nil {
		return store.Member{}, err
	}
	err = s.update(ctx, "create member", func(ctx context.Context, tx *sqlkit.Tx) error {
		if taken, err := exists(ctx, tx, sqlSelectMemberID, m.Organization, m.ID); err != nil {
			return err
		} else if taken {
			return store.ErrExists
		}
		if err := store.CheckTaken(ctx, m, others{tx, m.Organization, m.ID}); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, sqlInsertMember, m.Organization, m.ID, m.Subject, member.EmailKey(m.Email), m.Administers(),
			store.ToNano(m.CreateTime), body); err != nil {
			return err
		}
		out, err = scanMember(tx.QueryRowContext(ctx, sqlSelectMember, m.Organization, m.ID))
		return err
	})
	return out, err
}

const sqlSelectMemberID = `SELECT 1 FROM members WHERE organization = ? AND id = ?`

// exists tells whether a query has a row.
func exists(ctx context.Context, tx *sqlkit.Tx, query string, args ...any) (bool, error) {
	var one int
	err := notFound(tx.QueryRowContext(ctx, query, args...).Scan(&one))
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// others are the members of an organisation other than one.
type others struct {
	tx               *sqlkit.Tx
	organization, id string
}

// Any implements store.OtherMembers.
func (o others) Any(ctx context.Context) (bool, error) {
	return exists(ctx, o.tx, sqlOtherMember, o.organization, o.id)
}

// Administrator implements store.OtherMembers.
func (o others) Administrator(ctx context.Context) (bool, error) {
	return exists(ctx, o.tx, sqlOtherAdmin, o.organization, o.id)
}

// Subject implements store.OtherMembers.
func (o others) Subject(ctx context.Context, subject string) (bool, error) {
	return exists(ctx, o.tx, sqlSubjectTaken, o.organization, subject, o.id)
}

// Email implements store.OtherMembers.
func (o others) Email(ctx context.Context, key string) (bool, error) {
	return exists(ctx, o.tx, sqlEmailTaken, o.organization, key, o.id)
}

// GetMember implements store.Members.
func (s *Store) GetMember(ctx context.Context, organization, id string) (store.Member, error) {
	out, err := scanMember(s.db.QueryRow(ctx, sqlSelectMember, organization, id))
	return out, s.fail("get member", err)
}

// ListMembers implements store.Members.
func (s *Store) ListMembers(ctx context.Context, q store.Query) ([]store.Member, bool, error) {
	created, id := q.Bounds()
	rows, err := s.db.Query(ctx, sqlListMembers, q.Organization, created, id, q.Limit+1)
	if err != nil {
		return nil, false, s.fail("list members", err)
	}
	out, more, err := fill(rows, q, (*store.MemberRow).Fields, func(r store.MemberRow) int { return len(r.Body) }, store.MemberRow.Member)
	return out, more, s.fail("list members", err)
}

// UpdateMember implements store.Members.
func (s *Store) UpdateMember(ctx context.Context, m store.Member) (out store.Member, err error) {
	err = s.update(ctx, "update member", func(ctx context.Context, tx *sqlkit.Tx) error {
		out, err = updateMember(ctx, tx, m)
		return err
	})
	return out, err
}

func updateMember(ctx context.Context, tx *sqlkit.Tx, m store.Member) (store.Member, error) {
	body, err := store.EncodeBody(m.Member)
	if err != nil {
		return store.Member{}, err
	}
	before, err := scanMember(tx.QueryRowContext(ctx, sqlSelectMember, m.Organization, m.ID))
	if err != nil {
		return store.Member{}, err
	}
	if err := store.CheckUpdate(ctx, before, m, others{tx, m.Organization, m.ID}); err != nil {
		return store.Member{}, err
	}
	if _, err := tx.ExecContext(ctx, sqlUpdateMember, m.Subject, member.EmailKey(m.Email), m.Administers(), body, m.Organization, m.ID, m.Version); err != nil {
		return store.Member{}, err
	}
	if m.Disabled || m.Subject != before.Subject {
		if _, err := tx.ExecContext(ctx, sqlDeleteSecrets, m.Organization, int64(store.SecretOfMember), int64(store.DelegatedMember), m.ID); err != nil {
			return store.Member{}, err
		}
	}
	return scanMember(tx.QueryRowContext(ctx, sqlSelectMember, m.Organization, m.ID))
}

// DeleteMember implements store.Members.
func (s *Store) DeleteMember(ctx context.Context, organization, id string) error {
	return s.update(ctx, "delete member", func(ctx context.Context, tx *sqlkit.Tx) error {
		m, err := scanMember(tx.QueryRowContext(ctx, sqlSelectMember, organization, id))
		if err != nil {
			return err
		}
		if err := store.CheckDelete(ctx, m, others{tx, organization, id}); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, sqlDeleteSecrets, organization, int64(store.SecretOfMember), int64(store.DelegatedMember), id); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, sqlDeleteMember, organization, id)
		return err
	})
}

// FindSubject implements store.Members.
func (s *Store) FindSubject(ctx context.Context, organization, subject string) (store.Member, error) {
	out, err := scanMember(s.db.QueryRow(ctx, sqlSelectSubject, organization, subject))
	return out, s.fail("find member by subject", err)
}

// BindSubject implements store.Members.
func (s *Store) BindSubject(ctx context.Context, in store.Binding) (out store.Member, err error) {
	err = s.update(ctx, "bind subject", func(ctx context.Context, tx *sqlkit.Tx) error {
		m, err := scanMember(tx.QueryRowContext(ctx, sqlSelectEmail, in.Organization, member.EmailKey(in.Email)))
		if err != nil {
			return err
		}
		if m, err = in.Bind(m); err != nil {
			return err
		}
		if _, err := updateMember(ctx, tx, m); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, sqlNoteLogin, in.Organization, m.ID, store.ToNano(in.Time)); err != nil {
			return err
		}
		out, err = scanMember(tx.QueryRowContext(ctx, sqlSelectMember, in.Organization, m.ID))
		return err
	})
	return out, err
}

// NoteLogin implements store.Members.
func (s *Store) NoteLogin(ctx context.Context, organization, id string, at time.Time) error {
	return s.update(ctx, "note log-in", func(ctx context.Context, tx *sqlkit.Tx) error {
		_, err := tx.ExecContext(ctx, sqlNoteLogin, organization, id, store.ToNano(at))
		return err
	})
}
