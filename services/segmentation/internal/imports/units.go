package imports

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/sheet"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// Directory is what kinds of rows of the directory work with.
type Directory struct {
	Store store.Directory
	Now   func() time.Time
}

// fieldsOf are the fields of units beside identifiers, names and attributes.
var fieldsOf = map[attribute.Kind][]sheet.Column{
	attribute.Location: {
		{Field: "region"}, {Field: "address"}, {Field: "latitude"}, {Field: "longitude"}, {Field: "coordinate_system", Alias: "system"}, {Field: "format"}, {Field: "opening_date"},
	},
	attribute.Employee:   {{Field: "location"}, {Field: "region"}, {Field: "role"}, {Field: "start_date"}, {Field: "end_date"}},
	attribute.Touchpoint: {{Field: "stage"}, {Field: "position"}},
	attribute.Region:     {{Field: "parent", Alias: "region"}},
}

const attributesPrefix = "attributes."

// columnsOf are the fields that every kind of things has.
func columnsOf(declared attribute.Set, more ...sheet.Column) []sheet.Column {
	out := append([]sheet.Column{{Field: "id", Required: true}, {Field: "display_name", Alias: "name"}}, more...)
	for key := range declared {
		c := sheet.Column{Field: attributesPrefix + key, Alias: key, Exact: true}
		if sheet.FieldOf(key, out) != "" {
			// The field of that name comes first.
			c.Alias = ""
		}
		out = append(out, c)
	}
	return out
}

// Units are rows of units of a kind.
type Units struct {
	Directory
	Kind attribute.Kind
}

func (d Directory) declared(ctx context.Context, organization string, kind attribute.Kind) (attribute.Set, error) {
	all, err := d.Store.ListAttributes(ctx, organization)
	return attribute.Of(all, kind), err
}

// Columns implements Kind.
func (k Units) Columns(ctx context.Context, organization string) ([]sheet.Column, error) {
	declared, err := k.declared(ctx, organization, k.Kind)
	return columnsOf(declared, fieldsOf[k.Kind]...), err
}

// Start implements Kind.
func (k Units) Start(ctx context.Context, organization string, fields []string) (Reader, error) {
	declared, err := k.declared(ctx, organization, k.Kind)
	u := &unitReader{Units: k, organization: organization, declared: declared, fields: fields, there: map[directory.Ref]bool{}, seen: newSeen()}
	if k.Kind == attribute.Region {
		return &regionReader{unitReader: u, parents: directory.Tree{}, rows: map[string]Row{}}, err
	}
	return u, err
}

// unitReader reads units.
type unitReader struct {
	Units
	organization string
	declared     attribute.Set
	fields       []string
	there        map[directory.Ref]bool
	seen         *seen
}

// outcomeOf is what became of a row that was put; an error that is no refusal of the row is returned.
func outcomeOf(created, changed bool, err error) (Outcome, error) {
	out := Outcome{Created: created && err == nil, Changed: changed}
	if err == nil {
		return out, nil
	}
	if out.Problem = problemOf("", err); out.Problem == nil {
		return Outcome{}, err
	}
	return out, nil
}

// problemOf is what an error says of a row; nil when it is no refusal.
func problemOf(field string, err error) *Problem {
	var wrong *attribute.Refusal
	if errors.As(err, &wrong) {
		return &Problem{Field: field, Reason: string(wrong.Reason), Description: wrong.Description}
	}
	var refusal *directory.Refusal
	if errors.As(err, &refusal) {
		if field == "" {
			field = refusal.Field[strings.LastIndexByte(refusal.Field, '.')+1:]
		}
		return &Problem{Field: field, Reason: string(refusal.Reason), Description: refusal.Description}
	}
	return nil
}

// problemsOf is all that an error says of a row.
func problemsOf(err error) (out []Problem) {
	for _, refusal := range directory.Refusals(err) {
		out = append(out, *problemOf("", refusal))
	}
	return out
}

// values reads the attributes of a row.
func values(declared attribute.Set, fields []string, row Row) (set attribute.Values, problems []Problem) {
	set = attribute.Values{}
	for _, f := range fields {
		key, isAttribute := strings.CutPrefix(f, attributesPrefix)
		cell, there := row.Get(f)
		if !isAttribute || !there {
			continue
		}
		d := declared[key]
		v, err := d.Parse(cell)
		if p := problemOf(f, err); p != nil {
			problems = append(problems, *p)
			continue
		}
		set[d.Number] = v
	}
	return set, problems
}

// change is what a row says of a unit.
type change struct {
	ref     directory.Ref
	parent  directory.Ref
	set     attribute.Values
	details []func(*directory.Details)
}

// Check implements Reader.
func (r *unitReader) Check(ctx context.Context, row Row) (any, []Problem, error) {
	c, problems := r.read(row)
	if len(problems) > 0 {
		return nil, problems, nil
	}
	if !c.parent.Empty() {
		there, known := r.there[c.parent]
		if !known {
			_, err := r.Store.GetUnit(ctx, r.organization, c.parent)
			if there = err == nil; err != nil && !errors.Is(err, store.ErrNotFound) {
				return nil, nil, err
			}
			r.there[c.parent] = there
		}
		if !there {
			return nil, []Problem{{c.parent.Kind.String(), string(directory.ParentUnknown), "there is no " + c.parent.Kind.String() + " " + c.parent.ID}}, nil
		}
	}
	problems, err := r.seen.twice(row, "id", c.ref.ID)
	return c, problems, err
}

