package main

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// queriesPerSecond is how often is asked while responses come in.
const queriesPerSecond = 50

// stream measures how many responses a second the service takes from the change log, stores durably and counts, while queries run.
func (b *bench) stream(ctx context.Context, s *served) error {
	events := make([]*surveyv1.Event, 0, b.events)
	if err := generate(b.events, 0, b.events, func(i int, r *response) error {
		events = append(events, r.event(s.rows+i))
		return nil
	}); err != nil {
		return err
	}
	var stop atomic.Bool
	asked, done := 0, make(chan error, 1)
	go func() {
		var err error
		q, ticks := shapes()[3], time.NewTicker(time.Second/queriesPerSecond)
		defer ticks.Stop()
		for i := 0; err == nil && !stop.Load(); i++ {
			<-ticks.C
			query := q.ours(i)
			query.Survey, query.Metrics = "surveys/"+survey, []scoringv1.Metric{scoringv1.Metric_METRIC_NPS}
			_, err = s.client.QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: query})
			asked++
		}
		done <- err
	}()
	clock := startWatch()
	s.log.add(events)
	err := s.awaitRows(ctx, int64(s.rows+len(events)))
	took, cpu := clock.stop()
	stop.Store(true)
	if failed := <-done; err == nil {
		err = failed
	}
	if err != nil {
		return err
	}
	rate := float64(len(events)) / took.Seconds()
	b.report.hold("events through the durable store (SQLite, synchronous) beside queries with three filters",
		fmt.Sprintf("%s/s, and %.0f queries/s; %.0f µs of CPU an event, queries included", thousands(int(rate)), float64(asked)/took.Seconds(), float64(cpu.Microseconds())/float64(len(events))), "≥ 20,000/s", rate >= 20_000)
	return nil
}

// event is the row as the survey service tells of it, answered on the last day.
func (r *response) event(i int) *surveyv1.Event {
	at := timestamppb.New(firstDay.AddDate(0, 0, days-1).Add(time.Duration(i%(hoursOpen*3600)) * time.Second))
	f := r.fact(i)
	out := &surveyv1.Response{
		Name: "surveys/" + survey + "/responses/" + f.ID, Revision: revisionName, AnswerTime: at, CountTime: at, ReceiveTime: at, Language: f.Context.Language,
		Respondent: f.Respondent,
		Context: &typev1.Context{
			Location: f.Context.Location, Region: f.Context.Region, Channel: f.Context.Channel, Touchpoint: f.Context.Touchpoint, Attributes: make(map[string]string),
		},
	}
	for _, a := range f.Context.Attributes {
		out.Context.Attributes[a.Name] = a.Value
	}
	for _, a := range f.Answers {
		answer := &surveyv1.Answer{Question: a.Question}
		if len(a.Options) > 0 {
			answer.Value = &surveyv1.Answer_Choice{Choice: &surveyv1.ChoiceAnswer{Options: a.Options}}
		} else {
			answer.Value = &surveyv1.Answer_Score{Score: a.Value.Float()}
		}
		out.Answers = append(out.Answers, answer)
	}
	return &surveyv1.Event{Organization: organization, Change: &surveyv1.Event_Response{Response: out}}
}
