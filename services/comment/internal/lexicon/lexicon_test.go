package lexicon

import "testing"

func TestLoad(t *testing.T) {
	l, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	elements, states := l.Size()
	t.Log(elements, states, len(l.trie.nodes))
}
