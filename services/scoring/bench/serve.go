package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/services/scoring"
	"github.com/otklik/otklik/services/scoring/internal/question"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// log is a survey service of one survey, whose change log begins behind what the store holds.
type log struct {
	surveyv1.UnimplementedSurveyServiceServer
	surveyv1.UnimplementedEventFeedServiceServer

	mu      sync.Mutex
	base    int64
	events  []*surveyv1.Event
	changed chan struct{}
}

// add appends events to the log.
func (l *log) add(events []*surveyv1.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, e := range events {
		l.events = append(l.events, e)
		e.Position = l.base + int64(len(l.events))
	}
	close(l.changed)
	l.changed = make(chan struct{})
}

// StreamEvents streams the log.
func (l *log) StreamEvents(req *surveyv1.StreamEventsRequest, stream grpc.ServerStreamingServer[surveyv1.StreamEventsResponse]) error {
	after := max(req.GetAfterPosition(), l.base)
	for {
		l.mu.Lock()
		rest := l.events[min(int64(len(l.events)), after-l.base):]
		rest = rest[:min(500, len(rest))]
		out := &surveyv1.StreamEventsResponse{HeadPosition: l.base + int64(len(l.events)), Events: rest}
		changed := l.changed
		l.mu.Unlock()
		after += int64(len(rest))
		if after == out.GetHeadPosition() {
			out.AsOfTime = timestamppb.Now()
		}
		if err := stream.Send(out); err != nil {
			return err
		}
		if out.GetAsOfTime() == nil {
			continue
		}
		select {
		case <-changed:
		case <-time.After(time.Second):
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
	}
}

// revisionName is that of the only revision.
const revisionName = "surveys/" + survey + "/revisions/1"

// GetSurvey returns the survey.
func (*log) GetSurvey(_ context.Context, req *surveyv1.GetSurveyRequest) (*surveyv1.GetSurveyResponse, error) {
	return &surveyv1.GetSurveyResponse{Survey: &surveyv1.Survey{Name: req.GetName(), CurrentRevision: revisionName}}, nil
}

// GetRevision returns its revision.
func (*log) GetRevision(_ context.Context, req *surveyv1.GetRevisionRequest) (*surveyv1.GetRevisionResponse, error) {
	if req.GetName() != revisionName {
		return nil, status.Error(codes.NotFound, "no such revision")
	}
	return &surveyv1.GetRevisionResponse{Revision: &surveyv1.Revision{Name: revisionName, Questionnaire: questionnaire(), PublishTime: timestamppb.New(firstDay)}}, nil
}

// questionnaire asks the questions.
func questionnaire() *surveyv1.Questionnaire {
	text := func(s string) *typev1.LocalizedText { return &typev1.LocalizedText{Texts: map[string]string{"en": s}} }
	out := &surveyv1.Questionnaire{Title: text(survey), DefaultLanguage: "en"}
	for _, q := range questions {
		asked := &surveyv1.Question{Id: q.id, Text: text(q.id)}
		scale := &typev1.Scale{Min: q.scale.Min.Float(), Max: q.scale.Max.Float()}
		switch q.kind {
		case question.NPS:
			asked.Kind = &surveyv1.Question_Nps{Nps: &surveyv1.NpsQuestion{}}
		case question.CSAT:
			asked.Kind = &surveyv1.Question_Csat{Csat: &surveyv1.CsatQuestion{}}
		case question.CES:
			asked.Kind = &surveyv1.Question_Ces{Ces: &surveyv1.CesQuestion{Scale: scale}}
		case question.Choice:
			choice := &surveyv1.ChoiceQuestion{}
			for i := range q.steps {
				choice.Options = append(choice.Options, &surveyv1.ChoiceQuestion_Option{Id: option(int8(i)), Text: text(option(int8(i)))})
			}
			asked.Kind = &surveyv1.Question_Choice{Choice: choice}
		default:
			asked.Kind = &surveyv1.Question_Rating{Rating: &surveyv1.RatingQuestion{Scale: scale}}
		}
		out.Questions = append(out.Questions, asked)
	}
	return out
}

// served is the service over a store.
type served struct {
	client scoringv1.ScoringServiceClient
	log    *log
	rows   int
	stop   func() error
}

// Keys of those who call.
const (
	analystKey = "analyst"
	serviceKey = "service"
)

// serve starts the service over a store of n responses and returns when it answers.
func serve(ctx context.Context, path string, n int) (*served, error) {
	quiet := slog.New(slog.DiscardHandler)
	ring, err := authn.NewKeyring([]authn.Key{
		{ID: analystKey, SHA256: authn.HashKey(analystKey), Organization: organization, Roles: []string{"analyst"}},
		{ID: serviceKey, SHA256: authn.HashKey(serviceKey), Roles: []string{"service"}},
	})
	if err != nil {
		return nil, fmt.Errorf("make keys: %w", err)
	}
	server, err := rpcserver.New(rpcserver.DefaultConfig(), rpcserver.Deps{Logger: quiet, Keys: ring, Roles: map[string][]string{"analyst": {"*"}, "service": {"*"}}})
	if err != nil {
		return nil, fmt.Errorf("make a server: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	config := scoring.DefaultConfig()
	config.Path = path
	service, err := scoring.New(ctx, config, scoring.Deps{Survey: rpcclient.WithKey(server.InProcess(), serviceKey, ""), Logger: quiet})
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start the service: %w", err)
	}
	s := &served{log: &log{base: int64(n), changed: make(chan struct{})}, rows: n}
	surveyv1.RegisterSurveyServiceServer(server, s.log)
	surveyv1.RegisterEventFeedServiceServer(server, s.log)
	service.Register(server)
	if err := server.Start(); err != nil {
		cancel()
		return nil, errors.Join(fmt.Errorf("start the server: %w", err), service.Close())
	}
	done := make(chan error, 1)
	go func() { done <- service.Run(ctx) }()
	s.client = scoringv1.NewScoringServiceClient(rpcclient.WithKey(server.InProcess(), analystKey, ""))
	s.stop = func() error {
		cancel()
		return errors.Join(<-done, server.Drain(context.Background()), service.Close())
	}
	if err := s.awaitRows(ctx, int64(n)); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

// awaitRows waits until as many responses are counted.
func (s *served) awaitRows(ctx context.Context, n int64) error {
	query := &scoringv1.ScoreQuery{Survey: "surveys/" + survey, Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_RESPONSE_RATE}}
	for {
		got, err := s.client.QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: query})
		if err != nil {
			return fmt.Errorf("ask for what is counted: %w", err)
		}
		if got.GetScores()[0].GetN() == n {
			return nil
		}
		time.Sleep(time.Millisecond)
	}
}
