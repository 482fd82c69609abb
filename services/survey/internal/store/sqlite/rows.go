package sqlite

import (
	"database/sql"
	"errors"

	"github.com/otklik/otklik/services/survey/internal/store"
)

// collect reads the rows of a page and closes them. It stops after the row with which the bodies exceed page.Bytes.
func collect[T any](rows *sql.Rows, page store.Page, scan func(scanner) (T, error), size func(T) int) (out []T, err error) {
	defer func() { err = errors.Join(err, rows.Close()) }()
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
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return out, nil
}
