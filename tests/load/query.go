package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/timestamppb"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/tests/harness"
)

const (
	batchSize   = 1000
	loaders     = 2
	days        = 90
	locations   = 50
	queries     = 1000
	queryTarget = 2 * time.Millisecond
)

// measureQuery stores many answers and measures how long questions about them take.
func measureQuery(ctx context.Context, s settings, r *report) (err error) {
	suite, err := harness.Start(ctx, harness.Options{})
	if err != nil {
		return err
	}
	defer discard(suite, &err)
	if err := publish(ctx, suite); err != nil {
		return err
	}
	began := time.Now()
	if err := loadAnswers(ctx, suite, s.answers, locations); err != nil {
		return err
	}
	loaded := time.Since(began)
	if _, err := awaitCounted(ctx, suite, int64(s.answers)); err != nil {
		return err
	}
	r.tell(fmt.Sprintf("%d answers in batches of %d over gRPC", s.answers, batchSize), fmt.Sprintf("%.0f answers/s", float64(s.answers)/loaded.Seconds()),
		fmt.Sprintf("BatchSubmitResponses, %d at a time", loaders))
	r.tell("the same until the scores count all", fmt.Sprintf("%.0f answers/s", float64(s.answers)/time.Since(began).Seconds()), "as above")

	for _, q := range []struct {
		name string
		// held tells that the target is for this query; those of many rows are told only.
		held bool
		of   func(*scoringv1.ScoreQuery)
	}{
		{"NPS of all", true, func(*scoringv1.ScoreQuery) {}},
		{"NPS of a location", true, func(q *scoringv1.ScoreQuery) {
			q.Filter = `location = "store-7"`
		}},
		{"NPS of a month", true, func(q *scoringv1.ScoreQuery) {
			q.Period = &typev1.Period{StartTime: timestamppb.New(firstDay), EndTime: timestamppb.New(firstDay.AddDate(0, 1, 0))}
		}},
		{fmt.Sprintf("NPS by day, %d rows", days), false, func(q *scoringv1.ScoreQuery) { q.Grain = typev1.TimeGrain_TIME_GRAIN_DAY }},
		{fmt.Sprintf("NPS by location, %d rows", locations), false, func(q *scoringv1.ScoreQuery) { q.GroupBy = []string{"location"} }},
	} {
		query := headline()
		q.of(query)
		if err := timeQuery(ctx, suite, r, timedQuery{
			name: q.name, held: q.held, answers: s.answers, request: &scoringv1.QueryScoresRequest{Query: query},
		}); err != nil {
			return fmt.Errorf("%s: %w", q.name, err)
		}
	}
	if err := timeOverview(ctx, suite, r, s.answers); err != nil {
		return fmt.Errorf("overview: %w", err)
	}
	return afterwards(ctx, suite, r, s.answers)
}

// firstDay is the first day of the answers; they end before the present.
var firstDay = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// loadAnswers stores n answers spread over days and so many locations.
func loadAnswers(ctx context.Context, suite *harness.Suite, n, locations int) error {
	client := surveyClient(suite)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	starts := make(chan int)
	var group sync.WaitGroup
	for range loaders {
		group.Go(func() {
			for first := range starts {
				response, err := client.BatchSubmitResponses(ctx, batch(first, min(batchSize, n-first), locations))
				if err == nil {
					for _, result := range response.GetResults() {
						if result.GetAccepted() == nil {
							err = fmt.Errorf("an answer was refused: %v", result.GetError())
						}
					}
				}
				if err != nil {
					cancel(err)
				}
			}
		})
	}
	for first := 0; first < n && ctx.Err() == nil; first += batchSize {
		starts <- first
	}
	close(starts)
	group.Wait()
	return context.Cause(ctx)
}

