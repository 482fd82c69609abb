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
		if err := checkTaken(ctx, tx, m); err != nil {
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

// checkTaken tells whether another member has the subject or the address.
func checkTaken(ctx context.Context, tx *sqlkit.Tx, m store.Member) error {
	for _, c := range []struct {
		query, value string
		err          error
	}{{sqlSubjectTaken, m.Subject, store.ErrSubjectTaken}, {sqlEmailTaken, member.EmailKey(m.Email), store.ErrEmailTaken}} {
		if c.value == "" {
			continue
		}
		if taken, err := exists(ctx, tx, c.query, m.Organization, c.value, m.ID); err != nil {
			return err
		} else if taken {
			return c.err
		}
	}
	return nil
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
	if before.Version != m.Version {
		return store.Member{}, store.ErrChanged
	}
	if before.Administers() && !m.Administers() {
		if other, err := exists(ctx, tx, sqlOtherAdmin, m.Organization, m.ID); err != nil {
			return store.Member{}, err
		} else if !other {
			return store.Member{}, store.ErrLastAdministrator
		}
	}
	if err := checkTaken(ctx, tx, m); err != nil {
		return store.Member{}, err
	}
	if _, err := tx.ExecContext(ctx, sqlUpdateMember, m.Subject, member.EmailKey(m.Email), m.Administers(), body, m.Organization, m.ID, m.Version); err != nil {
		return store.Member{}, err
	}
	if m.Disabled || m.Subject != before.Subject {
		if _, err := tx.ExecContext(ctx, sqlDeleteSecrets, m.Organization, int64(store.SecretOfMember), m.ID); err != nil {
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
		if m.Administers() {
			admin, err := exists(ctx, tx, sqlOtherAdmin, organization, id)
			if err != nil {
				return err
			}
			others, err := exists(ctx, tx, sqlOtherMember, organization, id)
			if err != nil {
				return err
			}
			if others && !admin {
				return store.ErrLastAdministrator
			}
		}
		if _, err := tx.ExecContext(ctx, sqlDeleteSecrets, organization, int64(store.SecretOfMember), id); err != nil {
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
		if m.Subject != "" || m.Disabled {
			return store.ErrNotFound
		}
		m.Subject = in.Subject
		if m.DisplayName == "" {
			m.DisplayName = in.DisplayName
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
