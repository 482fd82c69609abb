package relational

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// The dimensions of units.
const (
	ofCompany  = "company"
	ofLocation = "location"
	ofRegion   = "region"
	ofEmployee = "employee"
)

const sqlUnitsOfRegions = `SELECT kind, id FROM units WHERE organization = $1 AND parent_kind = $2 AND kind IN ($2, $3) AND parent <> '' AND parent IN (`

// reach is what a caller is restricted to, with the regions and locations that lie in its regions.
type reach struct{ store.Units }

// inside finds the regions that lie in others, at any depth, without these, and the locations that lie in any of them, both in order.
func inside(ctx context.Context, r relational.Reader, organization string, of []string) (regions, locations []string, err error) {
	scan := func(row relational.Scanner) (ref directory.Ref, err error) {
		var kind int64
		err = row.Scan(&kind, &ref.ID)
		ref.Kind = attribute.Kind(kind) //nolint:gosec // what was stored
		return ref, err
	}
	known, before := make(map[string]bool, len(of)), []any{organization, int64(attribute.Region), int64(attribute.Location)}
	for _, id := range of {
		known[id] = true
	}
	for level := slices.Sorted(maps.Keys(known)); len(level) > 0; {
		found, err := inNames(ctx, r, scan, sqlUnitsOfRegions, before, level)
		if err != nil {
			return nil, nil, err
		}
		level = nil
		for _, ref := range found {
			switch {
			case ref.Kind == attribute.Location:
				locations = append(locations, ref.ID)
			case !known[ref.ID]:
				known[ref.ID] = true
				level = append(level, ref.ID)
			}
		}
		regions = append(regions, level...)
	}
	slices.Sort(regions)
	slices.Sort(locations)
	return regions, locations, nil
}

// Inside implements store.Directory.
func (s *Store) Inside(ctx context.Context, organization string, of []string) (regions, locations []string, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) (err error) {
		regions, locations, err = inside(ctx, r, organization, of)
		return err
	})
	return regions, locations, s.db.Explain("read regions", err)
}

// reachOf finds what a caller is restricted to.
func reachOf(ctx context.Context, r relational.Reader, organization string, units store.Units) (reach, error) {
	if len(units[ofRegion]) == 0 {
		return reach{units}, nil
	}
	regions, locations, err := inside(ctx, r, organization, units[ofRegion])
	out := store.Units{
		ofCompany: units[ofCompany], ofLocation: slices.Concat(units[ofLocation], locations), ofRegion: slices.Concat(units[ofRegion], regions), ofEmployee: units[ofEmployee],
	}
	for _, dimension := range []string{ofLocation, ofRegion} {
		slices.Sort(out[dimension])
		out[dimension] = slices.Compact(out[dimension])
	}
	return reach{out}, err
}

// Reach implements store.Directory.
func (s *Store) Reach(ctx context.Context, organization string, units store.Units) (out store.Units, err error) {
	if len(units[ofRegion]) == 0 {
		return units, nil
	}
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		of, err := reachOf(ctx, r, organization, units)
		out = of.Units
		return err
	})
	return out, s.db.Explain("read regions", err)
}

// owns tells whether a contact belongs to the caller by the directory.
func (r reach) owns(c directory.Contact) bool {
	return r.Within(store.Place{Company: c.Company, Location: c.Location})
}

// placed is a column that says where rows of a table about contacts belong, with an index over (organization, column, contact) of those that say it.
type placed struct{ table, column, dimension string }

// whereContactsAre is where contacts belong by the directory.
func whereContactsAre() []placed {
	return []placed{{"contacts", "company", ofCompany}, {"contacts", "location", ofLocation}}
}

// whereContactsWere is where they answered, and where cases about them are.
func whereContactsWere() (out []placed) {
	for _, table := range []string{"answers", "cases"} {
		out = append(out, placed{table, "company", ofCompany}, placed{table, "location", ofLocation}, placed{table, "region", ofRegion})
	}
	return out
}

// wereHere returns those of contacts that answered in the caller's units, or whom a case there is about.
func (r reach) wereHere(ctx context.Context, from relational.Reader, organization string, contacts []string) (map[string]bool, error) {
	out := map[string]bool{}
	for part := range slices.Chunk(contacts, namesAtOnce) {
		where := conditions{}
		where.and("organization = " + where.arg(organization))
		among(&where, "contact", part)
		var parts []string
		for _, p := range whereContactsWere() {
			if here := where.oneOf(p.column, r.Units[p.dimension]); here != "" {
				parts = append(parts, `SELECT contact FROM `+p.table+` WHERE `+where.text.String()+` AND `+here)
			}
		}
		if len(parts) == 0 {
			return out, nil
		}
		found, err := relational.List(ctx, from, relational.Value[string], strings.Join(parts, ` UNION `), where.args...)
		if err != nil {
			return nil, err
		}
		for _, id := range found {
			out[id] = true
		}
	}
	return out, nil
}

