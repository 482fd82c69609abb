package evaluation

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func number(p *float64) float64 {
	if p == nil {
		return math.NaN()
	}
	return *p
}

func near(a *float64, b float64) bool {
	return a == nil && math.IsNaN(b) || a != nil && math.Abs(*a-b) < 1e-12
}

func labels(classes ...string) []Label {
	var all []Label
	for _, c := range classes {
		all = append(all, Label{Class: c})
	}
	return all
}

// Worked by hand: of four positive texts two are found and one is taken for negative, one for mixed, which nobody said; of two negative ones both are found.
//
//	positive: precision 2/2, recall 2/4, F1 2·2/(4+2) = 2/3;  negative: precision 2/3, recall 2/2, F1 2·2/(2+3) = 4/5;  macro (2/3 + 4/5) / 2 = 11/15.
func TestReportOfOneLabelForEachText(t *testing.T) {
	t.Parallel()
	tally := NewTally(Sentiment)
	for _, pair := range [][2]string{
		{"positive", "positive"}, {"positive", "positive"}, {"positive", "negative"}, {"positive", "mixed"}, {"negative", "negative"}, {"negative", "negative"},
	} {
		tally.Add(labels(pair[0]), labels(pair[1]))
	}
	r := tally.Report()
	if r.N != 6 || !near(r.Accuracy, 4.0/6) || !near(r.MicroF1, 4.0/6) || !near(r.MacroF1, 11.0/15) || r.MicroF1WithSentiment != nil {
		t.Errorf("%+v: accuracy %v, macro %v", r, number(r.Accuracy), number(r.MacroF1))
	}
	want := []Class{{"mixed", 0, 1, 0}, {"negative", 2, 3, 2}, {"positive", 4, 2, 2}}
	if diff := cmp.Diff(want, r.Classes); diff != "" {
		t.Error(diff)
	}
	mixed, positive := r.Classes[0], r.Classes[2]
	if mixed.Recall() != nil || mixed.F1() != nil || !near(mixed.Precision(), 0) || !near(positive.F1(), 2.0/3) || !near(positive.Precision(), 1) {
		t.Errorf("%+v, %+v", mixed, positive)
	}
	cells := []Cell{{"negative", "negative", 2}, {"positive", "mixed", 1}, {"positive", "negative", 1}, {"positive", "positive", 2}}
	if diff := cmp.Diff(cells, r.Confusion); diff != "" {
		t.Error(diff)
	}
}

// Worked by hand: of four aspects that people found the model finds three, two of them with what is expressed, and one more: detection 2·3/(4+4) = 3/4, with sentiment 2·2/(4+4) = 1/2.
func TestReportOfAspects(t *testing.T) {
	t.Parallel()
	tally := NewTally(Aspects)
	tally.Add([]Label{{Class: "price", Sentiment: "negative"}, {Class: "staff", Sentiment: "positive"}}, []Label{{Class: "staff", Sentiment: "negative"}, {Class: "price", Sentiment: "negative"}})
	tally.Add([]Label{{Class: "wait", Sentiment: "negative"}, {Class: "app", Sentiment: "neutral"}}, []Label{{Class: "app", Sentiment: "neutral"}, {Class: "price", Sentiment: "neutral"}})
	tally.Add(nil, nil)
	r := tally.Report()
	if r.N != 3 || r.Accuracy != nil || r.Confusion != nil || !near(r.MicroF1, 0.75) || !near(r.MicroF1WithSentiment, 0.5) {
		t.Errorf("%+v: %v, %v", r, number(r.MicroF1), number(r.MicroF1WithSentiment))
	}
	if want := []Class{{"app", 1, 1, 1}, {"price", 1, 2, 1}, {"staff", 1, 1, 1}, {"wait", 1, 0, 0}}; !cmp.Equal(want, r.Classes) {
		t.Error(cmp.Diff(want, r.Classes))
	}
	// Mixed is both positive and negative.
	tally = NewTally(Aspects)
	tally.Add([]Label{{Class: "price", Sentiment: "negative"}, {Class: "price", Sentiment: "positive"}}, []Label{{Class: "price", Sentiment: "mixed"}})
	if r := tally.Report(); !near(r.MicroF1, 1) || !near(r.MicroF1WithSentiment, 1) || r.Classes[0].Support != 1 {
		t.Errorf("%+v", r)
	}
}

// Worked by hand: the place must be exact, and the kind right.
func TestReportOfPersonalData(t *testing.T) {
	t.Parallel()
	tally := NewTally(PII)
	tally.Add([]Label{{Class: "NAME", Start: 0, End: 4}, {Class: "PHONE", Start: 6, End: 12}}, []Label{{Class: "NAME", Start: 0, End: 5}, {Class: "PHONE", Start: 6, End: 12}, {Class: "PHONE", Start: 6, End: 12}})
	tally.Add([]Label{{Class: "ID", Start: 0, End: 4}}, []Label{{Class: "PHONE", Start: 0, End: 4}})
	r := tally.Report()
	if want := []Class{{"ID", 1, 0, 0}, {"NAME", 1, 1, 0}, {"PHONE", 1, 2, 1}}; !cmp.Equal(want, r.Classes) {
		t.Error(cmp.Diff(want, r.Classes))
	}
	if !near(r.MicroF1, 2.0/6) || !near(r.MacroF1, (0+0+2.0/3)/3) || r.Accuracy != nil {
		t.Errorf("%v, %v", number(r.MicroF1), number(r.MacroF1))
	}
}

