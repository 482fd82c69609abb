package aspect

import (
	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// implies tells which polarity a hit carries where it stands, and whether that is to be relied on: what a negation turns round, and phrases.
// A phrase that holds its own negation («очереди не было») means what is written; one that stands under another («кезек көп эмес», "nothing was
// missing") means the opposite. from is where the polarity hits from h on begin.
func (r *Reader) implies(h *lexicon.Hit, from int) (implied int8, relied bool) {
	if h.Implied == 0 {
		return 0, false
	}
	relied = h.Mask != 1
	if sign := r.wider(h, from); sign == -h.Implied {
		return sign, true
	}
	negations := r.hits.Polarity[from:]
	for i := range negations {
		n := &negations[i]
		if n.First >= h.Last {
			break
		}
		if n.Kind == lexicon.Negate && n.First >= h.First && h.Mask>>uint(n.First-h.First)&1 != 0 { //nolint:gosec // within the hit
			return h.Implied, relied
		}
	}
	for k := h.First; k < h.Last; k++ {
		if h.Mask>>uint(k-h.First)&1 != 0 && r.d.Tokens[k].Flags&text.Negated != 0 { //nolint:gosec // within the hit
			return -h.Implied, true
		}
	}
	return h.Implied, relied
}

// look is how many polarity hits before a place may begin phrases that reach it.
const look = 6

// wider returns the sign of a longer phrase of the polarity lexicon that holds all of a hit, or 0.
func (r *Reader) wider(h *lexicon.Hit, from int) int8 {
	for i := max(from-look, 0); i < len(r.hits.Polarity); i++ {
		n := &r.hits.Polarity[i]
		if n.First > h.First {
			break
		}
		if n.Kind != lexicon.Polar || n.Last-n.First <= h.Last-h.First || n.Last < h.Last {
			continue
		}
		switch {
		case n.Value > 0:
			return 1
		case n.Value < 0:
			return -1
		}
	}
	return 0
}
