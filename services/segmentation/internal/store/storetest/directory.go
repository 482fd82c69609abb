package storetest

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// directoryCases are about units and attributes.
func directoryCases() []testCase {
	return []testCase{
		{"AttributesAreDeclared", attributesAreDeclared},
		{"UnitsAreMadeAndChanged", unitsAreMadeAndChanged},
		{"UnitsLieInOthers", unitsLieInOthers},
		{"UnitsAreListed", unitsAreListed},
		{"UnitsInUseStay", unitsInUseStay},
	}
}

const mostAttributes = 3

func attributesAreDeclared(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	tier := attribute.Definition{Kind: attribute.Contact, Key: "tier", Type: attribute.Enum, Options: []string{"gold", "tin"}, CreateTime: noon, UpdateTime: noon}
	d, err := s.CreateAttribute(ctx, acme, tier, mostAttributes)
	must(t, "create", err)
	tier.Number, tier.Version = d.Number, 1
	equal(t, "created", d, tier)
	_, err = s.CreateAttribute(ctx, acme, tier, mostAttributes)
	want(t, "create again", err, store.ErrExists)
	of := tier
	of.Kind = attribute.Company
	second, err := s.CreateAttribute(ctx, acme, of, mostAttributes)
	must(t, "create of another kind", err)
	if second.Number == d.Number {
		t.Error("two declarations have one number")
	}
	d.DisplayName = "Tier"
	d, err = s.UpdateAttribute(ctx, acme, d)
	equal(t, "version", got(t, d, err).Version, 2)
	stale := d
	stale.Version = 1
	_, err = s.UpdateAttribute(ctx, acme, stale)
	want(t, "update over another version", err, store.ErrChanged)
	stale.Key = "none"
	_, err = s.UpdateAttribute(ctx, acme, stale)
	want(t, "update what is not there", err, store.ErrNotFound)
	all, err := s.ListAttributes(ctx, acme)
	equal(t, "list", got(t, all, err), []attribute.Definition{second, d})
	all, err = s.ListAttributes(ctx, other)
	equal(t, "list of another organisation", len(got(t, all, err)), 0)

	must(t, "delete", s.DeleteAttribute(ctx, acme, attribute.Contact, "tier", noon))
	want(t, "delete again", s.DeleteAttribute(ctx, acme, attribute.Contact, "tier", noon), store.ErrNotFound)
	again, err := s.CreateAttribute(ctx, acme, tier, mostAttributes)
	if got(t, again, err).Number <= second.Number {
		t.Error("a number was given again")
	}
	for _, key := range []string{"a", "b"} {
		_, err = s.CreateAttribute(ctx, acme, attribute.Definition{Kind: attribute.Contact, Key: key, Type: attribute.Bool}, mostAttributes)
		must(t, "create", err)
	}
	_, err = s.CreateAttribute(ctx, acme, attribute.Definition{Kind: attribute.Contact, Key: "c", Type: attribute.Bool}, mostAttributes)
	want(t, "create one too many", err, store.ErrTooMany)
}

// unit is a change that makes a unit, or puts another name and parent.
func unit(kind attribute.Kind, id string, parent directory.Ref) store.UnitChange {
	return store.UnitChange{Ref: directory.Ref{Kind: kind, ID: id}, AllowMissing: true, Edit: func(u *directory.Unit) error {
		u.Parent = parent
		return nil
	}}
}

func region(id, parent string) store.UnitChange {
	if parent == "" {
		return unit(attribute.Region, id, directory.Ref{})
	}
	return unit(attribute.Region, id, directory.Ref{Kind: attribute.Region, ID: parent})
}

// put puts units that must not be refused.
func put(t testing.TB, s store.Store, changes ...store.UnitChange) []store.UnitOutcome {
	t.Helper()
	out, err := s.PutUnits(t.Context(), acme, noon, changes)
	must(t, "put", err)
	for i, o := range out {
		must(t, "put "+changes[i].ID, o.Err)
	}
	return out
}

// refusedFor fails the test where an outcome is none of a reason.
func refusedFor(t testing.TB, doing string, err error, field string, reason directory.Reason) {
	t.Helper()
	var refusal *directory.Refusal
	if !errors.As(err, &refusal) || refusal.Reason != reason || refusal.Field != field {
		t.Errorf("%s: %v, want %s because of %s", doing, err, reason, field)
	}
}

