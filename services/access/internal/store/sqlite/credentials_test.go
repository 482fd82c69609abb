package sqlite

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/access/internal/store"
)

// TestCredentialPlans makes sure that what every call needs, and what is asked for often, walks an index and neither scans nor sorts.
func TestCredentialPlans(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "access.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	for query, index := range map[string]string{
		sqlResolve:          "SEARCH s USING PRIMARY KEY",
		sqlUseKey:           "PRIMARY KEY",
		sqlUseSecret:        "PRIMARY KEY",
		sqlListKeys:         "api_keys_by_age",
		sqlKeySecrets:       "secrets_by_owner",
		sqlDeleteSecrets:    "secrets_by_owner",
		sqlSelectSubject:    "members_by_subject",
		sqlSelectEmail:      "members_by_email",
		sqlListMembers:      "members_by_age",
		sqlOtherAdmin:       "members_who_administer",
		sqlListInvited:      "invitations_by_person",
		sqlSweepSecrets:     "secrets_by_end",
		sqlSweepInvitations: "invitations_by_end",
	} {
		text := planOf(t, s, query)
		sorts := strings.Contains(text, "TEMP B-TREE") && query != sqlKeySecrets // a handful of rows
		if !strings.Contains(text, index) || strings.Contains(strings.ReplaceAll(text, "SCAN json_each", ""), "SCAN ") || sorts {
			t.Errorf("%s\nplan: %s", query, text)
		}
	}
}

// planOf describes how SQLite runs a query.
func planOf(t *testing.T, s *Store, query string) string {
	t.Helper()
	args := strings.Count(query, "?")
	if strings.Contains(query, "?1") {
		args = 4
		for !strings.Contains(query, "?"+string(rune('0'+args))) {
			args--
		}
	}
	rows, err := s.db.Read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, make([]any, args)...)
	if err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	plan, err := collect(rows, func(row store.Scanner) (string, error) {
		var id, parent, unused int
		var detail string
		return detail, row.Scan(&id, &parent, &unused, &detail)
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "; ")
}
