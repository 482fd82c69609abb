package postgres

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
)

// swept are the tables of records with the columns that tell the rows of a generation apart, in the order of their index.
func swept() []struct{ table, key string } {
	return []struct{ table, key string }{
		{"facts", "survey, position"}, {"refusals", "survey, position"}, {"identifiers", "digest"}, {"outcomes", "survey, invitation"},
		{"cells", "survey, span, level, partition, version"}, {"respondents", "survey"}, {"aside", "position"},
	}
}

// Sweep removes some records of a ledger that is not in use any more.
func (s *Store) Sweep(ctx context.Context, limit int) (more bool, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, tx pgx.Tx) error {
		var organization string
		var generation int64
		// One that another process is at work on is left to it.
		err := tx.QueryRow(ctx, `SELECT organization, generation FROM unused LIMIT 1 FOR UPDATE SKIP LOCKED`).Scan(&organization, &generation)
		if noRows(err) {
			return nil
		}
		if err != nil {
			return err
		}
		more = true
		removed := 0
		for _, t := range swept() {
			if removed >= limit {
				return nil
			}
			n, err := sweep(ctx, tx, t.table, t.key, organization, generation, limit-removed)
			if err != nil {
				return fmt.Errorf("sweep %s: %w", t.table, err)
			}
			removed += n
		}
		// Merging chunks may have added one meanwhile: the ledger is done with when nothing was found at all.
		if removed > 0 {
			return nil
		}
		_, err = tx.Exec(ctx, `DELETE FROM unused WHERE organization = $1 AND generation = $2`, organization, generation)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("sweep unused records: %w", err)
	}
	return more, nil
}

// sweep removes the first rows of a generation from a table, about limit of them.
func sweep(ctx context.Context, tx pgx.Tx, table, key, organization string, generation int64, limit int) (int, error) {
	const inGeneration = ` WHERE organization = $1 AND generation = $2`
	rows, err := tx.Query(ctx, `SELECT `+key+` FROM `+table+inGeneration+` ORDER BY `+key+` OFFSET $3 LIMIT 1`, organization, generation, limit)
	if err != nil {
		return 0, err
	}
	// Where the rest begins; nothing when there is none.
	edge, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) ([]any, error) { return row.Values() })
	if err != nil {
		return 0, err
	}
	statement, args := `DELETE FROM `+table+inGeneration, []any{organization, generation}
	if len(edge) > 0 {
		places := make([]string, len(edge[0]))
		for i := range places {
			places[i] = "$" + strconv.Itoa(i+3)
		}
		statement += ` AND (` + key + `) < (` + strings.Join(places, ", ") + `)`
		args = append(args, edge[0]...)
	}
	done, err := tx.Exec(ctx, statement, args...)
	return int(done.RowsAffected()), err
}
