package postgres

import (
	"bytes"
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/survey/internal/store"
)

const (
	erasureColumns = `organization, erasure, person, begin_time, responses, refusals, comments, consents, position, settled`

	sqlInsertErasure = `INSERT INTO erasures (organization, erasure, person, begin_time) VALUES ($1, $2, $3, $4)
ON CONFLICT (organization, erasure) DO UPDATE SET begin_time = excluded.begin_time, settled = false WHERE erasures.person = excluded.person`
	sqlSelectErasure = `SELECT ` + erasureColumns + ` FROM erasures WHERE organization = $1 AND erasure = $2`
	sqlErasedKeys    = `SELECT person_key FROM erased_keys WHERE organization = $1 AND erasure = $2 ORDER BY person_key`
	sqlSettleErasure = `UPDATE erasures SET settled = true WHERE organization = $1 AND erasure = $2 AND begin_time = $3`
	sqlUnsettled     = `SELECT ` + erasureColumns + ` FROM erasures WHERE NOT settled AND begin_time < $1 ORDER BY begin_time LIMIT $2`
)

// BeginErasure implements store.Erasures.
func (s *Store) BeginErasure(ctx context.Context, organization, id string, person []byte, at time.Time) (store.Erasure, error) {
	if err := s.ready("begin erasure"); err != nil {
		return store.Erasure{}, err
	}
	var out store.Erasure
	err := s.update(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlInsertErasure, organization, id, notNull(person), at.UnixMicro()); err != nil {
			return err
		}
		var err error
		if out, err = scanErasure(tx.QueryRow(ctx, sqlSelectErasure, organization, id)); err != nil {
			return err
		}
		if !bytes.Equal(out.Person, person) {
			return store.ErrIDReused
		}
		return nil
	})
	if err != nil {
		return store.Erasure{}, s.fail("begin erasure", err)
	}
	return out, nil
}

// GetErasure implements store.Erasures.
func (s *Store) GetErasure(ctx context.Context, organization, id string) (store.Erasure, error) {
	if err := s.ready("get erasure"); err != nil {
		return store.Erasure{}, err
	}
	out, err := scanErasure(s.db.Pool.QueryRow(ctx, sqlSelectErasure, organization, id))
	return out, s.fail("get erasure", err)
}

// ErasedKeys implements store.Erasures.
func (s *Store) ErasedKeys(ctx context.Context, organization, id string) ([]string, error) {
	if err := s.ready("list erased keys"); err != nil {
		return nil, err
	}
	scan := func(row pgx.Row) (key string, err error) { return key, row.Scan(&key) }
	out, err := list(ctx, s, store.Page{}, scan, func(string) int { return 0 }, sqlErasedKeys, organization, id)
	return out, s.fail("list erased keys", err)
}

// SettleErasure implements store.Erasures.
func (s *Store) SettleErasure(ctx context.Context, organization, id string, began time.Time) error {
	if err := s.ready("settle erasure"); err != nil {
		return err
	}
	_, err := s.db.Pool.Exec(ctx, sqlSettleErasure, organization, id, began.UnixMicro())
	return s.fail("settle erasure", err)
}

// UnsettledErasures implements store.Erasures.
func (s *Store) UnsettledErasures(ctx context.Context, before time.Time, limit int) ([]store.Erasure, error) {
	if err := s.ready("list unsettled erasures"); err != nil {
		return nil, err
	}
	out, err := list(ctx, s, store.Page{}, scanErasure, func(store.Erasure) int { return 0 }, sqlUnsettled, before.UnixMicro(), limit)
	return out, s.fail("list unsettled erasures", err)
}

func scanErasure(row pgx.Row) (store.Erasure, error) {
	var e store.Erasure
	var begun int64
	if err := row.Scan(&e.Organization, &e.ID, &e.Person, &begun, &e.Responses, &e.Refusals, &e.Comments, &e.Consents, &e.Position, &e.Settled); err != nil {
		return store.Erasure{}, notFound(err)
	}
	e.BeginTime = time.UnixMicro(begun).UTC()
	return e, nil
}
