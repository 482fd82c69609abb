package column

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// Synthetic makes the packed rows of a survey, span by span: twelve keys, among them places, companies and employees by the hundred, and themes
// of which a response has up to three; five questions, of which one has options; one row in twenty is a refusal; everybody is named.
type Synthetic struct {
	// Rows and Spans, of eight days each, say how much.
	Rows, Spans int
}

const syntheticDays = 8

// Section is the rows of a span.
func (s Synthetic) Section(span int) []byte { return s.frame(span).encode() }

// Changes are some rows of a span, as they would be applied.
func (s Synthetic) Changes(span, n int) []Change {
	var changes []Change
	s.Rows = n * s.Spans
	f := s.frame(span)
	if err := f.changes(func(c Change) error {
		changes = append(changes, c)
		return nil
	}); err != nil {
		panic(err)
	}
	return changes
}

func (s Synthetic) frame(span int) *frame {
	random := rand.New(rand.NewPCG(1, uint64(span))) //nolint:gosec // the same rows every time
	n := s.Rows/s.Spans + min(1, max(0, s.Rows%s.Spans-span))
	b := newBuilder(n)
	refused := make([]bool, n)
	who, weight := b.column(whoColumn, ""), b.column(weightColumn, "")
	weightCode := weight.code(appendWeight(nil, 1))
	for i := range n {
		bucket := calendar.Bucket((20_000+span*syntheticDays)*calendar.BucketsPerDay + i*syntheticDays*calendar.BucketsPerDay/n)
		b.buckets, b.ids = append(b.buckets, bucket), append(b.ids, random.Uint64())
		b.received = append(b.received, start(bucket)+random.Int64N(1000))
		b.respondents, b.counts = append(b.respondents, random.Uint64()|1), append(b.counts, 1)
		o := Response
		if refused[i] = random.IntN(20) == 0; refused[i] {
			o = Refused + Outcome(random.IntN(3))
		}
		who.set(i, who.code(appendWho(nil, fact.Customer, o)))
		weight.set(i, weightCode)
	}
	for _, k := range []struct {
		name   string
		values int
	}{
		{"touchpoint", 8}, {"channel", 5}, {"location", 240}, {"region", 9}, {"company", 2000}, {"employee", 600}, {"language", 3}, {"revision", 4},
		{"attributes.sector", 12}, {"attributes.age", 7}, {"sentiment", 3},
	} {
		c := b.column(keyColumn, k.name)
		codes := make([]uint32, k.values)
		for v := range codes {
			codes[v] = c.code(appendValues(nil, []string{fmt.Sprintf("%s-%04d", k.name, v)}))
		}
		for i := range n {
			// Smaller numbers are more frequent; one row in fifty says nothing.
			if random.IntN(50) > 0 {
				c.set(i, codes[min(random.IntN(k.values), random.IntN(k.values))])
			}
		}
	}
	s.themes(b, random, n)
	s.answers(b, random, refused)
	return b.canonical()
}

func (s Synthetic) themes(b *builder, random *rand.Rand, n int) {
	c := b.column(keyColumn, "theme")
	for i := range n {
		var values []string
		for range random.IntN(4) {
			values = append(values, fmt.Sprintf("theme-%02d", random.IntN(16)))
		}
		slices.Sort(values)
		if values = slices.Compact(values); len(values) > 0 {
			c.set(i, c.code(appendValues(nil, values)))
		}
	}
}

func (s Synthetic) answers(b *builder, random *rand.Rand, refused []bool) {
	for _, q := range []struct {
		id    string
		kind  question.Kind
		scale question.Scale
	}{
		{"nps", question.NPS, question.Scale0To10}, {"csat", question.CSAT, question.Scale1To5}, {"ces", question.CES, question.Scale1To7},
		{"service", question.Rating, question.Scale1To10}, {"why", question.Choice, question.Scale{Max: 5 * question.Unit, Step: question.Unit}},
	} {
		c := b.column(answerColumn, q.id)
		steps := int(q.scale.Width() / q.scale.Step)
		codes := make([]uint32, steps+1)
		for v := range codes {
			a := Answer{Kind: q.kind, Scale: q.scale.ID(), Value: q.scale.Min + question.Centi(v)*q.scale.Step}
			if q.kind == question.Choice {
				a = Answer{Kind: q.kind, Options: []string{fmt.Sprintf("option-%d", v)}}
			}
			codes[v] = c.code(appendAnswer(nil, &a))
		}
		for i := range refused {
			if !refused[i] && random.IntN(20) > 0 {
				c.set(i, codes[max(random.IntN(steps+1), random.IntN(steps+1))])
			}
		}
	}
}
