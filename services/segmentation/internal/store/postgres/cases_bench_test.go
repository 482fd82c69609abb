package postgres

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/segmentation/internal/store/storetest"
)

func BenchmarkCases(b *testing.B) {
	dsn := pgtest.Database(b)
	config := migratedSchema(b, dsn, "bench")
	s, err := Open(b.Context(), config, pgkit.Options{Component: component})
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	conn, err := pgx.Connect(b.Context(), dsn)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close(b.Context()) }()
	storetest.BenchCases(b, s, func(statement string) {
		for _, text := range []string{`SET search_path TO bench`, statement, `ANALYZE cases`} {
			if _, err := conn.Exec(b.Context(), text); err != nil {
				b.Fatal(err)
			}
		}
	})
}
