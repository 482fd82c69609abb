package sqlite

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/services/access/internal/store"
)

// TestPrivacyPlans makes sure that reading the audit log, the vault and the erasures walks an index and neither scans nor sorts.
func TestPrivacyPlans(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "access.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	queries := map[string]string{
		sqlAuditHead:        "PRIMARY KEY",
		sqlVaultGetKeys:     "PRIMARY KEY",
		sqlVaultDestroyKeys: "PRIMARY KEY",
		sqlVaultListKeys:    "PRIMARY KEY",
		sqlVaultListWrapped: "vault_keys_by_kek",
		sqlVaultRewrapKey:   "PRIMARY KEY",
		sqlListErasures:     "erasures_by_age",
		sqlErasureByRequest: "erasures_by_request",
		sqlDueErasure:       "erasures_by_due",
	}
	for _, c := range []struct {
		q     store.AuditQuery
		index string
	}{
		{store.AuditQuery{}, "PRIMARY KEY"},
		{store.AuditQuery{Newest: true}, "PRIMARY KEY"},
		{store.AuditQuery{Newest: true, Actor: "a"}, "audit_entries_by_actor"},
		{store.AuditQuery{Newest: true, Actor: "a", Method: "m", Resource: "r", Outcome: 1, From: time.Unix(1, 0)}, "audit_entries_by_actor"},
	} {
		text, _ := auditQuery(c.q)
		queries[text] = c.index
	}
	for query, index := range queries {
		text := planOf(t, s, query)
		if !strings.Contains(text, index) || strings.Contains(strings.ReplaceAll(text, "SCAN json_each", ""), "SCAN ") || strings.Contains(text, "TEMP B-TREE") {
			t.Errorf("%s\nplan: %s", query, text)
		}
	}
}
