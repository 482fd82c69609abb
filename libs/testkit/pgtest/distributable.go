package pgtest

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// catalog asks what stands between the tables of a schema and their distribution over shards by a column. Partitions follow their parents and are
// left out, but for what only they have.
var catalog = []struct{ rule, query string }{
	{"every primary and unique key holds the distribution column", `
		SELECT c.relname, 'index ' || i.relname
		FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND (x.indisunique OR x.indisexclusion) AND NOT EXISTS (
			SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = $2 AND a.attnum = ANY(x.indkey[0:x.indnkeyatts - 1]))`},
	{"no foreign key crosses shards", `
		SELECT c.relname, 'constraint ' || k.conname
		FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND k.contype = 'f' AND $2 <> ''`},
	{"no trigger crosses shards", `
		SELECT c.relname, 'trigger ' || t.tgname
		FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND NOT t.tgisinternal AND $2 <> ''`},
	{"a distributed table has the distribution column, and no row without it", `
		SELECT c.relname, 'column ' || $2::text
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT EXISTS (
			SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = $2 AND a.attnotnull)`},
	{"a distributed table has a primary key, by which changes find their shard", `
		SELECT c.relname, 'primary key'
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND $2 <> '' AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND NOT EXISTS (
			SELECT FROM pg_index x WHERE x.indrelid = c.oid AND x.indisprimary)`},
}

// versionTable is that of the migrations, which every schema has.
const versionTable = "goose_db_version"

// CheckDistributable fails the test for everything that keeps the tables of a schema from being distributed over Citus by a column. local
// are the tables that stay on the coordinator, each with the reason; they are held to the rules about foreign keys and triggers only.
func CheckDistributable(t testing.TB, dsn, schema, column string, local map[string]string) {
	t.Helper()
	problems, err := undistributable(t.Context(), dsn, schema, column, local)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		t.Error(p)
	}
}

// undistributable lists what is in the way.
func undistributable(ctx context.Context, dsn, schema, column string, local map[string]string) ([]string, error) {
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return nil, fmt.Errorf("connect to PostgreSQL: %w", err)
	}
	defer conn.Close(context.WithoutCancel(ctx)) //nolint:errcheck // it has served
	tables, err := conn.Query(ctx, `SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		WHERE n.nspname = $1 AND c.relkind IN ('r', 'p') AND NOT c.relispartition`, schema)
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	names, err := pgx.CollectRows(tables, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list tables: %w", err)
	}
	var problems []string
	if len(names) == 0 {
		problems = append(problems, fmt.Sprintf("schema %s has no tables", schema))
	}
	for _, name := range slices.Sorted(maps.Keys(local)) {
		if !slices.Contains(names, name) {
			problems = append(problems, fmt.Sprintf("%s.%s is named as local (%s), but there is no such table", schema, name, local[name]))
		}
		if strings.TrimSpace(local[name]) == "" {
			problems = append(problems, fmt.Sprintf("%s.%s is local without a reason", schema, name))
		}
	}
	for _, rule := range catalog {
		found, err := conn.Query(ctx, rule.query, schema, column)
		if err != nil {
			return nil, fmt.Errorf("check that %s: %w", rule.rule, err)
		}
		var table, what string
		if _, err := pgx.ForEachRow(found, []any{&table, &what}, func() error {
			_, isLocal := local[table]
			crosses := strings.HasPrefix(what, "constraint ") || strings.HasPrefix(what, "trigger ")
			if crosses || !isLocal && table != versionTable {
				problems = append(problems, fmt.Sprintf("%s.%s, %s: %s", schema, table, what, rule.rule))
			}
			return nil
		}); err != nil {
			return nil, fmt.Errorf("check that %s: %w", rule.rule, err)
		}
	}
	return problems, nil
}
