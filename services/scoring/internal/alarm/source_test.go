package alarm_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/alarm"
	"github.com/otklik/otklik/services/scoring/internal/alert"
	"github.com/otklik/otklik/services/scoring/internal/delta"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"
)

// halved knows one survey whose question was asked in whole points, and then in half ones.
type halved struct{}

func (halved) History(_ context.Context, _, survey string) (questionnaire.History, error) {
	half := question.Scale1To5
	half.Step /= 2
	var h questionnaire.History
	for i, scale := range []question.Scale{question.Scale1To5, half} {
		h.Revisions = append(h.Revisions, &questionnaire.Revision{
			Survey: survey, Number: int64(i) + 1, Population: fact.Customer, Questions: []metric.Question{{ID: "staff", Kind: question.CSAT, Scale: scale}},
		})
	}
	return h, nil
}

// TestScalesOfOtherStepsMakeOneSeries watches a question over a change of its steps, in the course of which both revisions were answered for a while.
func TestScalesOfOtherStepsMakeOneSeries(t *testing.T) {
	t.Parallel()
	history, _ := halved{}.History(t.Context(), acme, "shop")
	d := &delta.Delta{}
	want := make(map[int]int64)
	for i := range 40 {
		day := i / 4
		revision := history.Revisions[0]
		if day >= 6 || day >= 3 && i%2 == 0 {
			revision = history.Revisions[1]
		}
		q := revision.Questions[0]
		d.AddFact(&fact.Fact{
			ID: fmt.Sprint(i), Survey: "shop", Revision: revision.Number, Population: fact.Customer, CountTime: began.AddDate(0, 0, day), Weight: 1,
			Answers: []fact.Answer{{Question: "staff", Kind: q.Kind, Scale: q.Scale, Present: true, Value: 4 * question.Unit}},
		})
		want[day]++
	}
	p := &alarm.Planner{Board: shown(t, d), Catalog: halved{}}
	r := &alert.Rule{
		Organization: acme, Subject: alert.Subject{Survey: "shop", Metric: metric.CSAT, Grain: calendar.Day, TimeZone: "UTC"},
	}
	end := began.AddDate(0, 0, 10)
	if err := p.Resolve(t.Context(), r, end); err != nil {
		t.Fatal(err)
	}
	counted, err := p.Series(t.Context(), r, began, end)
	if err != nil || len(counted.Series) != 1 {
		t.Fatalf("%+v, %v", counted, err)
	}
	last := time.Time{}
	for _, x := range counted.Series[0].Periods {
		day := int(x.Start.Sub(began) / (24 * time.Hour))
		if !x.Start.After(last) || x.Answers.N() != want[day] {
			t.Errorf("day %d comes after %v with %d answers, want %d", day, last, x.Answers.N(), want[day])
		}
		last = x.Start
		delete(want, day)
	}
	if len(want) > 0 {
		t.Errorf("days without answers: %v", want)
	}
}
