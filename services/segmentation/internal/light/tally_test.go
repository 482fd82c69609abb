package light_test

import (
	"cmp"
	"iter"
	"maps"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/segmentation/internal/light"
)

func TestAddThenRemoveIsTheIdentity(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, rows := drawPolicy(rt), drawRows(rt, 30)
		more := drawRows(rt, 30)
		for i := range more {
			more[i].Response += "-more"
		}
		tally, e := count(p, rows), p.EdgesAt(noon)
		before := counted(tally)
		for i := range more {
			tally.Move(&more[i], light.Member{}, e.Of(more[i].Time))
		}
		for _, i := range rapid.Permutation(indices(len(more))).Draw(rt, "order") {
			tally.Move(&more[i], e.Of(more[i].Time), light.Member{})
		}
		if after := counted(tally); !reflect.DeepEqual(before, after) {
			rt.Fatalf("sums differ after what was added was removed:\n%v\n%v", before, after)
		}
	})
}

func indices(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func TestSumsEqualARecountWhateverCame(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		p, rows := drawPolicy(rt), drawRows(rt, 40)
		tally, e := count(p, rows), p.EdgesAt(noon)
		// Time goes on.
		later := noon.AddDate(0, 0, rapid.IntRange(0, 120).Draw(rt, "days"))
		moved := p.EdgesAt(later)
		for i := range rows {
			tally.Move(&rows[i], e.Of(rows[i].Time), moved.Of(rows[i].Time))
		}
		// Contacts merge.
		if rapid.Bool().Draw(rt, "merge") {
			tally.Forget("p1")
			tally.Forget("p2")
			for i := range rows {
				if c := rows[i].Contact; c == "p1" || c == "p2" {
					rows[i].Contact = "p2"
					tally.Move(&rows[i], light.Member{}, moved.Of(rows[i].Time))
				}
			}
		}
		sorted := slices.Clone(rows)
		slices.SortStableFunc(sorted, func(a, b light.Row) int { return cmp.Compare(a.Contact, b.Contact) })
		again := map[light.Unit]light.Periods{}
		err := light.Recount(p, moved, valid(sorted), func(u light.Unit, s *light.Periods) error {
			if _, twice := again[u]; twice {
				rt.Fatalf("%v is handed out twice", u)
			}
			again[u] = *s
			return nil
		})
		if err != nil {
			rt.Fatal(err)
		}
		if got := counted(tally); !reflect.DeepEqual(got, again) {
			rt.Fatalf("sums\n%v\na recount\n%v", got, again)
		}
	})
}

func valid(rows []light.Row) iter.Seq2[light.Row, error] {
	return func(yield func(light.Row, error) bool) {
		for _, r := range rows {
			if !yield(r, nil) {
				return
			}
		}
	}
}

func TestMergeIsAssociativeAndEqualsOneSum(t *testing.T) {
	draw := func(rt *rapid.T, label string) light.Sums {
		var s light.Sums
		for range rapid.IntRange(0, 5).Draw(rt, label) {
			var p light.Part
			n := rapid.Int64Range(1, 20).Draw(rt, "count")
			p.Answers = light.Answers{Count: n, Sum: rapid.Int64Range(0, n*light.Resolution).Draw(rt, "sum")}
			s.AddContact(p)
		}
		return s
	}
	rapid.Check(t, func(rt *rapid.T) {
		a, b, c := draw(rt, "a"), draw(rt, "b"), draw(rt, "c")
		if a.Merge(b).Merge(c) != a.Merge(b.Merge(c)) || a.Merge(b) != b.Merge(a) || a.Merge(light.Sums{}) != a {
			rt.Fatal("merging depends on the order")
		}
	})
}

func TestSumsAreKeptExactly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		tally := count(drawPolicy(rt), drawRows(rt, 40))
		for u, s := range tally.Units {
			if got, err := light.Decode(s.Encode()); err != nil || got != *s {
				rt.Fatalf("%v: %v decodes to %v, %v", u, *s, got, err)
			}
		}
		for k, p := range tally.Parts {
			if got, err := light.DecodeParts(p.Encode()); err != nil || got != *p {
				rt.Fatalf("%v: %v decodes to %v, %v", k, *p, got, err)
			}
		}
	})
	if _, err := light.Decode([]byte{1}); err == nil {
		t.Error("sums that end midway are read")
	}
	if _, err := light.DecodeParts([]byte{0, 0, 0, 0}); err == nil {
		t.Error("parts with something behind them are read")
	}
}

func TestPreviewComparesTwoRecounts(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		now, next, rows := drawPolicy(rt), drawPolicy(rt), drawRows(rt, 40)
		next.Red, next.Amber = 6, 7
		slices.SortStableFunc(rows, func(a, b light.Row) int { return cmp.Compare(a.Contact, b.Contact) })
		moves, err := light.Preview(now, next, now.EdgesAt(noon), next.EdgesAt(noon), valid(rows), light.Asked{Kinds: light.Kinds(), Limit: 3})
		if err != nil {
			rt.Fatal(err)
		}
		a, b := counted(count(now, rows)), counted(count(next, rows))
		units := maps.Clone(a)
		maps.Copy(units, b)
		want, changed := map[light.Kind][4][4]int64{}, 0
		for u := range units {
			sa, sb := a[u], b[u]
			x, _ := now.Judge(u.Kind, &sa)
			y, _ := next.Judge(u.Kind, &sb)
			m := want[u.Kind]
			if x.Colour+y.Colour > 0 {
				m[x.Colour][y.Colour]++
			}
			want[u.Kind] = m
			if x.Colour != y.Colour {
				changed++
			}
		}
		for _, k := range light.Kinds() {
			got, expected := *moves.Counts[k], want[k]
			if got != expected {
				rt.Fatalf("kind %d: %v, want %v", k, got, expected)
			}
		}
		if len(moves.First) != min(changed, 3) {
			rt.Fatalf("%d of %d changes come first", len(moves.First), changed)
		}
	})
}
