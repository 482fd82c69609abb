package sentiment

import (
	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// Negate marks the words that stand under a negation, an even number of them leaving a word as it was. It is done before features are read.
func Negate(d *text.Document, hits []lexicon.Hit) {
	for i := range hits {
		h := &hits[i]
		if h.Kind != lexicon.Negate {
			continue
		}
		clause := d.Tokens[h.First].Clause
		if reach := int(h.Value); reach > 0 {
			for at := int(h.Last); at < len(d.Tokens) && reach > 0; at++ {
				t := &d.Tokens[at]
				if t.Clause != clause {
					break
				}
				if t.Kind == text.Word {
					t.Flags ^= text.Negated
					reach--
				}
			}
			continue
		}
		reach := -int(h.Value)
		for at := int(h.First) - 1; at >= 0 && reach > 0; at-- {
			t := &d.Tokens[at]
			if t.Clause != clause {
				break
			}
			if t.Kind == text.Word {
				t.Flags ^= text.Negated
				reach--
			}
		}
	}
}
