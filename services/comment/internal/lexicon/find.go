package lexicon

import (
	"math/bits"
	"slices"

	"github.com/otklik/otklik/services/comment/internal/text"
)

const (
	maxFound = 12 // elements kept of one token
	reach    = 4  // how many words further the next word of a phrase with + may stand
)

// found is what one token of a comment matched.
type found struct {
	elements [maxFound]int32
	count    int32
	word     bool // not a mark
}

// Find looks for the entries of some languages in a comment. Its cost is linear in the length of the comment.
func (l *Lexicon) Find(d *text.Document, languages Languages, h *Hits) {
	h.Polarity, h.Aspects = h.Polarity[:0], h.Aspects[:0]
	if cap(h.found) < len(d.Tokens) {
		h.found = make([]found, len(d.Tokens)+len(d.Tokens)/2)
	}
	h.found = h.found[:len(d.Tokens)]
	for i := range d.Tokens {
		f := &h.found[i]
		f.count, f.word = 0, d.Tokens[i].Kind != text.Mark
		if f.word {
			l.token(d.Word(i), languages, f)
		}
	}
	for i := range h.found {
		f := &h.found[i]
		if f.count == 0 {
			continue
		}
		l.singles(f, int32(i), h) //nolint:gosec // a token of a comment
		for _, e := range f.elements[:f.count] {
			if s := l.elements[e].start; s >= 0 {
				l.follow(d, h, place{state: s, first: int32(i), at: int32(i), mask: 1}) //nolint:gosec // a token of a comment
			}
		}
	}
	h.Polarity = swallow(h.Polarity)
	h.Aspects = swallow(h.Aspects)
}

// token walks one word down the trie and keeps the elements that match it, the longest last.
func (l *Lexicon) token(word []byte, languages Languages, f *found) {
	at := int32(0)
	nodes := l.trie.nodes
	for i := 0; i < len(word); {
		var c int32
		c, i = nextCode(word, i)
		next := nodes[at].base + c
		if next <= 0 || int(next) >= len(nodes) || nodes[next].check != at {
			return
		}
		at = next
		list := nodes[at].accept
		if list < 0 {
			continue
		}
		for ; l.trie.accepted[list] >= 0; list++ {
			e := l.trie.accepted[list]
			el := &l.elements[e]
			if el.language&languages == 0 {
				continue
			}
			switch el.mode {
			case whole:
				if i < len(word) {
					continue
				}
			case ending:
				if !l.endings.accept(word[i:], el.language) {
					continue
				}
			}
			if f.count < maxFound {
				f.elements[f.count] = e
				f.count++
			}
		}
	}
}

// singles adds the best meaning of one token in either family: the longest stem, the more exact one of two, Kyrgyz before the others.
func (l *Lexicon) singles(f *found, token int32, h *Hits) {
	var best [families]int32
	var rank [families]int32
	for _, e := range f.elements[:f.count] {
		el := &l.elements[e]
		r := el.letters<<5 | int32(el.mode)<<3 | int32(el.language)
		for family := range families {
			if !el.single[family].empty() && r > rank[family] {
				best[family], rank[family] = e, r
			}
		}
	}
	for family := range families {
		if rank[family] > 0 {
			l.hit(h, family, l.elements[best[family]].single[family], token, token+1, 1)
		}
	}
}

func (l *Lexicon) hit(h *Hits, family Family, s span, first, last int32, mask uint32) {
	for _, m := range l.meanings[s.first:s.last] {
		hit := Hit{
			First: first, Last: last, Mask: mask,
			Kind: m.kind, Value: m.value, Aspect: m.aspect, Implied: m.implied, Language: m.language,
		}
		if family == Polarity {
			h.Polarity = append(h.Polarity, hit)
		} else {
			h.Aspects = append(h.Aspects, hit)
		}
	}
}

// place is how far a phrase was followed.
type place struct {
	state, first, at int32
	mask             uint32
}

// follow looks for the words that continue a phrase.
func (l *Lexicon) follow(d *text.Document, h *Hits, p place) {
	s := &l.phrases.states[p.state]
	for family := range families {
		if !s.final[family].empty() {
			l.hit(h, family, s.final[family], p.first, p.at+1, p.mask)
		}
	}
	if !s.tight && !s.loose {
		return
	}
	words := 0
	for j := p.at + 1; int(j) < len(h.found) && j-p.first < 32; j++ {
		f := &h.found[j]
		if !f.word {
			if k := d.Word(int(j)); len(k) == 1 && (k[0] == '-' || k[0] == '"' || k[0] == '\'') {
				continue
			}
			return
		}
		if words++; words > 1 && (!s.loose || d.Tokens[j].Clause != d.Tokens[p.at].Clause) {
			return
		}
		for _, e := range f.elements[:f.count] {
			for g := tight; g <= loose; g++ {
				if g == tight && (words > 1 || !s.tight) || g == loose && !s.loose {
					continue
				}
				if n := l.phrases.next(edge{p.state, e, g}); n >= 0 {
					l.follow(d, h, place{state: n, first: p.first, at: j, mask: p.mask | 1<<uint(j-p.first)}) //nolint:gosec // below 32
				}
			}
		}
		if words == reach {
			return
		}
	}
}

// swallow sorts the hits and drops those whose words all belong to a longer one.
func swallow(hits []Hit) []Hit {
	slices.SortStableFunc(hits, func(a, b Hit) int {
		if a.First != b.First {
			return int(a.First - b.First)
		}
		return bits.OnesCount32(b.Mask) - bits.OnesCount32(a.Mask)
	})
	kept := hits[:0]
	from := 0
	for _, h := range hits {
		for from < len(kept) && kept[from].First+32 <= h.First {
			from++ // too early to reach this one
		}
		if !covered(kept[from:], &h) {
			kept = append(kept, h)
		}
	}
	return slices.DeleteFunc(kept, func(h Hit) bool { return h.Aspect == Nothing })
}

// covered reports whether a longer hit, or an equal one, holds all words of h.
func covered(hits []Hit, h *Hit) bool {
	for i := range hits {
		k := &hits[i]
		mask := k.Mask >> uint(h.First-k.First) //nolint:gosec // in order, within 32
		if mask&h.Mask != h.Mask {
			continue
		}
		if k.Mask != h.Mask<<uint(h.First-k.First) || k.Aspect == h.Aspect { //nolint:gosec // in order, within 32
			return true
		}
	}
	return false
}
