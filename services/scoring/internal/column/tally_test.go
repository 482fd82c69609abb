package column

import (
	"fmt"
	"maps"
	"testing"

	"pgregory.net/rapid"
)

// TestTallies: a tally counts the same whether its places are few or too many for an array, and the sum of two is that of what they counted.
func TestTallies(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		width := rapid.IntRange(1, 20).Draw(t, "width")
		weighted := rapid.Bool().Draw(t, "weighted")
		want := make(map[string]float64)
		fill := func(tl *tally) {
			for range rapid.IntRange(0, 4).Draw(t, "batches") {
				cells := rapid.IntRange(1, 5).Draw(t, "cells")
				tl.grow(cells)
				n := rapid.IntRange(0, 6).Draw(t, "rows")
				rows, slots, weights, column := make([]uint16, n), make([]uint32, n), make([]float64, n), make([]uint32, n)
				for i := range n {
					rows[i], slots[i] = uint16(i), uint32(rapid.IntRange(0, cells-1).Draw(t, "cell"))
					weights[i], column[i] = float64(rapid.IntRange(1, 4).Draw(t, "weight")), uint32(rapid.IntRange(0, width-1).Draw(t, "code"))
					want[fmt.Sprint("n ", slots[i], column[i])]++
					if weighted {
						want[fmt.Sprint("w ", slots[i], column[i])] += weights[i]
					}
				}
				tallyRows(tl, rows, slots, weights, column)
				if !weighted {
					tl.add(0, []uint32{2})
					want[fmt.Sprint("n ", 0, 0)] += 2
				}
			}
		}
		limit := rapid.IntRange(0, 100).Draw(t, "limit")
		one, other := tally{width: width, weighted: weighted, limit: limit}, tally{width: width, weighted: weighted, limit: limit}
		fill(&one)
		fill(&other)
		cells := max(one.cells, other.cells)
		one.grow(cells)
		one.absorb(&other, 0, 0, other.cells)
		got := make(map[string]float64)
		for cell := range cells {
			one.each(cell, cell+1, func(code int, n int64, s *sum) {
				got[fmt.Sprint("n ", cell, code)] += float64(n)
				if weighted {
					got[fmt.Sprint("w ", cell, code)] += s.weight().Sum
				}
			})
		}
		if !maps.Equal(got, want) {
			t.Fatalf("got %v, want %v", got, want)
		}
	})
}

// TestTrees: each combination has a number of its own, from which it is found again, however many there can be.
func TestTrees(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cards := rapid.SliceOfN(rapid.SampledFrom([]int{1, 2, 7, 300, 1 << 20}), 0, 3).Draw(t, "cards")
		roots := rapid.SampledFrom([]int{1, 5, 1000}).Draw(t, "roots")
		tree := newTree(roots, cards, rapid.SampledFrom([]int{1, maxFlat + 1}).Draw(t, "cells"))
		known := make(map[uint32]string)
		for range rapid.IntRange(0, 20).Draw(t, "combinations") {
			root := uint32(rapid.IntRange(0, roots-1).Draw(t, "root"))
			node, codes := root, make([]uint32, len(cards))
			for i, card := range cards {
				codes[i] = uint32(rapid.IntRange(0, card-1).Draw(t, "code"))
				node = tree.levels[i].node(node, codes[i])
			}
			name := fmt.Sprint(root, codes)
			if other, ok := known[node]; ok && other != name || int(node) >= tree.leaves() {
				t.Fatalf("%s has the number %d of %s, of %d", name, node, other, tree.leaves())
			}
			known[node] = name
			if gotRoot, gotCodes := tree.path(node, nil); fmt.Sprint(gotRoot, gotCodes) != name {
				t.Fatalf("%d leads to %d %v, want %s", node, gotRoot, gotCodes, name)
			}
		}
	})
}
