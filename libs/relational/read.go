package relational

import (
	"context"
	"errors"
)

// List reads all rows of a query.
func List[T any](ctx context.Context, r Reader, scan func(Scanner) (T, error), query string, args ...any) (out []T, err error) {
	rows, err := r.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// ListOnce is List for a query whose text is put together from conditions: it fills no cache of prepared statements, of which there would be too many.
func ListOnce[T any](ctx context.Context, db Database, scan func(Scanner) (T, error), query string, args ...any) (out []T, err error) {
	err = db.View(ctx, func(ctx context.Context, r Reader) error {
		out, err = List(ctx, r, scan, query, args...)
		return err
	})
	return out, err
}

// One reads the only row of a query; ErrNoRow when there is none.
func One[T any](ctx context.Context, r Reader, scan func(Scanner) (T, error), query string, args ...any) (T, error) {
	found, err := List(ctx, r, scan, query, args...)
	if err == nil && len(found) == 0 {
		err = ErrNoRow
	}
	if err != nil {
		var none T
		return none, err
	}
	return found[0], nil
}

// Value reads a row of one column.
func Value[T any](row Scanner) (v T, err error) {
	err = row.Scan(&v)
	return v, err
}

// Exists tells whether a query has a row. The first column of the query is a whole number.
func Exists(ctx context.Context, r Reader, query string, args ...any) (bool, error) {
	_, err := One(ctx, r, Value[int64], query+` LIMIT 1`, args...)
	if errors.Is(err, ErrNoRow) {
		return false, nil
	}
	return err == nil, err
}

// Page cuts what was read with one more than a page holds, and tells whether there was more.
func Page[T any](found []T, limit int) ([]T, bool) {
	if len(found) > limit {
		return found[:limit], true
	}
	return found, false
}
