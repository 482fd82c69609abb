package membership_test

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/membership"
	"github.com/otklik/otklik/services/segmentation/internal/purchase"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/store/sqlite"
)

const acme = "acme"

// noon is a time of the tests.
var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// harness is a store with an organisation that declares attributes, and an evaluator over it.
type harness struct {
	testing.TB
	store.Store
	numbers map[string]uint32
	now     time.Time
	*membership.Evaluator
}

func newHarness(t testing.TB) *harness {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "segmentation.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	h := &harness{TB: t, Store: s, numbers: map[string]uint32{}, now: noon}
	h.Evaluator = membership.NewEvaluator(s, func() time.Time { return h.now })
	h.declare(attribute.Contact, "age", attribute.Number)
	h.declare(attribute.Contact, "vip", attribute.Bool)
	h.declare(attribute.Contact, "since", attribute.Date)
	h.declare(attribute.Company, "sector", attribute.String)
	return h
}

func (h *harness) declare(kind attribute.Kind, key string, t attribute.Type) {
	h.Helper()
	d, err := h.CreateAttribute(h.Context(), acme, attribute.Definition{Kind: kind, Key: key, Type: t, CreateTime: h.now}, 100)
	if err != nil {
		h.Fatal(err)
	}
	h.numbers[kind.String()+"."+key] = d.Number
}

// number is a value of an attribute; of a flag 1 is true, of a date it is days.
func number(t attribute.Type, n float64) attribute.Value { return attribute.Value{Type: t, Number: n} }

// company makes a company of a sector.
func (h *harness) company(id, sector string) {
	h.Helper()
	out, err := h.PutUnits(h.Context(), acme, h.now, []store.UnitChange{{
		Ref: directory.Ref{Kind: attribute.Company, ID: id}, AllowMissing: true, Edit: func(u *directory.Unit) error {
			u.Attributes = attribute.Values{h.numbers["company.sector"]: {Type: attribute.String, Text: sector}}.Pack()
			return nil
		},
	}})
	if err != nil || out[0].Err != nil {
		h.Fatal(err, out)
	}
}

// contact makes a contact, or gives it other values.
func (h *harness) contact(id, company string, values map[string]attribute.Value) {
	h.Helper()
	out, err := h.PutContacts(h.Context(), acme, h.now, false, []store.ContactChange{{ID: id, AllowMissing: true, Edit: func(c *directory.Contact) error {
		c.Company = company
		set := attribute.Values{}
		for name, v := range values {
			set[h.numbers["contact."+name]] = v
		}
		c.Attributes = set.Pack()
		return nil
	}}})
	if err != nil || out[0].Err != nil {
		h.Fatal(err, out)
	}
}

// buy has a contact buy something for cents.
func (h *harness) buy(receipt, contact string, at time.Time, cents int64) {
	h.Helper()
	p := store.Purchase{Purchase: purchase.Purchase{Receipt: receipt, Time: at, Amount: cents, Currency: "USD"}, CreateTime: h.now}
	p.Contact = contact
	out, err := h.UpsertPurchases(h.Context(), acme, []store.Purchase{p})
	if err != nil || out[0].Err != nil {
		h.Fatal(err, out)
	}
}

// segment creates a segment.
func (h *harness) segment(id, rule string) store.Segment {
	h.Helper()
	g, err := h.CreateSegment(h.Context(), store.Segment{Organization: acme, ID: id, DisplayName: id, Rule: rule, CreateTime: h.now}, 100)
	if err != nil {
		h.Fatal(err)
	}
	return g
}

// step does what is to be done, and returns who belongs to a segment then.
func (h *harness) step(segment string) []string {
	h.Helper()
	if err := errors.Join(h.All(h.Context()), h.Changed(h.Context())); err != nil {
		h.Fatal(err)
	}
	members, err := h.Members(h.Context(), acme, segment, "", 1000)
	if err != nil {
		h.Fatal(err)
	}
	return members
}

// events are the events about segments, as kind, segment and contact.
func (h *harness) events() []string {
	h.Helper()
	events, _, err := h.OutboxEvents(h.Context(), acme, 0, 1000)
	if err != nil {
		h.Fatal(err)
	}
	var out []string
	for _, e := range events {
		if e.Kind == store.SegmentEntered || e.Kind == store.SegmentLeft {
			out = append(out, string(e.Kind)+" "+e.Resource+" "+e.Contact)
		}
	}
	return out
}
