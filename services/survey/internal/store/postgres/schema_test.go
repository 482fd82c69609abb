package postgres

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// TestDistributable: the tables can be distributed over shards by the organisation.
func TestDistributable(t *testing.T) {
	config := migrated(t, newest)
	pgtest.CheckDistributable(t, config.DSN, config.Schema, "organization", map[string]string{
		"log_head":    "one row that puts the transactions of all organisations in order: it lies where they begin",
		"progress":    "a few rows that say how far work on the log of all organisations has come: they lie where transactions begin",
		"survey_head": "one row that numbers the surveys of all organisations: it lies where transactions begin",
	})
}

// TestPlans makes sure that the queries of the hot paths walk an index and neither scan nor sort. What is asked for is the plan for any arguments: it is
// what prepared statements come down to.
func TestPlans(t *testing.T) {
	s := opened(t, migrated(t, newest))
	for i := range 40 {
		in := make([]store.NewSubmission, 100)
		for j := range in {
			in[j].ID = fmt.Sprint(j)
		}
		if _, err := s.Accept(t.Context(), fmt.Sprintf("org-%d", i%4), fmt.Sprintf("survey-%d", i/4), store.KindResponse, in); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 200 {
		if _, _, err := s.CreateSurvey(t.Context(), store.Survey{Organization: fmt.Sprintf("org-%d", i%4), ID: fmt.Sprint(i), Body: []byte{}}, store.Request{}); err != nil {
			t.Fatal(err)
		}
	}
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
	for query, index := range map[string]string{
		sqlListSubmissions:   "_pkey",
		sqlReadChanges:       "position_idx",
		sqlReadChangesOf:     "organization_position_idx",
		sqlListPerson:        "organization_person_position_idx",
		sqlListUnmarked:      "organization_position_idx",
		sqlListAllUnmarked:   "organization_position_idx",
		sqlListConsents:      "consents_pkey",
		sqlUnsettled:         "erasures_unsettled",
		sqlRecall:            "identifiers_pkey",
		sqlSelectStatuses:    "surveys_pkey",
		sqlSelectSurvey:      "surveys_pkey",
		sqlSelectSurveyByNum: "surveys_by_age",
		sqlListSurveys:       "surveys_by_age",
		sqlSelectRevision:    "revisions_pkey",
		sqlListRevisions:     "revisions_pkey",
		sqlSelectRequest:     "requests_pkey",
	} {
		text := planOf(t, conn.Conn(), query)
		if !strings.Contains(text, index) || strings.Contains(text, "Seq Scan") || strings.Contains(text, "->  Sort") {
			t.Errorf("%s\nplan:\n%s", query, text)
		}
	}
	// New submissions are looked up in a hash: comparing each with each takes seconds for a large group.
	if text := planOf(t, conn.Conn(), sqlAccept); !strings.Contains(text, "hashed SubPlan") || strings.Contains(text, "Join") {
		t.Errorf("%s\nplan:\n%s", sqlAccept, text)
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
