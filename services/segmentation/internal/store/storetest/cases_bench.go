package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	// benchCases are doubled as often as benchDoublings says: to a million.
	benchCases     = 1000
	benchDoublings = 10
	benchPage      = 50
)

// BenchCases reads pages of the inbox of a million cases. exec runs a statement in the database of the store.
func BenchCases(b *testing.B, s store.Store, exec func(statement string)) {
	fillCases(b, s, exec)
	osh := store.Units{"location": {"l7"}}
	deep := store.CaseQuery{}
	for range 20 {
		deep.After = lastOf(b, s, deep)
	}
	for _, c := range []struct {
		name string
		q    store.CaseQuery
	}{
		{"first", store.CaseQuery{}}, {"deep", deep}, {"queue", store.CaseQuery{Queue: "q3"}}, {"owner", store.CaseQuery{Owner: "o11"}},
		{"unowned", store.CaseQuery{Queue: "q3", Unowned: true}}, {"state", store.CaseQuery{States: []cases.State{cases.New}}},
		{"closed", store.CaseQuery{States: []cases.State{cases.Closed}}}, {"units", store.CaseQuery{Units: osh}}, {"location", store.CaseQuery{Location: "l7"}},
	} {
		b.Run(c.name, func(b *testing.B) {
			c.q.Organization, c.q.Limit = acme, benchPage
			for b.Loop() {
				list, _, err := s.ListCases(b.Context(), c.q)
				if err != nil || len(list) != benchPage {
					b.Fatal(len(list), err)
				}
			}
		})
	}
	b.Run("claim", func(b *testing.B) {
		for i := 0; b.Loop(); i++ {
			if _, err := s.ClaimFirst(b.Context(), acme, "q3", nil, fmt.Sprint("w", i), by(time.Hour)); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("tick", func(b *testing.B) {
		for b.Loop() {
			if _, err := s.TickCases(b.Context(), noon.Add(-time.Hour), 200); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// lastOf is where a page ends.
func lastOf(b *testing.B, s store.Store, q store.CaseQuery) *store.CaseMark {
	b.Helper()
	q.Organization, q.Limit = acme, benchPage
	list, _, err := s.ListCases(b.Context(), q)
	if err != nil || len(list) == 0 {
		b.Fatal(err)
	}
	mark := store.MarkOf(list[len(list)-1])
	return &mark
}

// fillCases stores a million cases, of which every fourth is closed and some are nobody's.
func fillCases(b *testing.B, s store.Store, exec func(statement string)) {
	b.Helper()
	batch := store.CaseBatch{Now: noon}
	for i := range benchCases {
		r := ruleOf(acme, fmt.Sprint("r", i), fmt.Sprint("s", i))
		r.Outcome.Queue, r.Outcome.Severity, r.Outcome.SLA.Resolution = fmt.Sprint("q", i%8), cases.Severity(1+i%4), time.Duration(1+i%400)*time.Hour
		if i%3 > 0 {
			r.Outcome.Owner = fmt.Sprint("o", i%50)
		}
		seen := sighting(acme, fmt.Sprint("r", i), nil, 0, r)
		seen.About.Location, seen.About.Company, seen.Answer = fmt.Sprint("l", i%100), "", false
		batch.Sightings = append(batch.Sightings, seen)
	}
	must(b, "fill", s.SightCases(b.Context(), "bench", 0, 1, batch))
	exec(`UPDATE cases SET state = 6, open = 0, unresolved = 0 WHERE rank_severity = -1`)
	for i := range benchDoublings {
		exec(fmt.Sprintf(`INSERT INTO cases (organization, id, state, open, unresolved, queue, owner, subject, unit, contact, person, company, location, region, employee,
rank_late, rank_due, rank_worth, rank_severity, next_time, create_time, update_time, version, body)
SELECT organization, id || '%c', state, open, unresolved, queue, owner, subject, unit, contact, person, company, location, region, employee, rank_late,
CASE WHEN rank_due < 4000000000000000 THEN rank_due + %d ELSE rank_due END, rank_worth, rank_severity, next_time, create_time, update_time, version, body FROM cases`,
			'a'+i, 1000003<<i))
	}
}
