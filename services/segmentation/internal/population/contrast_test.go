package population

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/segmentation/internal/segment"
)

// divided are contacts of whom those in Osh have lower scores, and nothing else makes a difference.
func divided(t testing.TB) *Population {
	t.Helper()
	s := testSchema(t)
	b := NewBuilder(s, 400)
	for i := range 400 {
		b.Contact("c" + string(rune('a'+i/26)) + string(rune('a'+i%26)))
		score := 6 + float64(i/2%5)
		if i%2 == 0 {
			b.Text(place(t, s, "contact.city"), "Osh")
			score -= 3
		} else {
			b.Text(place(t, s, "contact.city"), "Naryn")
		}
		b.Flag(place(t, s, "contact.vip"), i/20%2 == 0)
		b.Number(place(t, s, "contact.age"), float64(20+i/40))
		b.Text(place(t, s, segment.LightContact), "RED")
		if i%10 > 1 {
			b.Number(place(t, s, segment.ScoreMean), score)
		}
	}
	p, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestWhatDiffersIsFound(t *testing.T) {
	p := divided(t)
	differ, compared, err := p.Contrasts()
	if err != nil {
		t.Fatal(err)
	}
	// Two cities, two of vip, five fifths of age.
	if compared != 9 || len(differ) != 2 {
		t.Fatalf("%d of %d differ, want the two cities of nine groups: %+v", len(differ), compared, differ)
	}
	for _, c := range differ {
		if !strings.HasPrefix(c.Rule, "contact.city == ") || c.Count != 200 || math.Abs(math.Abs(c.Difference.Difference)-3) > 1e-9 || c.Q > 1e-9 {
			t.Errorf("%+v, want a city that differs by 3", c)
		}
		set := p.Plan(compile(t, p.Schema(), c.Rule), noon).Evaluate()
		again := p.Contrast(set)
		if set.Len() != c.Count || again.In.N != c.In.N || math.Abs(again.Difference.Difference-c.Difference.Difference) > 1e-9 {
			t.Errorf("%s as a rule: %+v, as a group %+v", c.Rule, again, c)
		}
	}
}

func TestGroupsAreTheirRules(t *testing.T) {
	p := crowd(t, testSchema(t), 500, 5)
	for at, a := range p.Schema().Attributes() {
		for _, g := range p.groups(at, a) {
			if g.rule == "" {
				continue
			}
			if n := p.Plan(compile(t, p.Schema(), g.rule), noon).Evaluate().Len(); n != g.count {
				t.Errorf("%s (%s): %d by the rule, %d in the group", g.rule, g.description, n, g.count)
			}
		}
	}
}

func TestTalliesMerge(t *testing.T) {
	var all, first, second tally
	for i := range 50 {
		v := math.Sin(float64(i)) * 7
		all.add(v)
		if i%3 == 0 {
			first.add(v)
		} else {
			second.add(v)
		}
	}
	first.merge(second)
	first.merge(tally{})
	a, b := all.moments(), first.moments()
	if a.N != b.N || math.Abs(a.Mean-b.Mean) > 1e-12 || math.Abs(a.Variance-b.Variance) > 1e-9 {
		t.Errorf("%+v, want %+v", b, a)
	}
	if (tally{}).moments() != (stat.Moments{}) {
		t.Error("nothing has moments")
	}
}

func TestKnown(t *testing.T) {
	s := testSchema(t)
	b := NewBuilder(s, 2)
	b.Contact("a")
	b.Number(place(t, s, "contact.age"), 3)
	b.Contact("b")
	b.Number(place(t, s, "contact.age"), 4)
	b.Number(place(t, s, "contact.spend"), 5)
	b.Time(place(t, s, "contact.since"), time.Unix(0, 0))
	p, err := b.Build()
	if err != nil {
		t.Fatal(err)
	}
	rows, columns, err := p.Known([]int{place(t, s, "contact.age"), place(t, s, "contact.spend")})
	if err != nil || len(rows) != 1 || rows[0] != 1 || columns[0][0] != 4 || columns[1][0] != 5 {
		t.Errorf("rows %v, columns %v, %v", rows, columns, err)
	}
	if _, _, err := p.Known([]int{place(t, s, "contact.since")}); err == nil {
		t.Error("times are taken for numbers")
	}
}
