package cube_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
)

// TestUnder counts under values of a key what facts with these values count, and under no other key.
func TestUnder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := rapid.SliceOfN(rapid.Custom(genFact), 0, 40).Draw(t, "facts")
		key := rapid.SampledFrom(fact.CountedKeys()).Draw(t, "key")
		values := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "x"}), 0, 3, rapid.ID).Draw(t, "values")
		all, want := &cube.Delta{}, &cube.Delta{}
		for _, f := range facts {
			all.AddFact(f)
			for _, v := range values {
				if f.Survey == "s1" && f.Context.Value(key) == v {
					own := &cube.Delta{}
					own.AddFact(f)
					for k, changes := range own.Series() {
						if k.ContextKey == fact.NoKey || k.ContextKey == key {
							want.Add(k, changes...)
						}
					}
				}
			}
		}
		c, expected := cube.New(), cube.New()
		if err := c.Apply(all); err != nil {
			t.Fatalf("apply: %v", err)
		}
		if err := expected.Apply(want); err != nil {
			t.Fatalf("apply: %v", err)
		}
		under := c.Under("s1", key, append(values, values...))
		for _, d := range cube.Diff(under, expected, 1) {
			t.Fatalf("cell %+v counts %v, want %v", d.Key, d.A, d.B)
		}
		// The cube that it was made of stays as it is, whatever becomes of the other.
		before := cube.New()
		if err := before.Apply(all); err != nil {
			t.Fatalf("apply: %v", err)
		}
		if err := under.Apply(all); err != nil {
			t.Fatalf("apply: %v", err)
		}
		for _, d := range cube.Diff(c, before, 1) {
			t.Fatalf("cell %+v of the whole counts %v, want %v", d.Key, d.A, d.B)
		}
	})
}
