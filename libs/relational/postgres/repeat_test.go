package postgres

import "testing"

func TestRepeated(t *testing.T) {
	for statement, want := range map[string]string{
		`INSERT INTO t (a, b) VALUES ($1, $2)`: `INSERT INTO t (a, b) VALUES ($1, $2), ($3, $4)`,
		`INSERT INTO t (a, b) VALUES ($2, CAST($1::text AS tsvector)) ON CONFLICT (a) DO UPDATE SET b = excluded.b`: `INSERT INTO t (a, b) VALUES ($2, CAST($1::text AS tsvector)), ` +
			`($4, CAST($3::text AS tsvector)) ON CONFLICT (a) DO UPDATE SET b = excluded.b`,
		`INSERT INTO t VALUES ($1) ON CONFLICT DO UPDATE SET b = $2`: ``,
		`UPDATE t SET a = $1`:   ``,
		`INSERT INTO t VALUES `: ``,
	} {
		if got := repeated(statement, 2); got != want {
			t.Errorf("%s:\n got %s\nwant %s", statement, got, want)
		}
	}
}