// read makes the change of a row.
func (r *unitReader) read(row Row) (change, []Problem) {
	id, _ := row.Get("id")
	c := change{ref: directory.Ref{Kind: r.Kind, ID: id}}
	var problems []Problem
	c.set, problems = values(r.declared, r.fields, row)
	refuse := func(field, description string) {
		problems = append(problems, Problem{field, string(directory.Invalid), description})
	}
	text := func(field string, put func(*directory.Details, string)) {
		if cell, there := row.Get(field); there {
			c.details = append(c.details, func(d *directory.Details) { put(d, cell) })
		}
	}
	day := func(field string, put func(*directory.Details, string)) {
		cell, there := row.Get(field)
		if !there {
			return
		}
		t, ok := attribute.ParseDate(cell)
		if !ok {
			refuse(field, "must be a day such as 2026-03-31")
			return
		}
		c.details = append(c.details, func(d *directory.Details) { put(d, t.Format(time.DateOnly)) })
	}
	text("display_name", func(d *directory.Details, v string) { d.DisplayName = v })
	switch r.Kind {
	case attribute.Location:
		text("address", func(d *directory.Details, v string) { d.Address = v })
		text("format", func(d *directory.Details, v string) { d.Format = v })
		day("opening_date", func(d *directory.Details, v string) { d.OpeningDate = v })
		c.parent = refOf(row, "region", attribute.Region)
		problems = append(problems, c.readPoint(row)...)
	case attribute.Employee:
		text("role", func(d *directory.Details, v string) { d.Role = v })
		day("start_date", func(d *directory.Details, v string) { d.StartDate = v })
		day("end_date", func(d *directory.Details, v string) { d.EndDate = v })
		if c.parent = refOf(row, "location", attribute.Location); c.parent.Empty() {
			c.parent = refOf(row, "region", attribute.Region)
		}
	case attribute.Touchpoint:
		text("stage", func(d *directory.Details, v string) { d.Stage = v })
		if cell, there := row.Get("position"); there {
			n, err := strconv.Atoi(cell)
			if err != nil {
				refuse("position", "must be a whole number")
			}
			c.details = append(c.details, func(d *directory.Details) { d.Position = n })
		}
	case attribute.Region:
		c.parent = refOf(row, "parent", attribute.Region)
	}
	var u directory.Unit
	u.Ref = c.ref
	c.edit(&u)
	if len(problems) == 0 {
		problems = problemsOf(u.Check())
		for i := range problems {
			if problems[i].Field == "name" {
				problems[i].Field = "id"
			}
		}
	}
	return c, problems
}

func refOf(row Row, field string, kind attribute.Kind) directory.Ref {
	id, there := row.Get(field)
	if !there {
		return directory.Ref{}
	}
	return directory.Ref{Kind: kind, ID: id}
}

// readPoint reads coordinates.
func (c *change) readPoint(row Row) (problems []Problem) {
	system, _ := row.Get("coordinate_system")
	if p := problemOf("coordinate_system", directory.CheckSystem("coordinate_system", system)); p != nil {
		return []Problem{*p}
	}
	var degrees [2]float64
	stated := 0
	for i, field := range [...]string{"latitude", "longitude"} {
		cell, there := row.Get(field)
		if !there {
			continue
		}
		stated++
		v, err := attribute.Definition{Type: attribute.Number}.Parse(cell)
		if err != nil {
			problems = append(problems, Problem{field, string(directory.Invalid), "must be degrees such as 42.87"})
		}
		degrees[i] = v.Number
	}
	if stated == 1 {
		problems = append(problems, Problem{"latitude", string(directory.Invalid), "and longitude are stated together, or neither"})
	}
	if stated == len(degrees) {
		c.details = append(c.details, func(d *directory.Details) { d.Point = &directory.Point{Latitude: degrees[0], Longitude: degrees[1]} })
	}
	return problems
}

// edit puts what the row says into a unit. What it does not say stays.
func (c change) edit(u *directory.Unit) {
	for _, put := range c.details {
		put(&u.Details)
	}
	if !c.parent.Empty() {
		u.Parent = c.parent
	}
	u.Attributes = u.Attributes.With(c.set, nil, func(uint32) bool { return true })
}

// Apply implements Reader.
func (r *unitReader) Apply(ctx context.Context, records []any) ([]Outcome, error) {
	changes := make([]store.UnitChange, len(records))
	for i, record := range records {
		c, _ := record.(change)
		changes[i] = store.UnitChange{Ref: c.ref, AllowMissing: true, Edit: func(u *directory.Unit) error {
			c.edit(u)
			return nil
		}}
	}
	outcomes, err := r.Store.PutUnits(ctx, r.organization, r.Now(), changes)
	if err != nil {
		return nil, err
	}
	out := make([]Outcome, len(outcomes))
	for i, o := range outcomes {
		if out[i], err = outcomeOf(o.Created, o.Changed, o.Err); err != nil {
			return nil, err
		}
	}
	return out, nil
}
