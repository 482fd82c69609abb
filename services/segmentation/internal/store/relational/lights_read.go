package relational

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	sqlLight = `SELECT ` + lightColumns + ` FROM lights WHERE organization = $1 AND generation = $2 AND kind = $3 AND unit = $4`
	// lightOrder is the order of package workorder, behind that of colours.
	lightOrder = ` ORDER BY colour, stake DESC, value DESC, mean, unit`
)

// toLight is a light as it is shown.
func (c *counting) toLight(l storedLight) (store.Light, error) {
	sums, err := light.Decode(l.sums)
	if err != nil {
		return store.Light{}, err
	}
	reading, err := c.policy.Judge(l.unit.Kind, &sums)
	return store.Light{
		Unit: l.unit, Reading: reading, Level: c.policy.Level, Previous: l.previous, Since: relational.FromMicro(l.since), Company: l.company, Location: l.location, Region: l.region,
		Value: l.value, Stake: l.stake, PolicyVersion: c.version,
		Clustered: c.policy.Mode == light.AllAnswers && (l.unit.Kind == light.Contact || c.policy.CompanyScore == light.OfAnswers),
	}, err
}

// lightOf reads a light. Errors: relational.ErrNoRow.
func lightOf(ctx context.Context, r relational.Reader, organization string, u light.Unit) (store.Light, error) {
	c, err := judgingOf(ctx, r, organization)
	if err != nil {
		return store.Light{}, err
	}
	l, err := relational.One(ctx, r, scanLight, sqlLight, organization, c.generation, int64(u.Kind), u.ID)
	if err != nil {
		return store.Light{}, err
	}
	return c.toLight(l)
}

// GetLight implements store.Lights.
func (s *Store) GetLight(ctx context.Context, organization string, units store.Units, u light.Unit) (out store.Light, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		of, err := reachOf(ctx, r, organization, units)
		if err != nil {
			return err
		}
		if out, err = lightOf(ctx, r, organization, u); err == nil && !of.Within(placeOfLight(out)) {
			return store.ErrNotFound
		}
		return err
	})
	return out, s.db.Explain("read light", notFound(err))
}

// placeOfLight is where a light belongs.
func placeOfLight(l store.Light) store.Place {
	switch l.Unit.Kind {
	case light.Company:
		return store.Place{Company: l.Unit.ID}
	case light.Contact:
		return store.Place{Company: l.Company, Location: l.Location, Region: l.Region}
	case light.Location:
		return store.Place{Location: l.Unit.ID, Region: l.Region}
	case light.Staff:
		return store.Place{Employee: l.Unit.ID}
	}
	return store.Place{}
}

// lightPlaces are the columns by which lights of a kind belong to units.
func lightPlaces(kind light.Kind) map[string]string {
	switch kind {
	case light.Company:
		return map[string]string{ofCompany: "unit"}
	case light.Contact:
		return placeColumns
	case light.Location:
		return map[string]string{ofLocation: "unit", ofRegion: "region"}
	case light.Staff:
		return map[string]string{ofEmployee: "unit"}
	}
	return nil
}

// which is the condition on lights of a counting.
func (c *counting) which(q store.LightQuery) *conditions {
	var where conditions
	where.and("organization = " + where.arg(c.organization))
	where.and("generation = " + where.arg(c.generation))
	where.and("kind = " + where.arg(int64(q.Kind)))
	where.equal("company", q.Company)
	if q.Company != "" {
		// The index holds those that have one.
		where.and("company <> ''")
	}
	where.equal("region", q.Region)
	where.within(q.Units, lightPlaces(q.Kind))
	return &where
}

// ListLights implements store.Lights.
func (s *Store) ListLights(ctx context.Context, q store.LightQuery) (out []store.Light, more bool, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		c, err := judgingOf(ctx, r, q.Organization)
		if errors.Is(err, relational.ErrNoRow) {
			return nil
		}
		if err != nil {
			return err
		}
		of, err := reachOf(ctx, r, q.Organization, q.Units)
		if err != nil {
			return err
		}
		q.Units = of.Units
		out, more, err = c.listOfUnits(ctx, r, q)
		return err
	})
	return out, more, s.db.Explain("list lights", err)
}

