package membership_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/membership"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// contacts makes n contacts of a company, of ages from 20 to 69, in bulk as imports do, which compare all afterwards, or as callers do.
func (h *harness) contacts(n int, company string, bulk bool) {
	h.Helper()
	values := make([]attribute.Packed, 50)
	for i := range values {
		values[i] = attribute.Values{
			h.numbers["contact.age"]: number(attribute.Number, float64(20+i)), h.numbers["contact.vip"]: number(attribute.Bool, float64(i%2)),
		}.Pack()
	}
	for from := 0; from < n; from += 1000 {
		changes := make([]store.ContactChange, min(1000, n-from))
		for i := range changes {
			changes[i] = store.ContactChange{ID: fmt.Sprintf("c%08d", from+i), AllowMissing: true, Edit: func(c *directory.Contact) error {
				c.Company, c.Attributes = company, values[i%len(values)]
				return nil
			}}
		}
		if _, err := h.PutContacts(h.Context(), acme, h.now, bulk, changes); err != nil {
			h.Fatal(err)
		}
	}
}

// The light of a company of very many contacts, or what else is known of it, changes all of them: comparing them one by one kept rules that changed meanwhile, and
// contacts that came, waiting for minutes.
func TestACompanyOfVeryManyContactsHoldsUpNobody(t *testing.T) {
	h := newHarness(t)
	h.company("bank", "finance")
	h.contacts(10_001, "bank", true)
	h.segment("money", `company.sector == "finance" && contact.age < 21.0`)
	equal(t, "members", len(h.step("money")), 201)
	h.now = noon.Add(time.Minute)
	h.company("bank", "charity")
	touches, err := h.Touches(t.Context(), acme, 0, 1)
	if err != nil || len(touches) > 0 {
		t.Errorf("%v are to be compared one by one, %v", touches, err)
	}
	equal(t, "members afterwards", len(h.step("money")), 0)
	equal(t, "who left", len(h.events()), 201)
}

