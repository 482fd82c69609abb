package relational

import (
	"context"
	"slices"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/light"
)

// tally is a light.Tally of a counting, with what is stored of the lights that it touches.
type tally struct {
	*light.Tally
	counting counting
	// stored are the lights that are there; those that are not are missing.
	stored map[light.Unit]storedLight
	// regions and companies are where what is counted now was said, by location and contact.
	regions, companies map[string]string
	// homes are where contacts belong by the directory, as far as they were asked for.
	homes map[string]home
	// contacts are those whose parts it holds, all of them.
	contacts map[string]bool
	// byContact are the parts by contact, once everything is counted.
	byContact map[string]map[light.PartKey]*light.Parts
	// persons are the pseudonyms by which contacts answered, as far as they did.
	persons map[string][]byte
}

// storedLight is a light as it is stored.
type storedLight struct {
	unit     light.Unit
	sums     []byte
	colour   light.Colour
	mean     float64
	answers  int64
	previous light.Colour
	since    int64
	company  string
	// location and region are where a contact belongs; of others region alone is known, that of a location.
	location, region string
	value, stake     float64
	settled          int64
}

const (
	lightColumns    = `kind, unit, sums, colour, mean, answers, previous, since, company, location, region, value, stake, settled`
	sqlLightsIn     = `SELECT ` + lightColumns + ` FROM lights WHERE organization = $1 AND generation = $2 AND kind = $3 AND unit IN (`
	sqlLightPartsIn = `SELECT contact, kind, unit, parts FROM light_parts WHERE organization = $1 AND generation = $2 AND contact IN (`
)

func scanLight(row relational.Scanner) (l storedLight, err error) {
	err = row.Scan(&l.unit.Kind, &l.unit.ID, &l.sums, &l.colour, &l.mean, &l.answers, &l.previous, &l.since, &l.company, &l.location, &l.region, &l.value, &l.stake, &l.settled)
	return l, err
}

// lightsOf reads lights by their units.
func lightsOf(ctx context.Context, r relational.Reader, c counting, generation int64, units map[light.Unit]bool) (map[light.Unit]storedLight, error) {
	byKind := map[light.Kind][]string{}
	for u := range units {
		byKind[u.Kind] = append(byKind[u.Kind], u.ID)
	}
	out := make(map[light.Unit]storedLight, len(units))
	for kind, ids := range byKind {
		slices.Sort(ids)
		found, err := inNames(ctx, r, scanLight, sqlLightsIn, []any{c.organization, generation, int64(kind)}, ids)
		if err != nil {
			return nil, err
		}
		for _, l := range found {
			out[l.unit] = l
		}
	}
	return out, nil
}

// tallyOf makes a tally of a counting that holds the parts of contacts, and the sums of these, of the units that they contribute to and of others.
func tallyOf(ctx context.Context, r relational.Reader, c counting, contacts map[string]bool, units map[light.Unit]bool) (*tally, error) {
	t := &tally{Tally: light.NewTally(c.policy), counting: c, regions: map[string]string{}, companies: map[string]string{}, contacts: contacts}
	type part struct {
		key   light.PartKey
		parts []byte
	}
	ids := make([]string, 0, len(contacts))
	for id := range contacts {
		ids = append(ids, id)
		units[light.Unit{Kind: light.Contact, ID: id}] = true
	}
	slices.Sort(ids)
	parts, err := inNames(ctx, r, func(row relational.Scanner) (p part, err error) {
		err = row.Scan(&p.key.Contact, &p.key.Unit.Kind, &p.key.Unit.ID, &p.parts)
		return p, err
	}, sqlLightPartsIn, []any{c.organization, c.generation}, ids)
	if err != nil {
		return nil, err
	}
	for _, p := range parts {
		decoded, err := light.DecodeParts(p.parts)
		if err != nil {
			return nil, err
		}
		t.Parts[p.key] = &decoded
		units[p.key.Unit] = true
	}
	if t.stored, err = lightsOf(ctx, r, c, c.generation, units); err != nil {
		return nil, err
	}
	for u, l := range t.stored {
		sums, err := light.Decode(l.sums)
		if err != nil {
			return nil, err
		}
		t.Units[u] = &sums
	}
	return t, nil
}

// note remembers where an answer was given, for those who belong somewhere by it.
func (t *tally) note(r *light.Row) {
	if r.Region != "" {
		t.regions[r.Location] = r.Region
	}
	if r.Company != "" {
		t.companies[r.Contact] = r.Company
	}
}

// put counts a row.
func (t *tally) put(r *light.Row) {
	t.Move(r, light.Member{}, t.counting.member(r))
	t.note(r)
}

// take takes back what put did.
func (t *tally) take(r *light.Row) { t.Move(r, t.counting.member(r), light.Member{}) }

// concerning collects whom rows are about.
func concerning(rows ...*light.Row) (contacts map[string]bool, units map[light.Unit]bool) {
	contacts, units = map[string]bool{}, map[light.Unit]bool{}
	for _, r := range rows {
		if r == nil {
			continue
		}
		if r.Contact != "" {
			contacts[r.Contact] = true
		}
		for _, u := range r.Units() {
			units[u] = true
		}
	}
	return contacts, units
}
