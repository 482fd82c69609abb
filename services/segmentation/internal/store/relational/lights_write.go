package relational

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/workorder"
)

const (
	sqlPutLight = `INSERT INTO lights (organization, generation, ` + lightColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
ON CONFLICT (organization, generation, kind, unit) DO UPDATE SET sums = excluded.sums, colour = excluded.colour, mean = excluded.mean,
answers = excluded.answers, previous = excluded.previous, since = excluded.since, company = excluded.company, location = excluded.location, region = excluded.region, value = excluded.value,
stake = excluded.stake, settled = excluded.settled`
	sqlDropLight    = `DELETE FROM lights WHERE organization = $1 AND generation = $2 AND kind = $3 AND unit = $4`
	sqlPutLightPart = `INSERT INTO light_parts (organization, generation, contact, kind, unit, parts) VALUES ($1, $2, $3, $4, $5, $6)
ON CONFLICT (organization, generation, contact, kind, unit) DO UPDATE SET parts = excluded.parts`
	sqlDropLightPart = `DELETE FROM light_parts WHERE organization = $1 AND generation = $2 AND contact = $3 AND kind = $4 AND unit = $5`
)

// lightChange is a light as it was and as it is.
type lightChange struct {
	before, now storedLight
	reading     light.Reading
	// rejudged tells that what was counted shows another colour only since another policy judges it.
	rejudged bool
}

// told tells whether others hear of the change: the colour is another one, or the light is the first one and red.
func (c lightChange) told() bool {
	return c.now.colour != c.before.colour && c.now.colour != light.NoColour && (c.before.colour != light.NoColour || c.now.colour == light.Red)
}

// writeTally stores what a tally counted, judges its lights and tells of those that show another colour.
func (w *writing) writeTally(ctx context.Context, t *tally, now time.Time) error {
	if err := w.writeParts(ctx, t); err != nil {
		return err
	}
	before, err := w.judgedBefore(ctx, t)
	if err != nil {
		return err
	}
	fresh, err := w.worthOf(ctx, t)
	if err != nil {
		return err
	}
	c, at := t.counting, relational.ToMicro(now)
	var puts, drops [][]any
	var changed []lightChange
	moves := lightMoves{}
	for _, u := range sortedUnits(t) {
		sums, was := t.Units[u], before[u]
		l, there := t.stored[u]
		if sums.Empty() {
			if there {
				moves.add(u.Kind, l.colour, light.NoColour)
				drops = append(drops, []any{c.organization, c.generation, int64(u.Kind), u.ID})
			}
			continue
		}
		reading, err := c.policy.Judge(u.Kind, sums)
		if err != nil {
			return err
		}
		if !there {
			l = fresh[u]
		}
		moves.add(u.Kind, l.colour, reading.Colour)
		// One that shows what it showed is told of only where it is compared with the one of the policy before.
		rejudged := there && l.colour == reading.Colour
		l.unit, l.sums = u, sums.Encode()
		l.colour, l.mean, l.answers = reading.Colour, reading.Mean, reading.Answers
		t.place(&l)
		l.stake = 0
		if l.colour == light.Red {
			l.stake = workorder.Stake(l.value, l.mean, c.policy.Red)
		}
		l.previous, l.since = was.previous, was.since
		if l.colour != was.colour || l.since == 0 {
			l.since = at
			if was.colour != light.NoColour && l.colour != was.colour {
				l.previous = was.colour
			}
		}
		l.settled = 1
		if c.state == building {
			l.settled = 0
		}
		puts = append(puts, []any{
			c.organization, c.generation, int64(u.Kind), u.ID, l.sums, int64(l.colour), l.mean, l.answers, int64(l.previous), l.since, l.company, l.location, l.region, l.value,
			l.stake, l.settled,
		})
		changed = append(changed, lightChange{was, l, reading, rejudged})
	}
	if err := w.many(ctx, sqlDropLight, drops); err != nil {
		return err
	}
	if err := w.many(ctx, sqlPutLight, puts); err != nil {
		return err
	}
	if err := w.moveLights(ctx, c, moves); err != nil || c.state == building {
		return err
	}
	if err := w.touchLights(ctx, t, changed, now); err != nil {
		return err
	}
	return w.tellLights(ctx, t, changed, now)
}

// touchLights has the segments evaluated anew of contacts, and of those of companies, whose lights are others.
func (w *writing) touchLights(ctx context.Context, t *tally, changed []lightChange, now time.Time) error {
	var contacts, answered, companies []string
	for u := range t.Units {
		switch {
		case u.Kind != light.Contact:
		case t.persons[u.ID] != nil:
			answered = append(answered, u.ID)
		default:
			contacts = append(contacts, u.ID)
		}
	}
	for _, ch := range changed {
		// Every answer moves the mean of its company; its contacts are evaluated when the colour is another one.
		if ch.now.unit.Kind == light.Company && ch.now.colour != ch.before.colour {
			companies = append(companies, ch.now.unit.ID)
		}
	}
	for statement, ids := range map[string][]string{sqlTouch: contacts, sqlTouchAnswered: answered} {
		slices.Sort(ids)
		if err := w.touchBy(ctx, statement, t.counting.organization, ids, now); err != nil {
			return err
		}
	}
	if len(companies) == 0 {
		return nil
	}
	return w.touchCompany(ctx, t.counting.organization, companies, now)
}

// many is Many for statements that may have nothing to do.
func (w *writing) many(ctx context.Context, statement string, args [][]any) error {
	if len(args) == 0 {
		return nil
	}
	return w.Many(ctx, statement, args)
}

// sortedUnits are the units of a tally in order, so that writers of all processes write in one order.
func sortedUnits(t *tally) []light.Unit {
	out := make([]light.Unit, 0, len(t.Units))
	for u := range t.Units {
		out = append(out, u)
	}
	slices.SortFunc(out, func(a, b light.Unit) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) })
	return out
}

// writeParts stores the parts of a tally.
func (w *writing) writeParts(ctx context.Context, t *tally) error {
	var puts, drops [][]any
	for k, p := range t.Parts {
		key := []any{t.counting.organization, t.counting.generation, k.Contact, int64(k.Unit.Kind), k.Unit.ID}
		if p.Empty() {
			drops = append(drops, key)
		} else {
			puts = append(puts, append(key, p.Encode()))
		}
	}
	for _, rows := range [][][]any{puts, drops} {
		slices.SortFunc(rows, func(a, b []any) int {
			return cmp.Or(cmp.Compare(a[2].(string), b[2].(string)), cmp.Compare(a[3].(int64), b[3].(int64)), cmp.Compare(a[4].(string), b[4].(string)))
		})
	}
	if err := w.many(ctx, sqlDropLightPart, drops); err != nil {
		return err
	}
	return w.many(ctx, sqlPutLightPart, puts)
}

// judgedBefore are the lights of a tally as they showed before: where one is not compared yet with that of the generation before, that one.
func (w *writing) judgedBefore(ctx context.Context, t *tally) (map[light.Unit]storedLight, error) {
	unsettled := map[light.Unit]bool{}
	for u := range t.Units {
		if l, there := t.stored[u]; there && l.settled == 0 {
			unsettled[u] = true
		}
	}
	if t.counting.state == building || len(unsettled) == 0 {
		return t.stored, nil
	}
	out := make(map[light.Unit]storedLight, len(t.stored))
	for u, l := range t.stored {
		if !unsettled[u] {
			out[u] = l
		}
	}
	all, err := relational.List(ctx, w, scanCounting, sqlCountings, t.counting.organization)
	if err != nil {
		return nil, err
	}
	for _, c := range all {
		if c.state != replaced {
			continue
		}
		old, err := lightsOf(ctx, w, c, c.generation, unsettled)
		if err != nil {
			return nil, err
		}
		for u, l := range old {
			out[u] = l
		}
	}
	return out, nil
}