// When very many contacts changed, all are compared at once, and who changed keeps the time of the change.
func TestVeryManyChangesAreComparedAtOnce(t *testing.T) {
	h := newHarness(t)
	h.segment("young", `contact.age < 21.0`)
	equal(t, "members", len(h.step("young")), 0)
	h.now = noon.Add(time.Minute)
	h.contacts(5001, "", false)
	h.now = noon.Add(2 * time.Minute)
	if err := h.All(t.Context()); err != nil {
		t.Fatal(err)
	}
	members, _, err := h.ListMemberships(t.Context(), store.MembershipQuery{Organization: acme, Segment: "young", Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "members", len(members), 101)
	equal(t, "since when", members[0].Enter, noon.Add(time.Minute))
}

// during is a store that does something once while contacts are being read.
type during struct {
	store.Store
	once sync.Once
	do   func()
}

func (d *during) EachContact(ctx context.Context, organization, after string, fn func(store.ContactRow) error) error {
	return d.Store.EachContact(ctx, organization, after, func(c store.ContactRow) error {
		err := fn(c)
		d.once.Do(d.do)
		return err
	})
}

// Whoever changes while all contacts are compared is compared at once, and what was read of them before does not put them back.
func TestChangesGoBesideTheComparisonOfAll(t *testing.T) {
	h := newHarness(t)
	h.contact("a", "", map[string]attribute.Value{"age": number(attribute.Number, 20)})
	h.contact("b", "", map[string]attribute.Value{"age": number(attribute.Number, 40)})
	h.segment("old", `contact.age >= 30.0`)
	beside := &during{Store: h.Store}
	h.Evaluator = membership.NewEvaluator(beside, func() time.Time { return h.now })
	beside.do = func() {
		h.now = noon.Add(time.Minute)
		h.contact("a", "", map[string]attribute.Value{"age": number(attribute.Number, 50)})
		h.contact("b", "", map[string]attribute.Value{"age": number(attribute.Number, 10)})
		h.contact("c", "", map[string]attribute.Value{"age": number(attribute.Number, 60)})
		if h.Oldest().IsZero() {
			t.Error("nobody is told that all contacts are being compared")
		}
		if err := h.Changed(t.Context()); err != nil {
			t.Error(err)
		}
		members, err := h.Members(t.Context(), acme, "old", "", 10)
		if err != nil {
			t.Error(err)
		}
		equal(t, "members meanwhile", members, []string{"a", "c"})
	}
	equal(t, "members", h.step("old"), []string{"a", "c"})
	if waits := h.Oldest(); !waits.IsZero() {
		t.Errorf("something waits since %v when all is done", waits)
	}
}

// Nothing is told to have happened before what caused it, also where something else of the contact waited.
func TestNothingHappensBeforeItsCause(t *testing.T) {
	h := newHarness(t)
	h.contact("a", "", map[string]attribute.Value{"age": number(attribute.Number, 20)})
	h.segment("old", `contact.age >= 30.0`)
	equal(t, "members", h.step("old"), nil)
	h.now = noon.Add(time.Minute)
	h.contact("a", "", map[string]attribute.Value{"age": number(attribute.Number, 21)})
	h.now = noon.Add(2 * time.Minute)
	h.contact("a", "", map[string]attribute.Value{"age": number(attribute.Number, 31)})
	h.now = noon.Add(3 * time.Minute)
	equal(t, "members", h.step("old"), []string{"a"})
	events, _, err := h.OutboxEvents(t.Context(), acme, 0, 10)
	if err != nil || len(events) != 1 || events[0].Time.Before(noon.Add(2*time.Minute)) {
		t.Errorf("told %+v, %v", events, err)
	}
	members, _, err := h.ListMemberships(t.Context(), store.MembershipQuery{Organization: acme, Segment: "old", Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "members", members, []store.Membership{{Segment: "old", Contact: "a", Enter: noon.Add(2 * time.Minute)}})
}

// waiting is a store in which facts of contacts of acme come only when the test lets them.
type waiting struct {
	store.Store
	reading, letGo chan struct{}
}

func (w *waiting) ContactFacts(ctx context.Context, organization, currency string, asOf time.Time, contacts []string) ([]store.ContactFacts, error) {
	if organization == acme {
		close(w.reading)
		<-w.letGo
	}
	return w.Store.ContactFacts(ctx, organization, currency, asOf, contacts)
}

// While the contacts of one organisation are compared those of another one are, too.
func TestOrganizationsDoNotWaitForEachOther(t *testing.T) {
	h := newHarness(t)
	h.segment("all", "true")
	other, err := h.CreateSegment(t.Context(), store.Segment{Organization: "other", ID: "all", DisplayName: "all", Rule: "true", CreateTime: h.now}, 100)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "members", len(h.step("all")), 0)
	h.contact("a", "", nil)
	_, err = h.PutContacts(t.Context(), other.Organization, h.now, false, []store.ContactChange{{ID: "b", AllowMissing: true, Edit: func(*directory.Contact) error { return nil }}})
	if err != nil {
		t.Fatal(err)
	}
	held := &waiting{Store: h.Store, reading: make(chan struct{}), letGo: make(chan struct{})}
	h.Evaluator = membership.NewEvaluator(held, func() time.Time { return h.now })
	done := make(chan error)
	go func() { done <- h.CatchUp(t.Context(), []string{acme}) }()
	<-held.reading
	if err := h.CatchUp(t.Context(), []string{other.Organization}); err != nil {
		t.Fatal(err)
	}
	members, err := h.Members(t.Context(), other.Organization, "all", "", 10)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "members of the other organisation", members, []string{"b"})
	close(held.letGo)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	equal(t, "members", h.step("all"), []string{"a"})
}

// Of very many who changed while contacts were read, those who change again meanwhile are not put back by what was read.
func TestVeryManyChangesBesideTheComparisonOfAll(t *testing.T) {
	const n = 1201
	h := newHarness(t)
	h.contacts(n, "", true)
	h.segment("old", `contact.age >= 30.0`)
	beside := &during{Store: h.Store}
	h.Evaluator = membership.NewEvaluator(beside, func() time.Time { return h.now })
	changed := make(chan error, 1)
	beside.do = func() {
		h.now = noon.Add(time.Minute)
		for i := range n {
			h.contact(fmt.Sprintf("c%08d", i), "", map[string]attribute.Value{"age": number(attribute.Number, 10)})
		}
		if err := h.Changed(t.Context()); err != nil {
			t.Error(err)
		}
		h.contact("c00000000", "", map[string]attribute.Value{"age": number(attribute.Number, 50)})
		h.contact("c00001200", "", map[string]attribute.Value{"age": number(attribute.Number, 50)})
		go func() { changed <- h.CatchUp(t.Context(), []string{acme}) }()
	}
	h.step("old")
	if err := <-changed; err != nil {
		t.Fatal(err)
	}
	equal(t, "members", h.step("old"), []string{"c00000000", "c00001200"})
}