func unitsAreMadeAndChanged(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	change := store.UnitChange{Ref: directory.Ref{Kind: attribute.Location, ID: "Ош 1"}, Edit: func(u *directory.Unit) error {
		u.Details = directory.Details{DisplayName: "Ош, № 1", Point: &directory.Point{Latitude: 40.5, Longitude: 72.8}}
		u.Attributes = attribute.Values{7: {Type: attribute.Number, Number: 5}}.Pack()
		return nil
	}}
	out, err := s.PutUnits(ctx, acme, noon, []store.UnitChange{change})
	want(t, "change what is not there", got(t, out, err)[0].Err, store.ErrNotFound)
	change.AllowMissing = true
	first := put(t, s, change)[0]
	equal(t, "made", []any{first.Created, first.Changed, first.Unit.Version}, []any{true, true, int64(1)})
	stored, err := s.GetUnit(ctx, acme, change.Ref)
	equal(t, "stored", got(t, stored, err), first.Unit)
	again := put(t, s, change)[0]
	equal(t, "the same again", []any{again.Created, again.Changed, again.Unit.Version}, []any{false, false, int64(1)})
	_, err = s.GetUnit(ctx, other, change.Ref)
	want(t, "get another organisation's", err, store.ErrNotFound)
	_, err = s.GetUnit(ctx, acme, directory.Ref{Kind: attribute.Company, ID: "Ош 1"})
	want(t, "get another kind's", err, store.ErrNotFound)

	refuse := errors.New("refused")
	change.Edit = func(*directory.Unit) error { return refuse }
	out, err = s.PutUnits(ctx, acme, noon, []store.UnitChange{change, region("r", "")})
	want(t, "refused by the edit", got(t, out, err)[0].Err, refuse)
	must(t, "the other one", out[1].Err)
}

func unitsLieInOthers(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	put(t, s, region("top", ""), region("middle", "top"), region("bottom", "middle"))
	for name, c := range map[string]struct {
		change store.UnitChange
		reason directory.Reason
	}{
		"a region in one that lies in it": {region("top", "bottom"), directory.Circular},
		"a region in itself":              {region("top", "top"), directory.Circular},
		"a region that there is not":      {region("bottom", "none"), directory.ParentUnknown},
		"a location in no region":         {unit(attribute.Location, "l", directory.Ref{Kind: attribute.Region, ID: "none"}), directory.ParentUnknown},
	} {
		out, err := s.PutUnits(ctx, acme, noon, []store.UnitChange{c.change})
		refusedFor(t, name, got(t, out, err)[0].Err, "parent", c.reason)
	}
	stored, err := s.GetUnit(ctx, acme, directory.Ref{Kind: attribute.Region, ID: "top"})
	equal(t, "what was refused", got(t, stored, err).Parent, directory.Ref{})
	put(t, s, unit(attribute.Location, "l", directory.Ref{Kind: attribute.Region, ID: "bottom"}), unit(attribute.Employee, "e", directory.Ref{Kind: attribute.Location, ID: "l"}))
	// The tree can be turned over, step by step.
	put(t, s, region("bottom", ""), region("top", "bottom"))
}

func unitsAreListed(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	put(t, s, region("b", ""), region("a", "b"), region("c", "b"), unit(attribute.Company, "a", directory.Ref{}))
	ids := func(q store.UnitQuery) (out []string, more bool) {
		q.Organization = acme
		units, more, err := s.ListUnits(ctx, q)
		must(t, "list", err)
		for _, u := range units {
			out = append(out, u.ID)
		}
		return out, more
	}
	first, more := ids(store.UnitQuery{Kind: attribute.Region, Limit: 2})
	equal(t, "first page", []any{first, more}, []any{[]string{"a", "b"}, true})
	second, more := ids(store.UnitQuery{Kind: attribute.Region, After: "b", Limit: 2})
	equal(t, "second page", []any{second, more}, []any{[]string{"c"}, false})
	within, _ := ids(store.UnitQuery{Kind: attribute.Region, Parent: directory.Ref{Kind: attribute.Region, ID: "b"}, Limit: 5})
	equal(t, "within b", within, []string{"a", "c"})
	var companies []store.CompanyRow
	must(t, "each company", s.EachCompany(ctx, acme, "", func(c store.CompanyRow) error { companies = append(companies, c); return nil }))
	if diff := cmp.Diff([]store.CompanyRow{{ID: "a"}}, companies, cmpopts.EquateEmpty()); diff != "" {
		t.Error(diff)
	}
}

func unitsInUseStay(t *testing.T, open Open) {
	s, ctx := opened(t, open), t.Context()
	put(t, s, region("r", ""), unit(attribute.Location, "l", directory.Ref{Kind: attribute.Region, ID: "r"}), unit(attribute.Company, "c", directory.Ref{}))
	putContacts(t, s, contact("x", "c", "l"))
	for ref, by := range map[directory.Ref]directory.Ref{
		{Kind: attribute.Region, ID: "r"}: {Kind: attribute.Location, ID: "l"}, {Kind: attribute.Location, ID: "l"}: {}, {Kind: attribute.Company, ID: "c"}: {},
	} {
		var used *store.InUseError
		if err := s.DeleteUnit(ctx, acme, ref, noon); !errors.As(err, &used) || used.By != by {
			t.Errorf("delete %s: %v, %+v", ref.ID, err, used)
		}
	}
	putContacts(t, s, contact("x", "", ""))
	for _, ref := range []directory.Ref{{Kind: attribute.Location, ID: "l"}, {Kind: attribute.Region, ID: "r"}, {Kind: attribute.Company, ID: "c"}} {
		must(t, "delete "+ref.ID, s.DeleteUnit(ctx, acme, ref, noon))
		want(t, "delete again", s.DeleteUnit(ctx, acme, ref, noon), store.ErrNotFound)
	}
}
