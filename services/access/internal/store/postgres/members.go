package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/access/internal/member"
	"github.com/otklik/otklik/services/access/internal/store"
)

const (
	// Whoever changes members of an organisation waits for the others who do: who is the last administrator, and whose a subject or an address is,
	// stays so until the commit.
	sqlLockMembers = `SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '/members/' || $1::text, 0))`

	sqlInsertMember = `INSERT INTO members (organization, id, version, subject, email_key, administrator, create_time, body)
VALUES ($1, $2, 1, NULLIF($3, ''), NULLIF($4, ''), $5, $6, $7)`
	sqlSelectMember = `SELECT ` + memberColumns + ` FROM members WHERE organization = $1 AND id = $2`
	sqlListMembers  = `SELECT ` + memberColumns + ` FROM members WHERE organization = $1 AND (create_time, id) < ($2, $3) ORDER BY create_time DESC, id DESC LIMIT $4`
	sqlUpdateMember = `UPDATE members SET version = version + 1, subject = NULLIF($4, ''), email_key = NULLIF($5, ''), administrator = $6, body = $7
WHERE organization = $1 AND id = $2 AND version = $3`
	sqlDeleteMember = `DELETE FROM members WHERE organization = $1 AND id = $2`

	sqlMemberExists = `SELECT FROM members WHERE organization = $1 AND id = $2`
	sqlSubjectTaken = `SELECT FROM members WHERE organization = $1 AND subject = $2 AND id <> $3`
	sqlEmailTaken   = `SELECT FROM members WHERE organization = $1 AND email_key = $2 AND id <> $3`
	sqlOtherMember  = `SELECT FROM members WHERE organization = $1 AND id <> $2`
	sqlOtherAdmin   = `SELECT FROM members WHERE organization = $1 AND administrator AND id <> $2`

	sqlSelectSubject = `SELECT ` + memberColumns + ` FROM members WHERE organization = $1 AND subject = $2`
	sqlSelectEmail   = `SELECT ` + memberColumns + ` FROM members WHERE organization = $1 AND email_key = $2`
	sqlNoteLogin     = `UPDATE members SET last_login_time = $3 WHERE organization = $1 AND id = $2 AND (last_login_time IS NULL OR last_login_time < $3)`
)

// changeMembers runs a transaction that changes members of an organisation.
func (s *Store) changeMembers(ctx context.Context, doing, organization string, fn func(ctx context.Context, tx pgx.Tx) error) error {
	return s.update(ctx, doing, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlLockMembers, organization); err != nil {
			return err
		}
		return fn(ctx, tx)
	})
}

// CreateMember implements store.Members.
func (s *Store) CreateMember(ctx context.Context, m store.Member) (out store.Member, err error) {
	body, err := store.EncodeBody(m.Member)
	if err != nil {
		return store.Member{}, err
	}
	err = s.changeMembers(ctx, "create member", m.Organization, func(ctx context.Context, tx pgx.Tx) error {
		if taken, err := exists(ctx, tx, sqlMemberExists, m.Organization, m.ID); err != nil {
			return err
		} else if taken {
			return store.ErrExists
		}
		if err := store.CheckTaken(ctx, m, others{tx, m.Organization, m.ID}); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlInsertMember, m.Organization, m.ID, m.Subject, member.EmailKey(m.Email), m.Administers(),
			store.ToNano(m.CreateTime), body); err != nil {
			return err
		}
		out, err = scanMember(tx.QueryRow(ctx, sqlSelectMember, m.Organization, m.ID))
		return err
	})
	return out, err
}

// others are the members of an organisation other than one.
type others struct {
	tx               pgx.Tx
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
	out, err := scanMember(s.db.Pool.QueryRow(ctx, sqlSelectMember, organization, id))
	return out, s.fail("get member", err)
}

