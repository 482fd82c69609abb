package sqlite

import (
	"crypto/md5" //nolint:gosec // sixteen bytes of a text, no secret
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otklik/otklik/services/segmentation/internal/retention"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// What is summed of CDNOW's purchases is what a recount of the file gives, whenever it is asked as of, and what is told of outcomes, too.
func TestCDNOW(t *testing.T) {
	t.Parallel()
	const organization = "cdnow"
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "segmentation.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	all := cdnowPurchases(t)
	var list []store.Purchase
	for _, p := range all {
		person := md5.Sum([]byte(p.Respondent)) //nolint:gosec // see above
		list = append(list, store.Purchase{Purchase: p, Person: person[:], CreateTime: p.Time})
	}
	for part := range slices.Chunk(list, 1000) {
		out, err := s.UpsertPurchases(t.Context(), organization, part)
		if err != nil {
			t.Fatal(err)
		}
		for i, u := range out {
			if u.Change != store.Created || u.Err != nil {
				t.Fatalf("%s: %v, %v", part[i].Receipt, u.Change, u.Err)
			}
		}
	}
	contacts := map[string]string{} // by respondent
	for _, p := range list {
		if contacts[p.Respondent] == "" {
			if contacts[p.Respondent], err = s.ContactOf(t.Context(), organization, p.Person); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, before := range []time.Time{time.Date(1997, 10, 1, 0, 0, 0, 0, time.UTC), time.Date(1998, 7, 1, 0, 0, 0, 0, time.UTC)} {
		want := map[string]store.PurchaseSum{}
		for _, p := range all {
			if !p.Time.Before(before) {
				continue
			}
			c := contacts[p.Respondent]
			sum, known := want[c]
			if !known || p.Time.Before(sum.First) {
				sum.First = p.Time
			}
			if p.Time.After(sum.Last) {
				sum.Last = p.Time
			}
			sum.Contact, sum.Purchases, sum.Amount = c, sum.Purchases+1, sum.Amount+p.Amount
			want[c] = sum
		}
		got := map[string]store.PurchaseSum{}
		if err := s.PurchaseSums(t.Context(), organization, "USD", before, func(p store.PurchaseSum) error {
			got[p.Contact] = p
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" || len(got) < 1000 {
			t.Errorf("as of %v %d customers: %s", before, len(got), diff)
		}
	}
	outcomesOfCDNOW(t, s, organization, contacts)
}

func outcomesOfCDNOW(t *testing.T, s *Store, organization string, contacts map[string]string) {
	t.Helper()
	periods := retention.Periods{
		ScoreStart: time.Date(1997, 1, 1, 0, 0, 0, 0, time.UTC), ScoreEnd: time.Date(1997, 7, 1, 0, 0, 0, 0, time.UTC),
		OutcomeStart: time.Date(1997, 7, 1, 0, 0, 0, 0, time.UTC), OutcomeEnd: time.Date(1998, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	want := map[string]retention.Customer{}
	for _, p := range cdnowPurchases(t) {
		c := want[contacts[p.Respondent]]
		switch {
		case p.Time.Before(periods.OutcomeStart):
			c.Past, c.BoughtBefore = c.Past+p.Amount, true
		case p.Time.Before(periods.OutcomeEnd):
			c.Value, c.Purchases = c.Value+p.Amount, c.Purchases+1
		default:
			continue
		}
		want[contacts[p.Respondent]] = c
	}
	got, err := s.Outcomes(t.Context(), organization, "USD", periods)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// All of them together, as if each had given the same score.
	var customers []retention.Customer
	var repeated, buyers int64
	for _, c := range got {
		c.Score = 7
		customers = append(customers, c)
		if c.BoughtBefore {
			buyers++
			if c.Purchases > 0 {
				repeated++
			}
		}
	}
	answer, err := retention.Tell(retention.Question{Periods: periods, Cuts: retention.Cuts{Amber: 5, Green: 8}, Level: 0.95, Method: retention.Bootstrap, Seed: 1}, customers)
	if err != nil {
		t.Fatal(err)
	}
	if r := answer.All.Repeat; r.Count != repeated || r.Of != buyers || !r.Interval.Contains(float64(repeated)/float64(buyers)) || answer.Point != nil {
		t.Errorf("%+v, want %d of %d", answer.All, repeated, buyers)
	}
	if v := answer.All.Value; v.Method != retention.Bootstrap || v.Interval == nil || !v.Interval.Contains(v.Estimate) {
		t.Errorf("value %+v", v)
	}
}