func TestReportOfNothing(t *testing.T) {
	t.Parallel()
	for _, task := range []Task{Sentiment, Language, Aspects, Mix, PII} {
		r := NewTally(task).Report()
		if r.N != 0 || r.Accuracy != nil || r.MacroF1 != nil || r.MicroF1 != nil || r.MicroF1WithSentiment != nil || len(r.Classes) != 0 {
			t.Errorf("%v: %+v", task, r)
		}
	}
}

func TestFinerLanguagesAreMappedToWhatPeopleSay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		pairs    [][2]string
		accuracy float64
		classes  []string
	}{
		"other takes all three":       {[][2]string{{"other", "kk"}, {"other", "oth_cyr"}, {"other", "oth_lat"}, {"ru", "kk"}}, 0.75, []string{"other", "ru"}},
		"other beside finer ones":     {[][2]string{{"other", "kk"}, {"kk", "kk"}, {"ru", "kk"}}, 2.0 / 3, []string{"kk", "other", "ru"}},
		"Latin as the language":       {[][2]string{{"ky", "ky_lat"}, {"ru", "ru_lat"}, {"en", "ru_lat"}}, 2.0 / 3, []string{"en", "ky", "ru"}},
		"Latin by itself":             {[][2]string{{"ky", "ky_lat"}, {"ky_lat", "ky_lat"}, {"ru", "ru"}}, 2.0 / 3, []string{"ky", "ky_lat", "ru"}},
		"finer where people are not":  {[][2]string{{"ru", "kk"}, {"en", "und"}}, 0, []string{"en", "kk", "ru", "und"}},
		"coarser where people are":    {[][2]string{{"ky_lat", "ky"}}, 0, []string{"ky", "ky_lat"}},
		"nothing to say where so":     {[][2]string{{"und", "und"}}, 1, []string{"und"}},
		"Kazakh as one of the others": {[][2]string{{"oth_cyr", "kk"}}, 0, []string{"kk", "oth_cyr"}},
	} {
		tally := NewTally(Language)
		for _, pair := range c.pairs {
			tally.Add(labels(pair[0]), labels(pair[1]))
		}
		r := tally.Report()
		var classes []string
		for _, class := range r.Classes {
			classes = append(classes, class.Label)
		}
		if !near(r.Accuracy, c.accuracy) || !slices.Equal(classes, c.classes) {
			t.Errorf("%s: %v, %v", name, number(r.Accuracy), classes)
		}
	}
}

// A recount that looks at every pair of texts and labels anew, by the definitions of the measures.
func TestReportAgreesWithARecount(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 5))
	for range 300 {
		classes := []string{"a", "b", "c", "d", "e"}[:2+random.IntN(4)]
		var people, model []string
		tally := NewTally(Sentiment)
		for range random.IntN(40) {
			p, m := classes[random.IntN(len(classes))], classes[random.IntN(len(classes))]
			people, model = append(people, p), append(model, m)
			tally.Add(labels(p), labels(m))
		}
		r := tally.Report()
		right, sum, used := 0, 0.0, 0
		for i := range people {
			if people[i] == model[i] {
				right++
			}
		}
		for _, class := range classes {
			tp, fp, fn := 0.0, 0.0, 0.0
			for i := range people {
				switch {
				case people[i] == class && model[i] == class:
					tp++
				case people[i] == class:
					fn++
				case model[i] == class:
					fp++
				}
			}
			if tp+fn > 0 {
				used++
				if precision, recall := tp/(tp+fp), tp/(tp+fn); tp > 0 {
					sum += 2 * precision * recall / (precision + recall)
				}
			}
		}
		if !near(r.Accuracy, float64(right)/float64(len(people))) || !near(r.MacroF1, sum/float64(used)) || r.N != int64(len(people)) {
			t.Fatalf("%v %v: %v, %v", people, model, number(r.Accuracy), number(r.MacroF1))
		}
	}
}

func TestReportOfSetsAgreesWithARecount(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(2, 5))
	draw := func() []Label {
		var some []Label
		for range random.IntN(5) {
			some = append(some, Label{Class: string(rune('a' + random.IntN(3))), Sentiment: []string{"positive", "negative", "neutral", "mixed"}[random.IntN(4)]})
		}
		return some
	}
	for range 300 {
		tally := NewTally(Aspects)
		var tp, wrong, strictTP, strictWrong float64
		for range random.IntN(20) {
			people, model := draw(), draw()
			tally.Add(people, model)
			for class := 'a'; class <= 'c'; class++ {
				in := func(all []Label, sentiments ...string) bool {
					return slices.ContainsFunc(all, func(l Label) bool {
						return l.Class == string(class) && (len(sentiments) == 0 || slices.Contains(sentiments, l.Sentiment))
					})
				}
				count := func(p, m bool, tp, wrong *float64) {
					if p && m {
						*tp++
					} else if p || m {
						*wrong++
					}
				}
				count(in(people), in(model), &tp, &wrong)
				count(in(people, "positive", "mixed"), in(model, "positive", "mixed"), &strictTP, &strictWrong)
				count(in(people, "negative", "mixed"), in(model, "negative", "mixed"), &strictTP, &strictWrong)
				count(in(people, "neutral"), in(model, "neutral"), &strictTP, &strictWrong)
			}
		}
		r := tally.Report()
		if !near(r.MicroF1, 2*tp/(2*tp+wrong)) || !near(r.MicroF1WithSentiment, 2*strictTP/(2*strictTP+strictWrong)) {
			t.Fatalf("%v, %v", number(r.MicroF1), number(r.MicroF1WithSentiment))
		}
	}
}