// list lists lights of a counting.
func (c *counting) list(ctx context.Context, r relational.Reader, q store.LightQuery) (out []store.Light, more bool, err error) {
	found, err := c.first(ctx, r, q, c.which(q))
	if err != nil {
		return nil, false, err
	}
	return c.page(found, q.Limit)
}

// listOfUnits is list; for a caller of few units it asks for contacts of each in the order of an index and merges, which is faster than looking through all.
func (c *counting) listOfUnits(ctx context.Context, r relational.Reader, q store.LightQuery) (out []store.Light, more bool, err error) {
	n := 0
	for _, dimension := range []string{ofCompany, ofLocation, ofRegion} {
		n += len(q.Units[dimension])
	}
	if q.Kind != light.Contact || q.Company != "" || n == 0 || n > mostUnits {
		return c.list(ctx, r, q)
	}
	var found []storedLight
	for dimension, column := range placeColumns {
		for _, unit := range q.Units[dimension] {
			whole := q
			whole.Units = nil
			where := c.which(whole)
			where.and(where.oneOf(column, []string{unit}))
			some, err := c.first(ctx, r, q, where)
			if err != nil {
				return nil, false, err
			}
			found = append(found, some...)
		}
	}
	slices.SortFunc(found, compareLights)
	found = slices.CompactFunc(found, func(a, b storedLight) bool { return a.unit == b.unit })
	return c.page(found, q.Limit)
}

// compareLights is lightOrder behind the order of colours.
func compareLights(a, b storedLight) int {
	return cmp.Or(cmp.Compare(a.colour, b.colour), cmp.Compare(b.stake, a.stake), cmp.Compare(b.value, a.value), cmp.Compare(a.mean, b.mean), cmp.Compare(a.unit.ID, b.unit.ID))
}

// first reads the first lights that fit conditions, one more than the limit.
func (c *counting) first(ctx context.Context, r relational.Reader, q store.LightQuery, which *conditions) (found []storedLight, err error) {
	if q.Kind == light.Staff {
		return staff(ctx, r, q, which)
	}
	// Each colour is a range of the index, from the light after which to begin.
	for colour := light.Red; colour <= light.Green && len(found) <= q.Limit; colour++ {
		if q.Colour != light.NoColour && q.Colour != colour || q.After != nil && colour < q.After.Colour {
			continue
		}
		for _, behind := range rangesAfter(q.After, colour) {
			where := which.clone()
			where.and("colour = " + where.arg(int64(colour)))
			behind(where)
			limit := where.arg(q.Limit + 1 - len(found))
			some, err := relational.List(ctx, r, scanLight, `SELECT `+lightColumns+` FROM lights WHERE `+where.text.String()+lightOrder+` LIMIT `+limit, where.args...)
			if err != nil {
				return nil, err
			}
			if found = append(found, some...); len(found) > q.Limit {
				break
			}
		}
	}
	return found, nil
}

// staff reads the first lights of employees, one more than the limit, by their identifiers.
func staff(ctx context.Context, r relational.Reader, q store.LightQuery, which *conditions) ([]storedLight, error) {
	where := which.clone()
	if q.Colour != light.NoColour {
		where.and("colour = " + where.arg(int64(q.Colour)))
	} else {
		where.and("colour > 0")
	}
	if q.After != nil {
		where.and("unit > " + where.arg(q.After.Unit))
	}
	return relational.List(ctx, r, scanLight, `SELECT `+lightColumns+` FROM lights WHERE `+where.text.String()+` ORDER BY unit LIMIT `+where.arg(q.Limit+1), where.args...)
}

// page is a page of lights as they are shown.
func (c *counting) page(found []storedLight, limit int) (out []store.Light, more bool, err error) {
	found, more = relational.Page(found[:min(len(found), limit+1)], limit)
	for _, l := range found {
		shown, err := c.toLight(l)
		if err != nil {
			return nil, false, err
		}
		out = append(out, shown)
	}
	return out, more, nil
}

