package lexicon

import (
	"slices"
	"strings"
)

// The alphabet of the trie: letters of two alphabets and digits have codes of their own, of anything else each byte.
const (
	codeLatin    = 1
	codeDigit    = codeLatin + 26
	codeCyrillic = codeDigit + 10
	codeByte     = codeCyrillic + 32
	codes        = codeByte + 256
)

// nextCode reads one letter of folded text.
func nextCode[text string | []byte](word text, at int) (code int32, next int) {
	c := word[at]
	switch {
	case c-'a' < 26:
		return codeLatin + int32(c-'a'), at + 1
	case c == 0xD0 && at+1 < len(word) && word[at+1] >= 0xB0:
		return codeCyrillic + int32(word[at+1]-0xB0), at + 2
	case c == 0xD1 && at+1 < len(word) && word[at+1] < 0x90:
		return codeCyrillic + 16 + int32(word[at+1]-0x80), at + 2
	case c-'0' < 10:
		return codeDigit + int32(c-'0'), at + 1
	}
	return codeByte + int32(c), at + 1
}

// node is a cell of the double array: the child by code c of the node at i is at base+c if the check there is i.
type node struct {
	base, check int32
	accept      int32 // the first of its elements in trie.accepted, or −1
}

// trie is a double-array trie of stems. A walk touches one cell a letter.
type trie struct {
	nodes    []node
	accepted []int32 // lists of elements, each ended by −1
}

// draft gathers the stems of a trie that is to be made.
type draft struct{ stems []draftStem }

type draftStem struct {
	folded  string
	element int32
}

func (d *draft) add(folded string, element int32) {
	d.stems = append(d.stems, draftStem{folded, element})
}

// group is the stems [first, last) of a sorted draft, which agree in their first bytes: those of the node at a cell.
type group struct {
	first, last, bytes int
	at                 int32
}

// build lays the draft out; cells are searched from the first free one on.
func (d *draft) build() trie {
	slices.SortFunc(d.stems, func(a, b draftStem) int {
		if c := strings.Compare(a.folded, b.folded); c != 0 {
			return c
		}
		return int(a.element - b.element)
	})
	t := trie{nodes: make([]node, 1, 1<<16)}
	t.nodes[0] = node{accept: -1}
	free := int32(1)
	var codesOf []int32
	var children []group
	queue := []group{{0, len(d.stems), 0, 0}}
	for next := 0; next < len(queue); next++ {
		g := queue[next]
		codesOf, children = codesOf[:0], children[:0]
		i := g.first
		for ; i < g.last && len(d.stems[i].folded) == g.bytes; i++ {
			if i == g.first {
				t.nodes[g.at].accept = int32(len(t.accepted)) //nolint:gosec // bounded by the entries
			}
			t.accepted = append(t.accepted, d.stems[i].element)
		}
		if i > g.first {
			t.accepted = append(t.accepted, -1)
		}
		for i < g.last {
			code, to := nextCode(d.stems[i].folded, g.bytes)
			letter := d.stems[i].folded[g.bytes:to]
			k := i
			for k < g.last && strings.HasPrefix(d.stems[k].folded[g.bytes:], letter) {
				k++
			}
			codesOf, children = append(codesOf, code), append(children, group{first: i, last: k, bytes: to})
			i = k
		}
		if len(codesOf) == 0 {
			t.nodes[g.at].base = -codes
			continue
		}
		for int(free) < len(t.nodes) && t.nodes[free].check >= 0 {
			free++
		}
		base := max(free-slices.Min(codesOf), 1-slices.Min(codesOf))
		for !t.fits(base, codesOf) {
			base++
		}
		t.grow(base + slices.Max(codesOf))
		t.nodes[g.at].base = base
		for n, c := range codesOf {
			t.nodes[base+c] = node{check: g.at, accept: -1}
			children[n].at = base + c
		}
		queue = append(queue, children...)
	}
	return t
}

func (t *trie) fits(base int32, letters []int32) bool {
	for _, c := range letters {
		if i := int(base + c); i < 1 || i < len(t.nodes) && t.nodes[i].check >= 0 {
			return false
		}
	}
	return true
}

func (t *trie) grow(last int32) {
	for int(last) >= len(t.nodes) {
		t.nodes = append(t.nodes, node{check: -1, accept: -1})
	}
}

// child returns the child of a node, or −1.
func (t *trie) child(at, code int32) int32 {
	next := t.nodes[at].base + code
	if next <= 0 || int(next) >= len(t.nodes) || t.nodes[next].check != at {
		return -1
	}
	return next
}