func batch(first, n, locations int) *surveyv1.BatchSubmitResponsesRequest {
	request := &surveyv1.BatchSubmitResponsesRequest{Parent: survey, Requests: make([]*surveyv1.SubmitResponseRequest, n)}
	for i := range request.Requests {
		k := first + i
		// Primes spread answers evenly and the same way each time.
		at := firstDay.AddDate(0, 0, k*7919%days).Add(time.Duration(k*104729%86400) * time.Second)
		request.Requests[i] = &surveyv1.SubmitResponseRequest{
			ResponseId: fmt.Sprintf("b-%d", k),
			Response: &surveyv1.Response{
				AnswerTime: timestamppb.New(at),
				Language:   []string{"ky", "ru", "en"}[k%3],
				Context: &typev1.Context{
					Touchpoint: []string{"checkout", "delivery", "return", "support"}[k*31%4],
					Channel:    []string{"app", "sms", "kiosk"}[k*17%3],
					Location:   fmt.Sprintf("store-%d", k*613%locations),
				},
				Answers: []*surveyv1.Answer{
					{Question: "recommend", Value: &surveyv1.Answer_Score{Score: float64(k * 7 % 11)}},
					{Question: "satisfied", Value: &surveyv1.Answer_Score{Score: float64(1 + k*3%5)}},
				},
			},
		}
	}
	return request
}

// timedQuery is a question that is asked many times.
type timedQuery struct {
	name    string
	held    bool
	answers int
	request *scoringv1.QueryScoresRequest
}

// timeQuery asks a question many times, one after another, over gRPC and over REST.
func timeQuery(ctx context.Context, suite *harness.Suite, r *report, q timedQuery) error {
	client := scoringClient(suite)
	times, err := repeat(queries, func() error {
		_, err := client.QueryScores(ctx, q.request)
		return err
	})
	if err != nil {
		return err
	}
	q.report(r, "gRPC", times)
	body, err := protojson.Marshal(q.request)
	if err != nil {
		return fmt.Errorf("encode query: %w", err)
	}
	rest := suite.REST(adminKey())
	times, err = repeat(queries, func() error {
		answer, err := rest.Do(ctx, harness.Request{Method: http.MethodPost, Path: "/v1/scores:query", Body: body})
		if err == nil && answer.Status != http.StatusOK {
			err = errors.New(string(answer.Body))
		}
		return err
	})
	if err != nil {
		return err
	}
	q.report(r, "REST", times)
	return nil
}

func (q timedQuery) report(r *report, transport string, times durations) {
	median := times.quantile(0.5)
	what := fmt.Sprintf("score query over %s, %s, median and p99", transport, q.name)
	measured := milliseconds(median) + ", " + milliseconds(times.quantile(0.99))
	how := fmt.Sprintf("%d queries one after another, %d answers stored", queries, q.answers)
	if q.held {
		r.hold(what, measured, "median < "+milliseconds(queryTarget), median < queryTarget, how)
	} else {
		r.tell(what, measured, how)
	}
}

// repeat times n calls, after a tenth as many that warm up.
func repeat(n int, call func() error) (durations, error) {
	var times durations
	for i := range n + n/10 {
		began := time.Now()
		if err := call(); err != nil {
			return nil, fmt.Errorf("query: %w", err)
		}
		if i >= n/10 {
			times = append(times, time.Since(began))
		}
	}
	return times, nil
}

// afterwards tells what so many answers cost: memory, disk, and the next start.
func afterwards(ctx context.Context, suite *harness.Suite, r *report, answers int) error {
	resident, err := residentBytes(suite.PID(harness.All))
	if err != nil {
		return err
	}
	r.tell(fmt.Sprintf("memory with %d answers", answers), megabytes(resident), "VmRSS after the queries")
	if err := suite.Stop(time.Minute); err != nil {
		return err
	}
	size, err := folderBytes(suite.Dir())
	if err != nil {
		return err
	}
	r.tell(fmt.Sprintf("disk for %d answers", answers), fmt.Sprintf("%s, %d bytes each", megabytes(size), size/int64(answers)), "size of the data folder after a stop")
	if err := suite.Restart(ctx); err != nil {
		return err
	}
	r.tell(fmt.Sprintf("start to ready with %d answers", answers), milliseconds(suite.StartTime(harness.All)), "as above")
	got, err := counted(ctx, suite)
	if err != nil {
		return err
	}
	if got != int64(answers) {
		return fmt.Errorf("after a restart the score counts %d answers, want %d", got, answers)
	}
	return nil
}
