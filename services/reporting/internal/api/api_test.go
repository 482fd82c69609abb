package api_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/services/reporting/internal/api"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// suite is the services that reporting asks: one survey of two revisions, and responses to it.
type suite struct {
	surveyv1.UnimplementedSurveyServiceServer
	scoringv1.UnimplementedScoringServiceServer
	facts []*scoringv1.Fact
	// more are asked behind the questions of the second revision.
	more []*surveyv1.Question
	// err is what scoring answers instead, lost what survey does.
	err, lost error

	mu   sync.Mutex
	seen []metadata.MD
}

func (s *suite) enter(ctx context.Context) {
	md, _ := metadata.FromIncomingContext(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, md)
}

// GetSurvey serves the survey.
func (s *suite) GetSurvey(ctx context.Context, req *surveyv1.GetSurveyRequest) (*surveyv1.GetSurveyResponse, error) {
	s.enter(ctx)
	if s.lost != nil {
		return nil, s.lost
	}
	if req.GetName() != "surveys/visits" {
		return nil, status.Error(codes.NotFound, "there is no such survey")
	}
	return &surveyv1.GetSurveyResponse{Survey: &surveyv1.Survey{Name: req.GetName(), CurrentRevision: req.GetName() + "/revisions/2"}}, nil
}

// GetRevision serves its revisions: the first asked queue, which the second does not ask any more.
func (s *suite) GetRevision(ctx context.Context, req *surveyv1.GetRevisionRequest) (*surveyv1.GetRevisionResponse, error) {
	s.enter(ctx)
	rating := func(id string, most float64) *surveyv1.Question {
		return &surveyv1.Question{Id: id, EffectiveScale: scale(1, most), Kind: &surveyv1.Question_Rating{Rating: &surveyv1.RatingQuestion{Scale: &typev1.Scale{Min: 1, Max: most}}}}
	}
	asked := []*surveyv1.Question{
		rating("staff", 5),
		{Id: "recommend", EffectiveScale: scale(0, 10), Kind: &surveyv1.Question_Nps{Nps: &surveyv1.NpsQuestion{}}},
		{Id: "effort", EffectiveScale: scale(1, 7), Kind: &surveyv1.Question_Ces{Ces: &surveyv1.CesQuestion{Scale: &typev1.Scale{Min: 1, Max: 7}, Direction: surveyv1.CesQuestion_DIRECTION_EFFORT}}},
		rating("goods", 10),
		{Id: "why", Kind: &surveyv1.Question_FreeText{FreeText: &surveyv1.TextQuestion{}}},
	}
	asked = append(asked, s.more...)
	if req.GetName() == "surveys/visits/revisions/1" {
		asked = []*surveyv1.Question{rating("goods", 5), rating("queue", 5)}
	}
	return &surveyv1.GetRevisionResponse{Revision: &surveyv1.Revision{Name: req.GetName(), Questionnaire: &surveyv1.Questionnaire{Questions: asked}}}, nil
}

// StreamFacts tells the responses, in two parts.
func (s *suite) StreamFacts(_ *scoringv1.StreamFactsRequest, stream grpc.ServerStreamingServer[scoringv1.StreamFactsResponse]) error {
	s.enter(stream.Context())
	if s.err != nil {
		return s.err
	}
	half := len(s.facts) / 2
	if err := stream.Send(&scoringv1.StreamFactsResponse{Facts: s.facts[:half], Coverage: s.coverage()}); err != nil {
		return err
	}
	return stream.Send(&scoringv1.StreamFactsResponse{Facts: s.facts[half:]})
}

func (s *suite) coverage() *scoringv1.Coverage {
	return &scoringv1.Coverage{
		Counted: int64(len(s.facts)), LeftOut: []*scoringv1.Coverage_LeftOut{{Reason: scoringv1.LeftOutReason_LEFT_OUT_REASON_FILTER, Count: 3}},
	}
}

