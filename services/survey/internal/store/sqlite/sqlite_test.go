package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/sqlkit"
	"github.com/otklik/otklik/services/survey/internal/store"
	"github.com/otklik/otklik/services/survey/internal/store/storetest"
)

func TestConformance(t *testing.T) {
	newOpen := func(t testing.TB) storetest.Open {
		path := filepath.Join(t.TempDir(), "new", "survey.db")
		return func(t testing.TB) store.Store {
			s, err := Open(t.Context(), Options{Path: path})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
	}
	storetest.Run(t, newOpen)
	storetest.RunPersons(t, newOpen)
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
		sqlListPerson:        "submissions_by_person",
		sqlListUnmarked:      "submissions_unmarked",
		sqlListAllUnmarked:   "submissions_unmarked",
		sqlMark:              "PRIMARY KEY",
		sqlListConsents:      "PRIMARY KEY",
		sqlUnsettled:         "erasures_unsettled",
	} {
		text := planOf(t, s, query)
		if !strings.Contains(text, index) || strings.Contains(text, "SCAN") || strings.Contains(text, "TEMP B-TREE") {
			t.Errorf("%s\nplan: %s", query, text)
		}
	}
}

// planOf describes how SQLite runs a query.
func planOf(t *testing.T, s *Store, query string) string {
	t.Helper()
	rows, err := s.db.Read.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+query, make([]any, strings.Count(query, "?"))...)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := collect(rows, store.Page{}, func(row scanner) (string, error) {
		var id, parent, unused int
		var detail string
		return detail, row.Scan(&id, &parent, &unused, &detail)
	}, func(string) int { return 0 })
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(plan, "; ")
}

// TestFullDisk: a database that cannot grow refuses with retry advice, keeps what it has, and goes on when there is room.
func TestFullDisk(t *testing.T) {
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "survey.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	limit := func(pages int) {
		if _, err := s.db.Write.ExecContext(t.Context(), fmt.Sprintf("PRAGMA max_page_count = %d", pages)); err != nil {
			t.Fatal(err)
		}
	}
	accept := func(i int) error {
		in := store.NewSubmission{ID: fmt.Sprint(i), Fingerprint: []byte("x"), Body: make([]byte, 3000)}
		_, err := s.Accept(t.Context(), "acme", "visit", store.KindResponse, []store.NewSubmission{in})
		return err
	}
	limit(30)
	stored := 0
	for err = accept(stored); err == nil; err = accept(stored) {
		stored++
	}
	if !errors.Is(err, sqlkit.ErrFull) || rpcerr.RetryAfter(err) <= 0 {
		t.Fatalf("after %d submissions: %v", stored, err)
	}
	if head, err := s.Head(t.Context()); err != nil || head != int64(stored) {
		t.Fatalf("head %d, %v; %d were acknowledged", head, err, stored)
	}
	limit(1 << 30)
	if err := accept(stored); err != nil {
		t.Fatal(err)
	}
	list, err := s.ListSubmissions(t.Context(), store.SubmissionQuery{Organization: "acme", Survey: "visit", Kind: store.KindResponse, Page: store.Page{Limit: 100}})
	if err != nil || len(list) != stored+1 {
		t.Fatalf("%d submissions, want %d, %v", len(list), stored+1, err)
	}
}
