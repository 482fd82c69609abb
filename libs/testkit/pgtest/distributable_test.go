package pgtest

import (
	"strings"
	"testing"
)

func TestWhatCannotBeDistributedIsFound(t *testing.T) {
	t.Parallel()
	dsn := Database(t)
	Exec(t, dsn, `
		CREATE SCHEMA s;
		CREATE TABLE s.goose_db_version (id int PRIMARY KEY);
		CREATE TABLE s.head (position bigint PRIMARY KEY);
		CREATE TABLE s.good (organization text, id text, at timestamptz, PRIMARY KEY (organization, at, id)) PARTITION BY RANGE (at);
		CREATE TABLE s.good_default PARTITION OF s.good DEFAULT;
		CREATE TABLE s.good_p1 PARTITION OF s.good FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');`)
	local := map[string]string{"head": "one row, local to the coordinator"}
	CheckDistributable(t, dsn, "s", "organization", local)

	Exec(t, dsn, `
		CREATE TABLE s.included (organization text NOT NULL, id text PRIMARY KEY);
		CREATE UNIQUE INDEX covering ON s.included (id) INCLUDE (organization);
		CREATE TABLE s.nullable (organization text, id text, UNIQUE (organization, id));
		CREATE TABLE s.child (organization text NOT NULL, id text, parent bigint REFERENCES s.head, PRIMARY KEY (organization, id));
		CREATE UNIQUE INDEX only_here ON s.good_p1 (id);
		CREATE FUNCTION s.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
		CREATE TRIGGER watch BEFORE INSERT ON s.head FOR EACH ROW EXECUTE FUNCTION s.f();`)
	local["gone"] = "it was there once"
	local["included_not"] = " "
	problems, err := undistributable(t.Context(), dsn, "s", "organization", local)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"s.included, index included_pkey", "s.included, index covering", "s.nullable, column organization", "s.nullable, primary key",
		"s.child, constraint child_parent_fkey", "s.good_p1, index only_here", "s.head, trigger watch", "s.gone is named as local", "s.included_not is local without a reason",
	} {
		found := false
		for i, p := range problems {
			if strings.HasPrefix(p, want) {
				problems = append(problems[:i], problems[i+1:]...)
				found = true
				break
			}
		}
		if !found {
			t.Errorf("%s was not found", want)
		}
	}
	if len(problems) != 1 || !strings.Contains(problems[0], "s.included_not is named as local") {
		t.Errorf("and also: %v", problems)
	}
	if problems, err := undistributable(t.Context(), dsn, "empty", "organization", nil); err != nil || len(problems) != 1 {
		t.Errorf("a schema without tables: %v, %v", problems, err)
	}
}