// scales are those that the questions are asked on last.
var scales = map[string]string{"staff": "1-5", "recommend": "0-10", "effort": "1-7", "goods": "1-10", "queue": "1-5", "parking": "1-5", "overall": "1-5", "again": "0-10"}

// StreamMoments tells the sums of the same responses: on the scale asked last, effort turned round.
func (s *suite) StreamMoments(req *scoringv1.StreamMomentsRequest, stream grpc.ServerStreamingServer[scoringv1.StreamMomentsResponse]) error {
	s.enter(stream.Context())
	if s.err != nil {
		return s.err
	}
	type pair [2]int32
	responses, unanswered, sums := make(map[int32]int64), make(map[int32]int64), make(map[int32]map[pair]*scoringv1.PairMoments)
	for _, f := range s.facts {
		values := make(map[int32]float64)
		for _, a := range f.GetAnswers() {
			if i := slices.Index(req.GetQuestions(), a.GetQuestion()); i >= 0 && a.GetScale() == scales[a.GetQuestion()] {
				values[int32(i)] = a.GetScore()
				if a.GetQuestion() == "effort" {
					values[int32(i)] = 8 - a.GetScore()
				}
			}
		}
		g := f.GetGroup()
		responses[g]++
		if len(values) == 0 {
			unanswered[g]++
		}
		if sums[g] == nil {
			sums[g] = make(map[pair]*scoringv1.PairMoments)
		}
		for i, x := range values {
			for j, y := range values {
				if j < i {
					continue
				}
				m := sums[g][pair{i, j}]
				if m == nil {
					m = &scoringv1.PairMoments{First: i, Second: j}
					sums[g][pair{i, j}] = m
				}
				m.Count++
				m.Weight++
				m.SquaredWeight++
				m.FirstSum += x
				m.SecondSum += y
				m.FirstSquareSum += x * x
				m.SecondSquareSum += y * y
				m.ProductSum += x * y
			}
		}
	}
	coverage := s.coverage()
	for g := range responses {
		part := &scoringv1.StreamMomentsResponse{Group: g, Responses: responses[g], Unanswered: unanswered[g], Coverage: coverage}
		coverage = nil
		for _, m := range sums[g] {
			part.Pairs = append(part.Pairs, m)
		}
		if err := stream.Send(part); err != nil {
			return err
		}
	}
	return nil
}

// serve is a reporting service that asks the suite.
func serve(t testing.TB, facts []*scoringv1.Fact) (*suite, *api.Server) {
	t.Helper()
	s, channel := &suite{facts: facts}, &inprocgrpc.Channel{}
	surveyv1.RegisterSurveyServiceServer(channel, s)
	scoringv1.RegisterScoringServiceServer(channel, s)
	return s, api.New(api.Deps{
		Surveys: peers.NewSurveys(channel), Scoring: peers.NewScoring(channel), Measures: peers.NewMeasures(channel), Segmentation: peers.NewSegmentation(channel),
		RankResponses: 1000, Now: time.Now,
	})
}

// callerOf is the context of a call by somebody of the organisation.
func callerOf(t testing.TB, md metadata.MD) context.Context {
	t.Helper()
	return metadata.NewIncomingContext(authn.WithPrincipal(t.Context(), authn.Principal{ID: "ann", Organization: "acme"}), md)
}

func query() *reportingv1.AnalysisQuery { return &reportingv1.AnalysisQuery{Survey: "surveys/visits"} }

// answer is one to a question on a scale.
func answer(question, scale string, score float64) *scoringv1.Fact_FactAnswer {
	return &scoringv1.Fact_FactAnswer{Question: question, Scale: scale, Score: &score}
}

// near compares numbers that were summed in different orders.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b)) }

// scale is a scale as the survey service tells it.
func scale(least, most float64) *typev1.Scale {
	return &typev1.Scale{Id: fmt.Sprintf("%v-%v", least, most), Min: least, Max: most, Step: 1}
}
