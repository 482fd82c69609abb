package postgres

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/access/internal/credential"
	"github.com/otklik/otklik/services/access/internal/member"
	"github.com/otklik/otklik/services/access/internal/store"
)

// TestDistributable: the tables can be distributed over shards by the organisation.
func TestDistributable(t *testing.T) {
	config := migratedSchema(t, pgtest.Database(t), component)
	pgtest.CheckDistributable(t, config.DSN, config.Schema, "organization", map[string]string{
		"secrets":      "whose a secret is, is what it is looked up for: it is found by its digest alone, by which the table can be distributed",
		"vault_keys":   "keys belong to no organisation before they are used, and nothing in the table tells who uses them",
		"webhook_feed": "one row that says how far the change log of all organisations was read",
	})
}

// TestCredentialPlans makes sure that what every call needs, and what is asked for often, walks an index and neither scans nor sorts.
func TestCredentialPlans(t *testing.T) {
	s, err := Open(t.Context(), migratedSchema(t, pgtest.Database(t), component), pgkit.Options{Component: component})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	fillCredentials(t, s)
	conn, err := s.db.Pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for _, statement := range []string{
		// The tables are small, which makes scanning them cheap.
		"ANALYZE", "SET enable_seqscan = off", "SET enable_bitmapscan = off", "SET plan_cache_mode = force_generic_plan",
	} {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	for query, indexes := range map[string][]string{
		sqlResolve:          {"secrets_pkey", "api_keys_pkey", "members_pkey", "invitations_pkey"},
		sqlListKeys:         {"api_keys_by_age"},
		sqlKeySecrets:       {"secrets_by_owner"},
		sqlDeleteSecrets:    {"secrets_by_owner"},
		sqlSelectSubject:    {"members_by_subject"},
		sqlSelectEmail:      {"members_by_email"},
		sqlListMembers:      {"members_by_age"},
		sqlListInvited:      {"invitations_by_person"},
		sqlSweepSecrets:     {"secrets_by_end"},
		sqlSweepInvitations: {"invitations_by_end"},
	} {
		text := planOf(t, conn.Conn(), query)
		sorts := strings.Contains(text, "->  Sort") && query != sqlKeySecrets && query != sqlListInvited // a handful of rows
		for _, index := range indexes {
			if !strings.Contains(text, index) || strings.Contains(text, "Seq Scan") || sorts {
				t.Errorf("%s\nplan:\n%s", query, text)
			}
		}
	}
}

// fillCredentials stores enough of everything that indexes are worth their while.
func fillCredentials(t *testing.T, s *Store) {
	t.Helper()
	now := time.Now()
	for i := range 200 {
		org, id := fmt.Sprintf("org-%d", i%4), fmt.Sprint("x", i)
		key := store.Key{Organization: org, ID: id, CreateTime: now, Key: credential.Key{Kind: credential.Secret}}
		if _, err := s.CreateKey(t.Context(), key, store.Secret{Digest: store.Digest{1, byte(i)}, CreateTime: now}); err != nil {
			t.Fatal(err)
		}
		m := store.Member{Organization: org, ID: id, CreateTime: now, Member: member.Member{Subject: id, Email: id + "@x"}}
		if _, err := s.CreateMember(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 10 {
		batch := make([]store.NewInvitation, 500)
		for j := range batch {
			id := fmt.Sprint(i, "-", j)
			batch[j] = store.NewInvitation{Digest: store.Digest{2, byte(i), byte(j >> 8), byte(j)}, Invitation: store.Invitation{
				Organization: fmt.Sprintf("org-%d", i%4), ID: id, Invitation: id, CreateTime: now, ExpireTime: now.Add(time.Duration(j) * time.Hour),
			}}
		}
		if err := s.CreateInvitations(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
}

var parameter = regexp.MustCompile(`\$[0-9]+`)

// planOf describes how the server runs a prepared statement.
func planOf(t *testing.T, conn *pgx.Conn, query string) string {
	t.Helper()
	if _, err := conn.Exec(t.Context(), "PREPARE looked_at AS "+query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	highest := 0
	for _, p := range parameter.FindAllString(query, -1) {
		if n, err := strconv.Atoi(p[1:]); err == nil {
			highest = max(highest, n)
		}
	}
	rows, err := conn.Query(t.Context(), "EXPLAIN EXECUTE looked_at("+strings.TrimSuffix(strings.Repeat("NULL, ", highest), ", ")+")")
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "DEALLOCATE looked_at"); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}
