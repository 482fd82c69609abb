package store

// Scanner is a row of a query, whatever the driver.
type Scanner interface{ Scan(dest ...any) error }

// Rows are the rows of a query. Who asked closes them.
type Rows interface {
	Scanner
	Next() bool
	Err() error
}

// ReadRow reads a row and returns what it stands for.
func ReadRow[R, V any](row Scanner, fields func(*R) []any, value func(R) (V, error)) (V, error) {
	var r R
	if err := row.Scan(fields(&r)...); err != nil {
		var none V
		return none, err
	}
	return value(r)
}

// ReadAll reads all rows.
func ReadAll[V any](rows Rows, scan func(Scanner) (V, error)) ([]V, error) {
	var out []V
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// ReadPage reads the rows of a page, of which there is one more than the page holds, and tells whether there are more.
func ReadPage[R, V any](rows Rows, q Query, fields func(*R) []any, size func(R) int, value func(R) (V, error)) (out []V, more bool, err error) {
	filling := q.Fill()
	for rows.Next() {
		var r R
		if err := rows.Scan(fields(&r)...); err != nil {
			return nil, false, err
		}
		if !filling.Takes(size(r)) {
			return out, true, nil
		}
		v, err := value(r)
		if err != nil {
			return nil, false, err
		}
		out = append(out, v)
	}
	return out, false, rows.Err()
}
