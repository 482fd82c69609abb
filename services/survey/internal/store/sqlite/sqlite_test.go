package sqlite

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/survey/internal/store"
	"github.com/otklik/otklik/services/survey/internal/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t testing.TB) storetest.Open {
		path := filepath.Join(t.TempDir(), "new", "survey.db")
		return func(t testing.TB) store.Store {
			s, err := Open(t.Context(), Options{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	})
}

// TestPlans makes sure that the queries of the hot paths walk an index and neither scan nor sort.
func TestPlans(t *testing.T) {
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "survey.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	for query, index := range map[string]string{
		sqlListSubmissions:   "submissions_by_survey",
		sqlListSurveys:       "surveys_by_age",
		sqlSelectStatus:      "surveys_by_name",
		sqlListRevisions:     "sqlite_autoindex_revisions",
		sqlSelectIdempotency: "PRIMARY KEY",
		sqlReadChanges:       "PRIMARY KEY",
		sqlReadChangesOf:     "PRIMARY KEY",
		sqlSelectSubmission:  "PRIMARY KEY",
	} {
		args := make([]any, strings.Count(query, "?"))
		rows, err := s.db.Read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, args...)
		if err != nil {
			t.Fatal(err)
		}
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var detail string
			if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, detail)
		}
		if err := rows.Close(); err != nil {
			t.Fatal(err)
		}
		text := strings.Join(plan, "; ")
		if !strings.Contains(text, index) || strings.Contains(text, "SCAN") || strings.Contains(text, "TEMP B-TREE") {
			t.Errorf("%s\nplan: %s", query, text)
		}
	}
}
