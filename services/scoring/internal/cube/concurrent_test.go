package cube_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/cube"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// TestReadersSeeWholeDeltas: while a writer applies deltas of ten responses, every reader finds a multiple of ten, and groups
// that add up to the whole.
func TestReadersSeeWholeDeltas(t *testing.T) {
	const deltas, size = 300, 10
	c := cube.New()
	done := make(chan struct{})
	var readers sync.WaitGroup
	for _, q := range []cube.Query{
		{Survey: "s", Population: fact.Customer, WithAnswers: true},
		{Survey: "s", Population: fact.Customer, WithAnswers: true, Key: fact.Touchpoint},
		{Survey: "s", Population: fact.Customer, WithAnswers: true, Key: fact.Channel, Grain: calendar.Day},
	} {
		readers.Go(func() {
			for stop := false; !stop; {
				select {
				case <-done:
					stop = true
				default:
				}
				r, err := c.Query(q)
				if err != nil {
					t.Error(err)
					return
				}
				var answers, responses int64
				for _, s := range r.Questions {
					answers += s.Answers.N()
					responses += s.Outcomes.Responses
				}
				if answers%size != 0 || answers != responses {
					t.Errorf("%d answers and %d responses", answers, responses)
					return
				}
			}
		})
	}
	for i := range deltas {
		var d cube.Delta
		for j := range size {
			at := epoch.Add(time.Duration(i*size+j) * 7 * time.Minute)
			f := &fact.Fact{
				Survey: "s", Population: fact.Customer, CountTime: at,
				Context: fact.Context{Touchpoint: fmt.Sprint(j % 3), Channel: []string{"", "app"}[j%2]},
				Answers: []fact.Answer{{Question: "q", Kind: question.NPS, Scale: question.Scale0To10, Present: true, Value: question.Centi(100 * j)}},
			}
			d.AddFact(f)
		}
		if err := c.Apply(&d); err != nil {
			t.Error(err)
		}
	}
	close(done)
	readers.Wait()
}
