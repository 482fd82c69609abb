package postgres

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/access/internal/audit"
	"github.com/otklik/otklik/services/access/internal/erasure"
	"github.com/otklik/otklik/services/access/internal/store"
)

// TestPrivacyPlans makes sure that reading the audit log, the vault and the erasures walks an index and neither scans nor sorts.
func TestPrivacyPlans(t *testing.T) {
	s, err := Open(t.Context(), migratedSchema(t, pgtest.Database(t), component), pgkit.Options{Component: component})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	fillPrivacy(t, s)
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
	queries := map[string]string{
		sqlLockHead:         "audit_heads_pkey",
		sqlVaultGetKeys:     "vault_keys_pkey",
		sqlVaultDestroyKeys: "vault_keys_pkey",
		sqlVaultListKeys:    "vault_keys_pkey",
		sqlVaultListWrapped: "vault_keys_by_kek",
		sqlListErasures:     "erasures_by_age",
		sqlErasureByRequest: "erasures_by_request",
		sqlDueErasures:      "erasures_by_due",
		sqlClaimErasure:     "erasures_pkey",
		sqlEraseDeliveries:  "webhook_deliveries_by_person",
		sqlErased:           "erased_persons_pkey",
	}
	for _, c := range []struct {
		q     store.AuditQuery
		index string
	}{
		{store.AuditQuery{}, "audit_entries_pkey"},
		{store.AuditQuery{Newest: true}, "audit_entries_pkey"},
		{store.AuditQuery{Newest: true, Actor: "a"}, "audit_entries_by_actor"},
	} {
		text, _ := auditQuery(c.q)
		queries[text] = c.index
	}
	for query, index := range queries {
		if text := planOf(t, conn.Conn(), query); !strings.Contains(text, index) || strings.Contains(text, "Seq Scan") || strings.Contains(text, "->  Sort") {
			t.Errorf("%s\nplan:\n%s", query, text)
		}
	}
}

// fillPrivacy stores enough of everything that indexes are worth their while.
func fillPrivacy(t *testing.T, s *Store) {
	t.Helper()
	var entries []audit.Entry
	var keys []store.WrappedKey
	for i := range 1000 {
		entries = append(entries, audit.Entry{Organization: fmt.Sprint("org-", i%4), Time: time.Unix(int64(i), 0), Actor: fmt.Sprint("actor-", i%50), Outcome: audit.Succeeded})
		keys = append(keys, store.WrappedKey{Kind: store.PersonKey, ID: fmt.Sprint(i), KEK: fmt.Sprint("kek-", i%3), Body: []byte("body")})
	}
	if _, err := s.AppendAudit(t.Context(), entries); err != nil {
		t.Fatal(err)
	}
	if err := s.AddVaultKeys(t.Context(), keys); err != nil {
		t.Fatal(err)
	}
	for i := range 200 {
		e := erasure.Erasure{
			Organization: fmt.Sprint("org-", i%4), ID: fmt.Sprint(i), RequestID: fmt.Sprint("r", i), State: erasure.State(1 + i%2),
			CreateTime: time.Unix(int64(i), 0), Due: time.Unix(int64(i), 0),
		}
		if _, _, err := s.CreateErasure(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
}
