package light

import (
	"cmp"
	"iter"
	"slices"
)

// Moved is a unit whose colour another policy would change.
type Moved struct {
	Unit     Unit
	From, To Colour
	// FromMean and ToMean are its scores; 0 without a colour.
	FromMean, ToMean float64
}

// Moves are how many units of each kind have a colour (first index) and would have one (second), of those that have one before or after.
type Moves struct {
	Counts map[Kind]*[4][4]int64
	// First are the units whose colour changes, of the kinds that were asked for, as many as were.
	First []Moved
}

// Asked says which units whose colour changes are named: those of some kinds, as many as Limit.
type Asked struct {
	Kinds []Kind
	Limit int
}

// compareMoved puts first who would turn red, then amber, then green, then none; of these the worse score, then kind and identifier.
func compareMoved(a, b Moved) int {
	rank := func(c Colour) int { return (int(c) + 3) % 4 } //nolint:mnd // four colours, none is last
	return cmp.Or(cmp.Compare(rank(a.To), rank(b.To)), cmp.Compare(a.ToMean, b.ToMean), cmp.Compare(a.Unit.Kind, b.Unit.Kind), cmp.Compare(a.Unit.ID, b.Unit.ID))
}

// Preview judges responses, which come in the order of their contacts, by two policies.
func Preview(now, next Policy, at, then Edges, rows iter.Seq2[Row, error], asked Asked) (Moves, error) {
	out := Moves{Counts: make(map[Kind]*[4][4]int64)}
	for _, k := range Kinds() {
		out.Counts[k] = new([4][4]int64)
	}
	a, b := counting{t: NewTally(now), edges: at}, counting{t: NewTally(next), edges: then}
	contact := ""
	for r, err := range rows {
		if err != nil {
			return out, err
		}
		if r.Contact != contact && contact != "" {
			if err := out.compare(&a, &b, Unit{Contact, contact}, asked); err != nil {
				return out, err
			}
		}
		contact = r.Contact
		a.put(&r)
		b.put(&r)
	}
	units := make(map[Unit]bool, len(a.t.Units))
	for _, t := range []*Tally{a.t, b.t} {
		for u := range t.Units {
			units[u] = true
		}
	}
	for u := range units {
		if err := out.compare(&a, &b, u, asked); err != nil {
			return out, err
		}
	}
	return out, nil
}

// counting is a tally with the edges of its policy.
type counting struct {
	t       *Tally
	edges   Edges
	contact string
}

// put counts a response. Parts of contacts before are no longer needed.
func (c *counting) put(r *Row) {
	if r.Contact != c.contact {
		clear(c.t.Parts)
		c.contact = r.Contact
	}
	c.t.Move(r, Member{}, c.edges.Of(r.Time))
}

// take judges a unit and drops its sums.
func (c *counting) take(u Unit) (Reading, error) {
	sums := c.t.Units[u]
	if sums == nil {
		return Reading{}, nil
	}
	delete(c.t.Units, u)
	return c.t.Policy.Judge(u.Kind, sums)
}

// compare enters what becomes of a unit.
func (m *Moves) compare(a, b *counting, u Unit, asked Asked) error {
	from, err := a.take(u)
	if err != nil {
		return err
	}
	to, err := b.take(u)
	if err != nil {
		return err
	}
	if from.Colour != NoColour || to.Colour != NoColour {
		m.Counts[u.Kind][from.Colour][to.Colour]++
	}
	if from.Colour == to.Colour || !slices.Contains(asked.Kinds, u.Kind) {
		return nil
	}
	moved := Moved{u, from.Colour, to.Colour, from.Mean, to.Mean}
	at, _ := slices.BinarySearchFunc(m.First, moved, compareMoved)
	if at >= asked.Limit {
		return nil
	}
	m.First = slices.Insert(m.First, at, moved)
	m.First = m.First[:min(len(m.First), asked.Limit)]
	return nil
}
