package cube_test

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
)

// answersOf are the answers to queries that use the totals of quarters, days and blocks.
func answersOf(t *rapid.T, c *cube.Cube) []cube.Result {
	var all []cube.Result
	for _, survey := range c.Surveys() {
		for _, grain := range []calendar.Grain{calendar.None, calendar.Day, calendar.Month} {
			for _, key := range append(fact.CountedKeys(), fact.NoKey) {
				r, err := c.Query(cube.Query{
					Survey: survey, Population: fact.Customer, Grain: grain, Key: key, WithAnswers: true, WithOutcomes: true, WithPooled: true,
				})
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, r)
			}
		}
	}
	return all
}

// reloaded is a cube filled from the cells of another one.
func reloaded(t *rapid.T, c *cube.Cube) *cube.Cube {
	out := cube.New()
	if err := out.Load(c.Cells()); err != nil {
		t.Fatal(err)
	}
	return out
}

func wantSame(t *rapid.T, what string, got, want *cube.Cube) {
	if d := cube.Diff(got, want, 1); len(d) != 0 {
		t.Fatalf("%s: %+v", what, d[0])
	}
	if a, b := answersOf(t, got), answersOf(t, want); !reflect.DeepEqual(a, b) {
		t.Fatalf("%s: queries are answered differently:\n got %+v\nwant %+v", what, a, b)
	}
}

// TestAbsorb counts facts in two cubes, apart by block or not, and puts them together.
func TestAbsorb(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b, whole := cube.New(), cube.New(), cube.New()
		byBlock, dense := rapid.Bool().Draw(t, "by block"), rapid.Bool().Draw(t, "dense")
		all := &cube.Delta{}
		for _, f := range rapid.SliceOfN(rapid.Custom(genFact), 0, 60).Draw(t, "facts") {
			if dense {
				// Many in each of two days, so that days keep totals.
				f.CountTime = epoch.Add(time.Duration(rapid.IntRange(0, 2*24*4-1).Draw(t, "quarter")) * 15 * time.Minute)
			}
			var d cube.Delta
			d.AddFact(f)
			all.Merge(&d)
			second := rapid.Bool().Draw(t, "second")
			if byBlock {
				second = int(calendar.BucketOf(f.CountTime))/calendar.BucketsPerDay/cube.DaysPerBlock%2 == 0
			}
			if second {
				apply(t, b, &d)
			} else {
				apply(t, a, &d)
			}
		}
		apply(t, whole, all)
		if err := a.Absorb(reloaded(t, b)); err != nil {
			t.Fatal(err)
		}
		wantSame(t, "absorbed", a, whole)
		wantSame(t, "loaded", reloaded(t, whole), whole)
	})
}
