package sqlite

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/scoring/internal/cell"
	"github.com/otklik/otklik/services/scoring/internal/store"
)

// place is where the chunks of a span lie.
type place struct {
	organization string
	generation   int64
	survey       string
	span         cell.Span
}

func (p place) args(more ...any) []any {
	return append([]any{p.organization, p.generation, p.survey, p.span}, more...)
}

// fanout is the number of chunks of one level that are merged into one of the next: each cell is written again once per level, and a
// span has fewer than fanout chunks on each.
const fanout = 8

// settledLevel is added to the level of chunks that are not merged any more.
const settledLevel = 100

// addChunk adds a chunk of level 0, that of a batch, and merges levels that are full.
func (s *Store) addChunk(ctx context.Context, tx *sqlkit.Tx, p place, number int64, chunk []byte) error {
	if _, err := tx.ExecContext(ctx,
		`INSERT INTO cells (organization, generation, survey, span, level, number, chunk) VALUES (?, ?, ?, ?, 0, ?, ?)`,
		p.args(number, chunk)...); err != nil {
		return fmt.Errorf("add cells: %w", err)
	}
	if !s.full(p) {
		return nil
	}
	for level := 0; ; level++ {
		merged, err := mergeLevel(ctx, tx, p, level)
		if err != nil {
			return err
		}
		if !merged {
			return nil
		}
	}
}

// full tells whether it is time to look at a span for merging.
func (s *Store) full(p place) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.appended[p]++
	if s.appended[p] < fanout {
		return false
	}
	delete(s.appended, p)
	return true
}

// mergeLevel merges the chunks of a level into one of the next if there are enough; false if there are not.
func mergeLevel(ctx context.Context, tx *sqlkit.Tx, p place, level int) (bool, error) {
	var count, newest int64
	if err := tx.QueryRowContext(ctx,
		`SELECT count(*), coalesce(max(number), 0) FROM cells WHERE organization = ? AND generation = ? AND survey = ? AND span = ? AND level = ?`,
		p.args(level)...).Scan(&count, &newest); err != nil {
		return false, fmt.Errorf("count cells: %w", sqlkit.Translate(err))
	}
	if count < fanout {
		return false, nil
	}
	rows, err := tx.QueryContext(ctx,
		`SELECT chunk FROM cells WHERE organization = ? AND generation = ? AND survey = ? AND span = ? AND level = ?`, p.args(level)...)
	if err != nil {
		return false, fmt.Errorf("read cells: %w", err)
	}
	chunks, err := readChunks(rows)
	if err != nil {
		return false, err
	}
	merged, err := cell.Merge(p.span, chunks...)
	if err != nil {
		return false, fmt.Errorf("merge cells of survey %s: %w", p.survey, err)
	}
	if _, err := tx.ExecContext(ctx,
		`DELETE FROM cells WHERE organization = ? AND generation = ? AND survey = ? AND span = ? AND level = ?`, p.args(level)...); err != nil {
		return false, fmt.Errorf("replace cells: %w", err)
	}
	rest, settled, err := cell.Settle(merged)
	if err != nil {
		return false, fmt.Errorf("merge cells of survey %s: %w", p.survey, err)
	}
	// No two chunks of a level are merged from the same newest one.
	for at, chunk := range map[int][]byte{level + 1: rest, settledLevel + level + 1: settled} {
		if chunk == nil {
			continue
		}
		if _, err := tx.ExecContext(ctx,
			`INSERT INTO cells (organization, generation, survey, span, level, number, chunk) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			p.args(at, newest, chunk)...); err != nil {
			return false, fmt.Errorf("replace cells: %w", err)
		}
	}
	return rest != nil, nil
}

func readChunks(rows *sql.Rows) (chunks [][]byte, err error) {
	defer func() { err = closeRows(rows, err) }()
	for rows.Next() {
		var chunk []byte
		if err := rows.Scan(&chunk); err != nil {
			return nil, fmt.Errorf("read cells: %w", err)
		}
		chunks = append(chunks, chunk)
	}
	return chunks, nil
}

// Cells calls fn with the chunks of each span of the live ledgers.
func (s *Store) Cells(
	ctx context.Context, fn func(organization, survey string, span cell.Span, chunks [][]byte) error,
) (store.Marks, error) {
	// Cells and marks are read as they were at one moment.
	tx, err := s.db.Read.BeginTx(ctx, nil)
	if err != nil {
		return store.Marks{}, fmt.Errorf("read cells: %w", sqlkit.Translate(err))
	}
	defer func() { _ = tx.Rollback() }() // there is nothing to undo
	marks, err := readMarks(ctx, tx)
	if err != nil {
		return store.Marks{}, fmt.Errorf("read cells: %w", err)
	}
	if err := eachSpan(ctx, tx, fn); err != nil {
		return store.Marks{}, err
	}
	return marks, nil
}

// eachSpan calls fn with the chunks of each span of the live ledgers.
func eachSpan(ctx context.Context, tx *sql.Tx, fn func(organization, survey string, span cell.Span, chunks [][]byte) error) (err error) {
	rows, err := tx.QueryContext(ctx, `
		SELECT organization, survey, span, chunk FROM cells
		WHERE generation = coalesce((SELECT live FROM ledgers WHERE ledgers.organization = cells.organization), 0)
		ORDER BY organization, generation, survey, span`)
	if err != nil {
		return fmt.Errorf("read cells: %w", sqlkit.Translate(err))
	}
	defer func() { err = closeRows(rows, err) }()
	var at place
	var chunks [][]byte
	flush := func() error {
		if len(chunks) == 0 {
			return nil
		}
		return fn(at.organization, at.survey, at.span, chunks)
	}
	for rows.Next() {
		var p place
		var chunk []byte
		if err := rows.Scan(&p.organization, &p.survey, &p.span, &chunk); err != nil {
			return fmt.Errorf("read cells: %w", err)
		}
		if p != at {
			if err := flush(); err != nil {
				return err
			}
			at, chunks = p, nil
		}
		chunks = append(chunks, chunk)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read cells: %w", sqlkit.Translate(err))
	}
	return flush()
}

// closeRows closes rows after they were read; err is what went wrong before.
func closeRows(rows *sql.Rows, err error) error {
	if closeErr := rows.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = rows.Err()
	}
	if err != nil {
		return sqlkit.Translate(err)
	}
	return nil
}
