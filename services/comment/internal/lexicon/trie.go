package lexicon

import "slices"

// The alphabet of the trie: letters of two alphabets and digits have codes of their own, of anything else each byte.
const (
	codeLatin    = 1
	codeDigit    = codeLatin + 26
	codeCyrillic = codeDigit + 10
	codeByte     = codeCyrillic + 32
	codes        = codeByte + 256
)

// nextCode reads one letter of folded text.
func nextCode(text []byte, at int) (code int32, next int) {
	c := text[at]
	switch {
	case c-'a' < 26:
		return codeLatin + int32(c-'a'), at + 1
	case c == 0xD0 && at+1 < len(text) && text[at+1] >= 0xB0:
		return codeCyrillic + int32(text[at+1]-0xB0), at + 2
	case c == 0xD1 && at+1 < len(text) && text[at+1] < 0x90:
		return codeCyrillic + 16 + int32(text[at+1]-0x80), at + 2
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

// draft is a trie that is being made.
type draft struct {
	children map[int32]*draft
	elements []int32
}

func (d *draft) add(stem []int32, element int32) {
	at := d
	for _, c := range stem {
		if at.children == nil {
			at.children = map[int32]*draft{}
		}
		child := at.children[c]
		if child == nil {
			child = &draft{}
			at.children[c] = child
		}
		at = child
	}
	at.elements = append(at.elements, element)
}

// build lays the draft out; cells are searched from the first free one on.
func (d *draft) build() trie {
	t := trie{nodes: make([]node, 1, 1<<14)}
	t.nodes[0] = node{accept: -1}
	type task struct {
		from *draft
		at   int32
	}
	free := int32(1)
	for queue := []task{{d, 0}}; len(queue) > 0; queue = queue[1:] {
		from, at := queue[0].from, queue[0].at
		if len(from.elements) > 0 {
			t.nodes[at].accept = int32(len(t.accepted)) //nolint:gosec // bounded by the entries
			t.accepted = append(append(t.accepted, from.elements...), -1)
		}
		if len(from.children) == 0 {
			t.nodes[at].base = -codes
			continue
		}
		letters := make([]int32, 0, len(from.children))
		for c := range from.children {
			letters = append(letters, c)
		}
		slices.Sort(letters)
		for int(free) < len(t.nodes) && t.nodes[free].check >= 0 {
			free++
		}
		base := max(free-letters[0], 1-letters[0])
		for !t.fits(base, letters) {
			base++
		}
		t.grow(base + letters[len(letters)-1])
		t.nodes[at].base = base
		for _, c := range letters {
			t.nodes[base+c] = node{check: at, accept: -1}
			queue = append(queue, task{from.children[c], base + c})
		}
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
