package postgres

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// generation is the SQL of a ledger's generation; $1 is its organisation, $2 its rebuild. No generation if there is no such ledger: the one
// of a rebuild that has failed is none.
const generation = `CASE WHEN $2::bigint = 0 THEN (SELECT live FROM ledgers WHERE organization = $1)
	ELSE (SELECT generation FROM rebuilds WHERE organization = $1 AND number = $2 AND state <> 3) END`

// inLedger is the condition that rows belong to a ledger; its parameters are those of generation.
const inLedger = `organization = $1 AND generation = ` + generation

// known returns the generations of ledgers as they were when last looked at. An organisation that is new gets its first.
func (s *Store) known(ctx context.Context, ledgers []store.Ledger) ([]int64, error) {
	generations := make([]int64, len(ledgers))
	var unknown []int
	s.mu.Lock()
	for i, l := range ledgers {
		g, ok := s.generations[l]
		if !ok {
			unknown = append(unknown, i)
		}
		generations[i] = g
	}
	s.mu.Unlock()
	for _, i := range unknown {
		g, err := s.lookUp(ctx, ledgers[i])
		if err != nil {
			return nil, fmt.Errorf("find generation of a ledger: %w", pgkit.Translate(err))
		}
		generations[i] = g
		s.mu.Lock()
		s.generations[ledgers[i]] = g
		s.mu.Unlock()
	}
	return generations, nil
}

// lookUp reads the generation of a ledger. ErrNotRunning for the ledger of a rebuild that there is not.
func (s *Store) lookUp(ctx context.Context, l store.Ledger) (int64, error) {
	if l.Rebuild == 0 {
		if _, err := s.db.Pool.Exec(ctx, `INSERT INTO ledgers (organization, live, newest) VALUES ($1, 0, 0) ON CONFLICT (organization) DO NOTHING`,
			l.Organization); err != nil {
			return 0, err
		}
	}
	var g *int64
	if err := s.db.Pool.QueryRow(ctx, `SELECT `+generation, l.Organization, l.Rebuild).Scan(&g); err != nil {
		return 0, err
	}
	if g == nil {
		return 0, store.ErrNotRunning
	}
	return *g, nil
}

// forget makes the generations of ledgers be looked up again.
func (s *Store) forget(ledgers ...store.Ledger) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, l := range ledgers {
		delete(s.generations, l)
	}
}

// inOrder sorts the ledgers of changes, and returns the changes in that order: transactions that add the same rows take them in the same
// order.
func inOrder(all []store.Changes) []*store.Changes {
	sorted := make([]*store.Changes, len(all))
	for i := range all {
		sorted[i] = &all[i]
	}
	slices.SortFunc(sorted, func(a, b *store.Changes) int {
		switch {
		case a.Ledger.Organization < b.Ledger.Organization:
			return -1
		case a.Ledger.Organization > b.Ledger.Organization:
			return 1
		}
		return int(a.Ledger.Rebuild - b.Ledger.Rebuild)
	})
	return sorted
}

// noRows tells whether err says that a query had no row.
func noRows(err error) bool { return errors.Is(err, pgx.ErrNoRows) }
