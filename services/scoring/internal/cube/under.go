package cube

import (
	"maps"
	"slices"

	"github.com/otklik/otklik/services/scoring/internal/fact"
)

// Under is a cube of what one survey counts under values of a key, as if there were nothing else: as a whole and under each of the values, but
// under no other key.
func (c *Cube) Under(id string, key fact.ContextKey, values []string) *Cube {
	out := New()
	c.mu.RLock()
	defer c.mu.RUnlock()
	sv := c.surveys[id]
	if sv == nil {
		return out
	}
	for name, theirs := range sv.families {
		part := &family{values: slices.Clone(theirs.values), symbols: maps.Clone(theirs.symbols), added: theirs.added}
		for _, v := range values {
			s := theirs.series(key, v)
			if key == fact.NoKey || s == nil || part.by[key][v] != nil {
				continue
			}
			*part.makeSeries(key, v) = s.clone()
			more := s.clone()
			part.absorb(&part.all, &more, nil)
		}
		if part.isEmpty() {
			continue
		}
		to := out.surveys[id]
		if to == nil {
			to = &survey{families: make(map[familyKey]*family)}
			out.surveys[id] = to
		}
		to.families[name] = part
	}
	return out
}

// clone is a copy that shares nothing with s.
func (s *series) clone() series {
	out := series{blocks: slices.Clone(s.blocks)}
	for i := range out.blocks {
		b := &out.blocks[i]
		b.total, b.days = slices.Clone(b.total), slices.Clone(b.days)
		for j := range b.days {
			d := &b.days[j]
			d.entries, d.total = slices.Clone(d.entries), slices.Clone(d.total)
		}
	}
	return out
}
