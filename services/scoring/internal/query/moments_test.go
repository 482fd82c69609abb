package query_test

import (
	"errors"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// TestMomentsAgreeWithARecount adds up the moments of pairs again from the facts, group by group.
func TestMomentsAgreeWithARecount(t *testing.T) {
	t.Parallel()
	ids := []string{"effort", "recommend", "staff"}
	rapid.Check(t, func(t *rapid.T) {
		fs := rapid.SliceOfN(rapid.Custom(genFact), 0, 30).Draw(t, "facts")
		q := query.Query{Survey: "shop"}
		if rapid.Bool().Draw(t, "weighted") {
			q.Weighting = &query.Weighting{}
		}
		groups := rapid.IntRange(2, 5).Draw(t, "groups")
		got, err := query.CountMoments(t.Context(), q, data(t, fs), ids, groups)
		if e := (*query.Error)(nil); errors.As(err, &e) && e.Reason == query.WeightingInvalid {
			// Nobody states a weight: see TestWeightsThatNobodyStates.
			if slices.ContainsFunc(fs, func(f *fact.Fact) bool { return f.Population == fact.Customer && f.Weight != 1 }) {
				t.Fatal(err)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		unanswered := make([]int64, groups)
		want := make([][]query.Pair, groups)
		for i := range want {
			want[i] = make([]query.Pair, 6)
		}
		for i, f := range fs {
			if f.Population != fact.Customer {
				continue
			}
			r := rowOf(f, i)
			weight := 1.0
			if q.Weighting != nil {
				weight = f.Weight
			}
			group := column.RandomGroup(r.Respondent, r.ID, groups)
			if !slices.ContainsFunc(ids, func(id string) bool { _, ok := score(f, id); return ok }) {
				unanswered[group]++
			}
			at := 0
			for a := range ids {
				for b := a; b < len(ids); b++ {
					x, okX := score(f, ids[a])
					y, okY := score(f, ids[b])
					if ids[a] == "effort" {
						x = question.Scale1To7.Flip(x)
					}
					if ids[b] == "effort" {
						y = question.Scale1To7.Flip(y)
					}
					if p := &want[group][at]; okX && okY {
						p.Count++
						p.Weight += weight
						p.First += weight * x.Float()
						p.SecondSquare += weight * y.Float() * y.Float()
						p.Product += weight * x.Float() * y.Float()
					}
					at++
				}
			}
		}
		var responses int64
		for g := range want {
			responses += got.Groups[g].Responses
			if got.Groups[g].Unanswered != unanswered[g] {
				t.Fatalf("%d responses of group %d answer nothing, want %d", got.Groups[g].Unanswered, g, unanswered[g])
			}
			for i, w := range want[g] {
				p := got.Groups[g].Pairs[i]
				if p.Count != w.Count || math.Abs(p.Weight-w.Weight) > 1e-9 || math.Abs(p.First-w.First) > 1e-9 ||
					math.Abs(p.SecondSquare-w.SecondSquare) > 1e-9 || math.Abs(p.Product-w.Product) > 1e-9 {
					t.Fatalf("pair %d of group %d is %+v, want %+v", i, g, p, w)
				}
			}
		}
		if responses != got.Coverage.Counted {
			t.Fatalf("%d responses in groups, %d covered", responses, got.Coverage.Counted)
		}
	})
}

func TestMomentsOfWhatIsNoNumberAreRefused(t *testing.T) {
	t.Parallel()
	d := data(t, nil)
	for _, c := range []struct {
		ids    []string
		groups int
		reason query.Reason
		field  string
	}{
		{[]string{"staff", "staf"}, 2, query.QuestionNotFound, "questions[1]"},
		{[]string{"reason"}, 2, query.MetricMismatch, "questions[0]"},
		{[]string{"staff", "effort", "recommend"}, 100_000, query.TooManyRows, "groups"},
	} {
		_, err := query.CountMoments(t.Context(), query.Query{Survey: "shop"}, d, c.ids, c.groups)
		if e := (*query.Error)(nil); !errors.As(err, &e) || e.Reason != c.reason || e.Field != c.field {
			t.Errorf("%v: %v, want %s at %s", c.ids, err, c.reason, c.field)
		}
	}
}
