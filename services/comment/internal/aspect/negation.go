package aspect

import (
	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// implies tells which polarity a hit carries where it stands, and whether that is to be relied on: what a negation turns round, and phrases.
// A phrase that holds its own negation («очереди не было») means what is written; one that stands under another («кезек көп эмес», "nothing was
// missing") means the opposite.
func (r *Reader) implies(h *lexicon.Hit, negations []lexicon.Hit) (implied int8, relied bool) {
	if h.Implied == 0 {
		return 0, false
	}
	relied = h.Mask != 1
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
