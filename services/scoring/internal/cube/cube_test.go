package cube_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/histogram"
	"github.com/otklik/otklik/services/scoring/internal/pool"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// epoch is the first moment of generated facts.
var epoch = time.Date(2025, 12, 20, 0, 0, 0, 0, time.UTC)

func genContext(t *rapid.T) fact.Context {
	value := func(name string) string { return rapid.SampledFrom([]string{"", "a", "b", "c"}).Draw(t, name) }
	return fact.Context{
		Touchpoint: value("touchpoint"), Channel: value("channel"), Location: value("location"), Language: value("language"),
		Region: value("region"), Company: value("company"), Employee: value("employee"),
	}
}

func genTime(t *rapid.T) time.Time {
	return epoch.Add(time.Duration(rapid.IntRange(0, 90*24*3600).Draw(t, "second")) * time.Second)
}

func genFact(t *rapid.T) *fact.Fact {
	at := genTime(t)
	f := &fact.Fact{
		ID: rapid.StringMatching("[a-z]{8}").Draw(t, "id"), Survey: rapid.SampledFrom([]string{"s1", "s2"}).Draw(t, "survey"),
		Revision: 1, Population: rapid.SampledFrom([]fact.Population{fact.Customer, fact.Employee}).Draw(t, "population"),
		CountTime: at, ReceiveTime: at, Weight: 1, Context: genContext(t),
	}
	scales := map[string]question.Scale{"q1": question.Scale0To10, "q2": question.Scale1To5, "q3": question.Scale1To7}
	for _, q := range []string{"q1", "q2", "q3"} {
		if !rapid.Bool().Draw(t, "answered") {
			continue
		}
		s := scales[q]
		steps := int(s.Width() / s.Step)
		f.Answers = append(f.Answers, fact.Answer{
			Question: q, Kind: question.Rating, Scale: s, Present: true,
			Value: s.Min + s.Step*question.Centi(rapid.IntRange(0, steps).Draw(t, "value")),
		})
	}
	return f
}

func genRefusal(t *rapid.T) *fact.Refusal {
	at := genTime(t)
	return &fact.Refusal{
		ID: rapid.StringMatching("[a-z]{8}").Draw(t, "id"), Survey: "s1", Population: fact.Customer,
		Kind:      rapid.SampledFrom([]fact.RefusalKind{fact.Refused, fact.Dismissed, fact.TimedOut}).Draw(t, "kind"),
		CountTime: at, ReceiveTime: at, Context: genContext(t),
	}
}

func apply(t interface{ Fatal(...any) }, c *cube.Cube, d *cube.Delta) {
	if err := c.Apply(d); err != nil {
		t.Fatal(err)
	}
}

// label names the step of a moment straight from the local clock.
func label(t time.Time, g calendar.Grain) string {
	switch g {
	case calendar.Hour:
		return t.Format("2006-01-02T15")
	case calendar.Day:
		return t.Format("2006-01-02")
	case calendar.Week:
		y, w := t.ISOWeek()
		return fmt.Sprint(y, w)
	case calendar.Month:
		return t.Format("2006-01")
	case calendar.Quarter:
		return fmt.Sprint(t.Year(), (t.Month()-1)/3)
	case calendar.Year:
		return t.Format("2006")
	}
	return ""
}

// row is one slice in the form in which the slow reference counts.
type row struct{ question, value, step string }