// ListMembers implements store.Members.
func (s *Store) ListMembers(ctx context.Context, q store.Query) ([]store.Member, bool, error) {
	created, id := q.Bounds()
	rows, err := s.db.Pool.Query(ctx, sqlListMembers, q.Organization, created, id, q.Limit+1)
	if err != nil {
		return nil, false, s.fail("list members", err)
	}
	out, more, err := fill(rows, q, (*store.MemberRow).Fields, func(r store.MemberRow) int { return len(r.Body) }, store.MemberRow.Member)
	return out, more, s.fail("list members", err)
}

// UpdateMember implements store.Members.
func (s *Store) UpdateMember(ctx context.Context, m store.Member) (out store.Member, err error) {
	err = s.changeMembers(ctx, "update member", m.Organization, func(ctx context.Context, tx pgx.Tx) error {
		out, err = updateMember(ctx, tx, m)
		return err
	})
	return out, err
}

func updateMember(ctx context.Context, tx pgx.Tx, m store.Member) (store.Member, error) {
	body, err := store.EncodeBody(m.Member)
	if err != nil {
		return store.Member{}, err
	}
	before, err := scanMember(tx.QueryRow(ctx, sqlSelectMember, m.Organization, m.ID))
	if err != nil {
		return store.Member{}, err
	}
	if err := store.CheckUpdate(ctx, before, m, others{tx, m.Organization, m.ID}); err != nil {
		return store.Member{}, err
	}
	if _, err := tx.Exec(ctx, sqlUpdateMember, m.Organization, m.ID, m.Version, m.Subject, member.EmailKey(m.Email), m.Administers(), body); err != nil {
		return store.Member{}, err
	}
	if m.Disabled || m.Subject != before.Subject {
		if _, err := tx.Exec(ctx, sqlDeleteSecrets, m.Organization, kinds(store.SecretOfMember, store.DelegatedMember), m.ID); err != nil {
			return store.Member{}, err
		}
	}
	return scanMember(tx.QueryRow(ctx, sqlSelectMember, m.Organization, m.ID))
}

// DeleteMember implements store.Members.
func (s *Store) DeleteMember(ctx context.Context, organization, id string) error {
	return s.changeMembers(ctx, "delete member", organization, func(ctx context.Context, tx pgx.Tx) error {
		m, err := scanMember(tx.QueryRow(ctx, sqlSelectMember, organization, id))
		if err != nil {
			return err
		}
		if err := store.CheckDelete(ctx, m, others{tx, organization, id}); err != nil {
			return err
		}
		// The member first: who begins a session meanwhile holds it, and is waited for.
		if _, err := tx.Exec(ctx, sqlDeleteMember, organization, id); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, sqlDeleteSecrets, organization, kinds(store.SecretOfMember, store.DelegatedMember), id)
		return err
	})
}

// FindSubject implements store.Members.
func (s *Store) FindSubject(ctx context.Context, organization, subject string) (store.Member, error) {
	out, err := scanMember(s.db.Pool.QueryRow(ctx, sqlSelectSubject, organization, subject))
	return out, s.fail("find member by subject", err)
}

// BindSubject implements store.Members.
func (s *Store) BindSubject(ctx context.Context, in store.Binding) (out store.Member, err error) {
	err = s.changeMembers(ctx, "bind subject", in.Organization, func(ctx context.Context, tx pgx.Tx) error {
		m, err := scanMember(tx.QueryRow(ctx, sqlSelectEmail, in.Organization, member.EmailKey(in.Email)))
		if err != nil {
			return err
		}
		if m, err = in.Bind(m); err != nil {
			return err
		}
		if _, err := updateMember(ctx, tx, m); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlNoteLogin, in.Organization, m.ID, store.ToNano(in.Time)); err != nil {
			return err
		}
		out, err = scanMember(tx.QueryRow(ctx, sqlSelectMember, in.Organization, m.ID))
		return err
	})
	return out, err
}

// NoteLogin implements store.Members.
func (s *Store) NoteLogin(ctx context.Context, organization, id string, at time.Time) error {
	return s.update(ctx, "note log-in", func(ctx context.Context, tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sqlNoteLogin, organization, id, store.ToNano(at))
		return err
	})
}