// rangesAfter are the ranges of the index, in order, in which lights of a colour lie behind another one: one condition for all of them would begin to read where
// the stake does, which most may share.
func rangesAfter(k *store.LightKey, colour light.Colour) []func(*conditions) {
	if k == nil || k.Colour != colour {
		return []func(*conditions){func(*conditions) {}}
	}
	stake := func(c *conditions) { c.and("stake = " + c.arg(k.Stake)) }
	value := func(c *conditions) { c.and("value = " + c.arg(k.Value)) }
	return []func(*conditions){
		func(c *conditions) {
			stake(c)
			value(c)
			// Together: SQLite would look for units behind one by themselves, and go through all lights of the kind.
			c.and("(mean, unit) > (" + c.arg(k.Mean) + ", " + c.arg(k.Unit) + ")")
		},
		func(c *conditions) {
			stake(c)
			c.and("value < " + c.arg(k.Value))
		},
		func(c *conditions) { c.and("stake < " + c.arg(k.Stake)) },
	}
}

// CountLightColours implements store.Lights.
func (s *Store) CountLightColours(ctx context.Context, q store.LightQuery) (map[light.Colour]int64, error) {
	out := map[light.Colour]int64{}
	err := s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		c, err := judgingOf(ctx, r, q.Organization)
		if errors.Is(err, relational.ErrNoRow) {
			return nil
		}
		if err != nil {
			return err
		}
		if q.Company == "" && q.Region == "" && len(q.Units) == 0 {
			out, err = c.counted(ctx, r, q.Kind, q.Colour)
			return err
		}
		of, err := reachOf(ctx, r, q.Organization, q.Units)
		if err != nil {
			return err
		}
		q.Units = of.Units
		out, err = c.count(ctx, r, q)
		return err
	})
	return out, s.db.Explain("count lights", err)
}

// count counts lights of a counting, of a company, a region or some units, by colour.
func (c *counting) count(ctx context.Context, r relational.Reader, q store.LightQuery) (map[light.Colour]int64, error) {
	out := map[light.Colour]int64{}
	where := c.which(q)
	if q.Colour != light.NoColour {
		where.and("colour = " + where.arg(int64(q.Colour)))
	} else {
		where.and("colour > 0")
	}
	_, err := relational.List(ctx, r, func(row relational.Scanner) (none struct{}, err error) {
		var colour light.Colour
		var n int64
		err = row.Scan(&colour, &n)
		out[colour] = n
		return none, err
	}, `SELECT colour, count(*) FROM lights WHERE `+where.text.String()+` GROUP BY colour`, where.args...)
	return out, err
}

// eachAtOnce is how many rows are read at a time of what is handed out one by one.
const eachAtOnce = 5000

const sqlEachLight = `SELECT unit, colour, mean, answers FROM lights WHERE organization = $1 AND generation = $2 AND kind = $3 AND unit > $4 ORDER BY unit LIMIT `

// EachLight implements store.Lights.
func (s *Store) EachLight(ctx context.Context, organization string, kind light.Kind, fn func(store.LightSummary) error) error {
	after := ""
	for {
		var some []store.LightSummary
		err := s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
			c, err := judgingOf(ctx, r, organization)
			if errors.Is(err, relational.ErrNoRow) {
				return nil
			}
			if err != nil {
				return err
			}
			some, err = relational.List(ctx, r, scanLightSummary, sqlEachLight+strconv.Itoa(eachAtOnce), organization, c.generation, int64(kind), after)
			if err == nil && kind == light.Contact && len(some) > 0 {
				err = lastAnswers(ctx, r, organization, after, some)
			}
			return err
		})
		if err != nil {
			return s.db.Explain("read lights", err)
		}
		for _, l := range some {
			if err := fn(l); err != nil {
				return err
			}
			after = l.Unit
		}
		if len(some) < eachAtOnce {
			return nil
		}
	}
}

const sqlLastAnswers = `SELECT contact, max(count_time) FROM answers WHERE organization = $1 AND contact > $2 AND contact <= $3 GROUP BY contact ORDER BY contact`

// lastAnswers enters when contacts, which are in order, answered last.
func lastAnswers(ctx context.Context, r relational.Reader, organization, after string, of []store.LightSummary) error {
	at := 0
	_, err := relational.List(ctx, r, func(row relational.Scanner) (none struct{}, err error) {
		var contact string
		var last int64
		if err := row.Scan(&contact, &last); err != nil {
			return none, err
		}
		for at < len(of) && of[at].Unit < contact {
			at++
		}
		if at < len(of) && of[at].Unit == contact {
			of[at].Last = relational.FromMicro(last)
		}
		return none, nil
	}, sqlLastAnswers, organization, after, of[len(of)-1].Unit)
	return err
}