// TestQueryAgreesWithRecount compares every query with a count straight over the facts.
func TestQueryAgreesWithRecount(t *testing.T) {
	bishkek := time.FixedZone("Bishkek", 6*3600)
	rapid.Check(t, func(rt *rapid.T) {
		facts := rapid.SliceOfN(rapid.Custom(genFact), 0, 120).Draw(rt, "facts")
		refusals := rapid.SliceOfN(rapid.Custom(genRefusal), 0, 40).Draw(rt, "refusals")
		c := cube.New()
		for _, f := range facts {
			var d cube.Delta
			d.AddFact(f)
			apply(rt, c, &d)
		}
		var d cube.Delta
		for _, r := range refusals {
			d.AddRefusal(r)
		}
		apply(rt, c, &d)

		q := cube.Query{Survey: "s1", Population: fact.Customer, WithAnswers: true, WithOutcomes: true, WithPooled: true}
		q.Question = rapid.SampledFrom([]string{"", "q1"}).Draw(rt, "question")
		q.Grain = rapid.SampledFrom([]calendar.Grain{
			calendar.None, calendar.Hour, calendar.Day, calendar.Week, calendar.Month, calendar.Quarter, calendar.Year,
		}).Draw(rt, "grain")
		q.Location = rapid.SampledFrom([]*time.Location{time.UTC, bishkek}).Draw(rt, "zone")
		q.Key = rapid.SampledFrom(append(fact.CountedKeys(), fact.NoKey)).Draw(rt, "key")
		if q.Key != fact.NoKey && rapid.Bool().Draw(rt, "filter") {
			v := rapid.SampledFrom([]string{"", "a", "b", "nowhere"}).Draw(rt, "value")
			q.Value = &v
		}
		if rapid.Bool().Draw(rt, "bounded") {
			first := calendar.BucketOf(epoch) + calendar.Bucket(rapid.IntRange(-10, 95*96).Draw(rt, "first"))
			q.Period = calendar.Period{First: first, End: first + calendar.Bucket(rapid.IntRange(1, 95*96).Draw(rt, "length"))}
		}
		got, err := c.Query(q)
		if err != nil {
			rt.Fatal(err)
		}

		answers, outcomes, pooled := map[row][]int64{}, map[row]fact.Outcomes{}, map[row][]int64{}
		place := func(survey string, p fact.Population, at time.Time, ctx fact.Context) (row, bool) {
			v := ctx.Value(q.Key)
			b := calendar.BucketOf(at)
			in := q.Period == calendar.Period{} || b >= q.Period.First && b < q.Period.End
			return row{value: v, step: label(at.In(q.Location), q.Grain)},
				in && survey == q.Survey && p == q.Population && (q.Value == nil || *q.Value == v)
		}
		for _, f := range facts {
			r, in := place(f.Survey, f.Population, f.CountTime, f.Context)
			if !in {
				continue
			}
			outcomes[r] = outcomes[r].Add(fact.Outcomes{Responses: 1})
			if p := pool.Of(f); p.Count > 0 {
				pooled[r] = append(pooled[r], p.Code())
			}
			for _, a := range f.Answers {
				if q.Question == "" || q.Question == a.Question {
					k := r
					k.question = a.Question
					answers[k] = append(answers[k], int64(a.Value))
				}
			}
		}
		for _, x := range refusals {
			if r, in := place(x.Survey, x.Population, x.CountTime, x.Context); in {
				o := fact.Outcomes{}
				switch x.Kind {
				case fact.Refused:
					o.Refused = 1
				case fact.Dismissed:
					o.Dismissed = 1
				case fact.TimedOut:
					o.TimedOut = 1
				}
				outcomes[r] = outcomes[r].Add(o)
			}
		}

		name := func(s cube.Slice) row {
			r := row{question: s.Question, value: s.Value}
			if q.Grain != calendar.None {
				r.step = label(s.Step.First.Start().In(q.Location), q.Grain)
			}
			return r
		}
		if len(got.Questions) != len(answers) || len(got.Survey) != len(outcomes) {
			rt.Fatalf("%d and %d slices, want %d and %d", len(got.Questions), len(got.Survey), len(answers), len(outcomes))
		}
		for _, s := range got.Questions {
			r := name(s)
			if want := histogram.Of(answers[r]...); !s.Answers.Equal(want) {
				rt.Fatalf("%+v: answers %v, want %v", r, s.Answers, want)
			}
			r.question = ""
			if s.Outcomes != outcomes[r] {
				rt.Fatalf("%+v: outcomes %v, want %v", r, s.Outcomes, outcomes[r])
			}
		}
		for _, s := range got.Survey {
			r := name(s)
			if want := histogram.Of(pooled[r]...); s.Outcomes != outcomes[r] || !s.Pooled.Equal(want) {
				rt.Fatalf("%+v: outcomes %v and pool %v, want %v and %v", r, s.Outcomes, s.Pooled, outcomes[r], want)
			}
		}
	})
}

// TestOrderMakesNoDifference: cubes fed with the same facts in any order, in any batches, with facts that came and went,
// and cubes loaded from the cells of another, are equal.
func TestOrderMakesNoDifference(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		facts := rapid.SliceOfN(rapid.Custom(genFact), 1, 60).Draw(rt, "facts")
		passing := rapid.SliceOfN(rapid.Custom(genFact), 0, 20).Draw(rt, "passing")
		a, b := cube.New(), cube.New()
		var all cube.Delta
		for _, f := range facts {
			all.AddFact(f)
		}
		apply(rt, a, &all)

		step := func(change func(d *cube.Delta)) {
			var d cube.Delta
			change(&d)
			apply(rt, b, &d)
		}
		for _, f := range passing {
			step(func(d *cube.Delta) { d.AddFact(f) })
		}
		for _, f := range rapid.Permutation(facts).Draw(rt, "order") {
			step(func(d *cube.Delta) { d.AddFact(f) })
		}
		for _, f := range rapid.Permutation(passing).Draw(rt, "leaving") {
			step(func(d *cube.Delta) { d.RemoveFact(f) })
		}
		if d := cube.Diff(a, b, 0); len(d) != 0 {
			rt.Fatalf("cubes differ: %+v", d)
		}
		if !slices.Equal(a.Surveys(), b.Surveys()) {
			rt.Fatal("surveys differ")
		}
		loaded := cube.New()
		if err := loaded.Load(b.Cells()); err != nil {
			rt.Fatal(err)
		}
		if len(cube.Diff(a, loaded, 1)) != 0 {
			rt.Fatal("loaded cube differs")
		}
		if len(facts) > 0 {
			var d cube.Delta
			d.RemoveFact(facts[0])
			apply(rt, loaded, &d)
			if got := len(cube.Diff(a, loaded, 0)); got != d.Len() {
				rt.Fatalf("%d cells differ, want %d", got, d.Len())
			}
		}
	})
}

