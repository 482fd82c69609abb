package membership_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/cluster"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/membership"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

func equal[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestMembershipsFollowWhatChanges(t *testing.T) {
	h := newHarness(t)
	h.company("bank", "finance")
	h.contact("a", "bank", map[string]attribute.Value{"age": number(attribute.Number, 40), "vip": number(attribute.Bool, 1)})
	h.contact("b", "", map[string]attribute.Value{"age": number(attribute.Number, 20)})
	h.segment("old", `contact.age >= 30`)
	h.segment("money", `company.sector == "finance" && contact.vip`)
	equal(t, "old", h.step("old"), []string{"a"})
	equal(t, "events of what is new", h.events(), nil)

	h.now = noon.Add(time.Minute)
	h.contact("b", "", map[string]attribute.Value{"age": number(attribute.Number, 50)})
	h.contact("c", "bank", map[string]attribute.Value{"vip": number(attribute.Bool, 1)})
	equal(t, "old", h.step("old"), []string{"a", "b"})
	equal(t, "money", h.step("money"), []string{"a", "c"})
	h.now = noon.Add(2 * time.Minute)
	h.company("bank", "charity")
	equal(t, "money", h.step("money"), nil)
	equal(t, "events", h.events(), []string{
		"segment_entered segments/old b", "segment_entered segments/money c", "segment_left segments/money a", "segment_left segments/money c",
	})
	memberships, _, err := h.ListMemberships(t.Context(), store.MembershipQuery{Organization: acme, Contact: "c", Ended: true, Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "history", memberships, []store.Membership{{Segment: "money", Contact: "c", Enter: noon.Add(time.Minute), Leave: noon.Add(2 * time.Minute)}})

	// Another rule is compared with all, and tells nothing.
	g, err := h.GetSegment(t.Context(), acme, "old")
	if err != nil {
		t.Fatal(err)
	}
	g.Rule, g.UpdateTime = "contact.age < 45", h.now
	if _, err := h.UpdateSegment(t.Context(), g); err != nil {
		t.Fatal(err)
	}
	equal(t, "young", h.step("old"), []string{"a"})
	equal(t, "events", len(h.events()), 4)
}

func TestRulesOfDaysFollowTheDay(t *testing.T) {
	h := newHarness(t)
	h.contact("a", "", map[string]attribute.Value{"since": number(attribute.Date, attribute.Days(noon.AddDate(0, 0, -9)))})
	h.segment("ten", `today - contact.since >= duration("240h")`)
	equal(t, "after nine days", h.step("ten"), nil)
	h.now = noon.AddDate(0, 0, 1)
	equal(t, "after ten days", h.step("ten"), []string{"a"})
	equal(t, "events", h.events(), []string{"segment_entered segments/ten a"})
}

func TestWhoIsMergedLeaves(t *testing.T) {
	h := newHarness(t)
	h.contact("a", "", map[string]attribute.Value{"age": number(attribute.Number, 40)})
	h.contact("b", "", map[string]attribute.Value{"age": number(attribute.Number, 50)})
	h.segment("old", `contact.age >= 30`)
	equal(t, "members", h.step("old"), []string{"a", "b"})
	if _, err := h.MergeContacts(t.Context(), acme, directory.Move{From: "b", To: "a", Time: h.now}); err != nil {
		t.Fatal(err)
	}
	equal(t, "members after the merge", h.step("old"), []string{"a"})
	kept, _, err := h.ListMemberships(t.Context(), store.MembershipQuery{Organization: acme, Contact: "b", Ended: true, Limit: 10})
	if err != nil || len(kept) != 1 {
		t.Errorf("the history of who was merged: %v, %v", kept, err)
	}
}

func TestRulesThatCannotBeEvaluatedAnyMore(t *testing.T) {
	h := newHarness(t)
	h.contact("a", "", map[string]attribute.Value{"age": number(attribute.Number, 40)})
	h.segment("old", `contact.age >= 30`)
	equal(t, "members", h.step("old"), []string{"a"})
	if err := h.DeleteAttribute(t.Context(), acme, attribute.Contact, "age", h.now); err != nil {
		t.Fatal(err)
	}
	equal(t, "members without the attribute", h.step("old"), []string{"a"})
	g, err := h.GetSegment(t.Context(), acme, "old")
	if err != nil || g.Fault == "" {
		t.Errorf("fault %q, %v", g.Fault, err)
	}
}

// Whether a contact is compared alone or with all others, the outcome is the same.
func TestAloneAndTogetherAgree(t *testing.T) {
	h := newHarness(t)
	h.company("bank", "finance")
	h.segment("m", `rfm.monetary >= 4 || purchases.recency_days < 2 || company.sector == "finance" && purchases.frequency > 1`)
	for i := range 20 {
		id := string(rune('a' + i))
		h.contact(id, []string{"", "bank"}[i%2], nil)
		for n := range i % 4 {
			h.buy(id+string(rune('0'+n)), id, noon.AddDate(0, 0, -i-n).Add(-time.Hour), int64(100*i))
		}
	}
	together := h.step("m")
	if len(together) < 5 || len(together) > 19 {
		t.Fatalf("members %v, want some", together)
	}
	people, err := membership.NewReader(h.Store, func() time.Time { return h.now }).People(t.Context(), acme)
	if err != nil {
		t.Fatal(err)
	}
	facts, err := h.ContactFacts(t.Context(), acme, people.RFM.Currency, h.now, slices.Collect(func(yield func(string) bool) {
		for i := range people.Len() {
			if !yield(people.ID(i)) {
				return
			}
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	for i := range facts {
		alone := people.Fields.Row(&facts[i], people.RFM, h.now)
		for at, a := range people.Fields.Schema.Attributes() {
			x, xKnown := alone.Value(at)
			y, yKnown := people.Row(i).Value(at)
			if xKnown != yKnown || xKnown && x != y {
				t.Errorf("%s of %s: alone %v, with all %v", a.Name, facts[i].ID, x, y)
			}
		}
	}
}

func TestWhatCouldBeASegment(t *testing.T) {
	h := newHarness(t)
	for i := range 30 {
		id := string(rune('a'+i/10)) + string(rune('0'+i%10))
		h.contact(id, "", map[string]attribute.Value{"age": number(attribute.Number, float64(20+i/15*40+i%3))})
		h.buy(id, id, noon.AddDate(0, 0, -i).Add(-time.Hour), int64(100*(i+1)))
	}
	people, err := membership.Load(t.Context(), h.Store, acme, noon)
	if err != nil {
		t.Fatal(err)
	}
	cells, suggested, err := people.Purchases(noon)
	if err != nil {
		t.Fatal(err)
	}
	count, amount := 0, 0.0
	for _, c := range cells {
		count, amount = count+c.Count, amount+c.Amount
	}
	if count != 30 || amount != 465 || len(suggested) != 5 || people.RFM.Currency != "USD" {
		t.Errorf("%d customers who paid %v, %d suggestions, in %q", count, amount, len(suggested), people.RFM.Currency)
	}
	found, err := people.Cluster([]string{"contact.age"}, cluster.Options{Clusters: 2, Seed: 3}, noon)
	if err != nil {
		t.Fatal(err)
	}
	if len(found.Clusters) != 2 || found.Silhouette < 0.9 || found.Rules[0].Count != 15 || found.Rules[1].Count != 15 || found.Sampled != 30 {
		t.Errorf("groups %+v with %d and %d members, want two of fifteen", found.Clusters, found.Rules[0].Count, found.Rules[1].Count)
	}
	var unfit *membership.AttributeError
	for _, name := range []string{"contact.agge", "contact.vip", "score.mean"} {
		if _, err := people.Cluster([]string{"contact.age", name}, cluster.Options{}, noon); !errors.As(err, &unfit) && !errors.Is(err, cluster.ErrTooFew) {
			t.Errorf("by %s: %v", name, err)
		}
	}
}
