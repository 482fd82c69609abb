package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/services/survey/internal/store"
)

// list reads the rows of a page. It stops after the row with which the bodies exceed page.Bytes.
func list[T any](ctx context.Context, s *Store, page store.Page, scan func(pgx.Row) (T, error), size func(T) int, query string, args ...any) ([]T, error) {
	if err := s.open(); err != nil {
		return nil, err
	}
	rows, err := s.db.Pool.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	bytes := 0
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
		if bytes += size(v); page.Bytes > 0 && bytes >= page.Bytes {
			return out, nil
		}
	}
	return out, rows.Err()
}