func TestDeltaIsAllOrNothing(t *testing.T) {
	f := &fact.Fact{
		ID: "r", Survey: "s", Revision: 1, Population: fact.Customer, CountTime: epoch, ReceiveTime: epoch, Weight: 1,
		Answers: []fact.Answer{{Question: "q", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: 900}},
	}
	c := cube.New()
	var twice cube.Delta
	twice.AddFact(f)
	apply(t, c, &twice)
	var d cube.Delta
	d.RemoveFact(f)
	other := *f
	other.Survey = "unknown"
	d.RemoveFact(&other)
	if err := c.Apply(&d); !errors.Is(err, cube.ErrNegative) {
		t.Fatalf("got %v, want ErrNegative", err)
	}
	r, err := c.Query(cube.Query{Survey: "s", Population: fact.Customer, WithAnswers: true})
	if err != nil || len(r.Questions) != 1 || r.Questions[0].Answers.N() != 1 || r.Questions[0].Outcomes.Responses != 1 {
		t.Errorf("refused delta changed the cube: %+v, %v", r, err)
	}

	var bad cube.Delta
	bad.Change(cube.Key{Kind: cube.Answers, Survey: "s", Population: fact.Customer}, 1, 1)
	if err := c.Apply(&bad); !errors.Is(err, cube.ErrKey) {
		t.Errorf("got %v, want ErrKey", err)
	}
	var much cube.Delta
	k := cube.Key{Kind: cube.Outcomes, Survey: "s", Population: fact.Customer}
	much.Change(k, 0, 1<<31)
	k.Bucket++
	much.Change(k, 0, 1<<31)
	if err := c.Apply(&much); !errors.Is(err, cube.ErrOverflow) {
		t.Errorf("got %v, want ErrOverflow", err)
	}
}

func TestQueryLimitsAndErrors(t *testing.T) {
	c := cube.New()
	var d cube.Delta
	for i := range 20 {
		at := epoch.Add(time.Duration(i) * 24 * time.Hour)
		d.AddFact(&fact.Fact{
			ID: fmt.Sprint(i), Survey: "s", Revision: 1, Population: fact.Customer, CountTime: at, ReceiveTime: at, Weight: 1,
			Context: fact.Context{Location: fmt.Sprint(i)},
			Answers: []fact.Answer{{Question: "q", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: 900}},
		})
	}
	apply(t, c, &d)
	base := cube.Query{Survey: "s", Population: fact.Customer, WithAnswers: true, Limit: 20}
	day, hour, location := base, base, base
	day.Grain, hour.Grain, location.Key = calendar.Day, calendar.Hour, fact.Location
	for _, c2 := range []struct {
		name  string
		query cube.Query
		want  error
	}{
		{"days", day, nil},
		{"hours", hour, calendar.ErrTooManySteps},
		{"locations", location, nil},
		{"no survey", cube.Query{Population: fact.Customer}, cube.ErrQuery},
		{"no population", cube.Query{Survey: "s"}, cube.ErrQuery},
		{"no key", cube.Query{Survey: "s", Population: fact.Customer, Value: new(string)}, cube.ErrQuery},
	} {
		r, err := c.Query(c2.query)
		if !errors.Is(err, c2.want) || err == nil && len(r.Questions) != 20 {
			t.Errorf("%s: %d slices and %v, want %v", c2.name, len(r.Questions), err, c2.want)
		}
	}
	location.Limit = 19
	if _, err := c.Query(location); !errors.Is(err, cube.ErrTooManySlices) {
		t.Errorf("got %v, want ErrTooManySlices", err)
	}
	if r, err := c.Query(cube.Query{Survey: "unknown", Population: fact.Customer, WithAnswers: true}); err != nil || len(r.Questions) != 0 {
		t.Errorf("unknown survey: %v, %v", r, err)
	}
}
