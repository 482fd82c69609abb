package sqlite

import (
	"io/fs"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/access/internal/store"
)

// before are the migrations whose names come before one.
func before(t *testing.T, name string) fstest.MapFS {
	t.Helper()
	out := fstest.MapFS{}
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if base := filepath.Base(file); base < name {
			text, err := migrations.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			out[base] = &fstest.MapFile{Data: text}
		}
	}
	return out
}

// TestMessagesOfBeforeAreErased: of whom messages of before tell nobody knows, so that those about contacts go; those about other things stay.
func TestMessagesOfBeforeAreErased(t *testing.T) {
	path := filepath.Join(t.TempDir(), "access.db")
	db, err := sqlkit.OpenSQLite(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	if err := sqlkit.Migrate(t.Context(), db, before(t, "00008")); err != nil {
		t.Fatal(err)
	}
	kept := []string{"cases/7", "erasures/e", "surveys/contacts/responses/r"}
	for _, resource := range append([]string{"contacts/ann/light", "segments/vip/memberships/ann"}, kept...) {
		if _, err := db.Write.ExecContext(t.Context(), `INSERT INTO webhook_deliveries (organization, webhook, id, event, resource, state, attempts, create_time, last_result)
VALUES ('acme', 'h', ?1, 1, ?1, 1, 0, 0, '')`, resource); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := db.Write.ExecContext(t.Context(), `INSERT INTO erasures (organization, id, state, create_time, due_time, sealed, progress)
VALUES ('acme', 'e', 1, 0, 0, x'01', '{"person": "p_ann"}')`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}

	s, err := Open(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	left, err := list(t.Context(), s, func(row store.Scanner) (resource string, err error) { return resource, row.Scan(&resource) },
		`SELECT resource FROM webhook_deliveries ORDER BY resource`)
	if err != nil || !slices.Equal(left, kept) {
		t.Errorf("messages about %v are left, %v", left, err)
	}
	var sealed []byte
	if err := s.db.QueryRow(t.Context(), `SELECT sealed FROM erasures WHERE id = 'e'`).Scan(&sealed); err != nil || sealed != nil {
		t.Errorf("who is erased is sealed as %x, %v", sealed, err)
	}
	if e, err := s.GetErasure(t.Context(), "acme", "e"); err != nil || e.Person != "p_ann" {
		t.Errorf("the erasure goes on as %+v, %v", e, err)
	}
}