// seen narrows contacts to those that the caller sees.
func (r reach) seen(where *conditions) {
	if len(r.Units) == 0 {
		return
	}
	either := []string{where.oneOf("company", r.Units[ofCompany]), where.oneOf("location", r.Units[ofLocation])}
	for _, p := range whereContactsWere() {
		if here := where.oneOf("h."+p.column, r.Units[p.dimension]); here != "" {
			either = append(either, `EXISTS (SELECT 1 FROM `+p.table+` AS h WHERE h.organization = contacts.organization AND h.contact = contacts.contact AND `+here+`)`)
		}
	}
	where.either(either)
}

// placesAtOnce is in how many places contacts are looked for in one query.
const placesAtOnce = 50

// contacts returns the identifiers of the first contacts behind one that the caller sees, in order. Each place gives its first ones from an index.
func (r reach) contacts(ctx context.Context, from relational.Reader, organization, after string, limit int) (out []string, err error) {
	type in struct {
		placed
		unit string
	}
	var places []in
	for _, p := range slices.Concat(whereContactsAre(), whereContactsWere()) {
		for _, unit := range r.Units[p.dimension] {
			places = append(places, in{p, unit})
		}
	}
	for part := range slices.Chunk(places, placesAtOnce) {
		where := conditions{}
		org, behind := where.arg(organization), where.arg(after)
		first := ` ORDER BY contact LIMIT ` + where.arg(limit)
		queries := make([]string, len(part))
		for i, p := range part {
			queries[i] = `SELECT contact FROM (` + p.contacts(org, behind, where.arg(p.unit)) + first + `) AS p` + strconv.Itoa(i)
		}
		found, err := relational.List(ctx, from, relational.Value[string], strings.Join(queries, ` UNION `)+first, where.args...)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	slices.Sort(out)
	out = slices.Compact(out)
	return out[:min(len(out), limit)], nil
}

// contacts is the query for contacts of a unit behind one. Indexes over a part of the rows are used only where the condition of that part stands word for word.
func (p placed) contacts(organization, after, unit string) string {
	query := `SELECT DISTINCT contact FROM ` + p.table + ` WHERE organization = ` + organization + ` AND ` + p.column + ` = ` + unit + ` AND ` + p.column + ` <> '' AND contact > ` + after
	if p.table == "contacts" {
		query += ` AND merged_into = ''`
	}
	return query
}

// seesUnit tells whether the caller sees a unit: its own, those that lie in them, and touchpoints.
func (r reach) seesUnit(u directory.Unit) bool {
	if u.Kind == attribute.Touchpoint {
		return true
	}
	var p store.Place
	for _, ref := range []directory.Ref{u.Parent, u.Ref} {
		switch ref.Kind { //nolint:exhaustive // contacts and touchpoints hold nothing
		case attribute.Company:
			p.Company = ref.ID
		case attribute.Location:
			p.Location = ref.ID
		case attribute.Region:
			p.Region = ref.ID
		case attribute.Employee:
			p.Employee = ref.ID
		}
	}
	// What region a region lies in does not hide that it is the caller's.
	return r.Within(p) || u.Kind == attribute.Region && slices.Contains(r.Units[ofRegion], u.Parent.ID)
}

// units narrows units of a kind to those that seesUnit.
func (r reach) units(where *conditions, kind attribute.Kind) {
	if len(r.Units) == 0 || kind == attribute.Touchpoint {
		return
	}
	own := map[attribute.Kind]string{attribute.Company: ofCompany, attribute.Location: ofLocation, attribute.Region: ofRegion, attribute.Employee: ofEmployee}[kind]
	either := []string{where.oneOf("id", r.Units[own])}
	if kind == attribute.Employee {
		either = append(either, where.liesIn(attribute.Location, r.Units[ofLocation]))
	}
	if kind == attribute.Employee || kind == attribute.Region {
		either = append(either, where.liesIn(attribute.Region, r.Units[ofRegion]))
	}
	where.either(either)
}

// liesIn is the condition that a unit lies in one of some others; empty when there are none.
func (c *conditions) liesIn(kind attribute.Kind, ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return "parent_kind = " + c.arg(int64(kind)) + " AND " + c.oneOf("parent", ids)
}
