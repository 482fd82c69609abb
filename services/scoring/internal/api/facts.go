package api

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/scoring/internal/column"
	"github.com/otklik/otklik/services/scoring/internal/query"
	"github.com/otklik/otklik/services/scoring/internal/question"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	// partOfFacts is how many facts a message of StreamFacts holds.
	partOfFacts = 500
	// defaultGroups is how many random groups respondents are divided into unless the request says otherwise.
	defaultGroups = 200
)

// StreamFacts sends the responses that a filter selects, one by one.
func (s *Server) StreamFacts(req *scoringv1.StreamFactsRequest, stream scoringv1.ScoringService_StreamFactsServer) error {
	ctx := stream.Context()
	c, err := callerOf(ctx)
	if err != nil {
		return err
	}
	q := s.queryOf(req)
	q.Weighting = weightingFromProto(req.GetWeighting())
	var responses *query.Responses
	watermark, err := s.with(ctx, c, []subject{{query: &q, single: true}}, func(d []query.Data) (err error) {
		responses, err = query.NewResponses(q, d[0], groupsOf(req.GetGroups()))
		return err
	})
	if err != nil {
		return queryError(err, "", "")
	}
	part := &scoringv1.StreamFactsResponse{Watermark: momentToProto(watermark), Coverage: coverageToProto(&responses.Coverage)}
	send := func() error {
		err := stream.Send(part)
		part = &scoringv1.StreamFactsResponse{Watermark: momentToProto(watermark)}
		return err
	}
	err = responses.Each(ctx, func(v column.RowView) error {
		fact := factToProto(v)
		if q.Weighting != nil {
			fact.Weight = v.Weight()
		}
		part.Facts = append(part.Facts, fact)
		if len(part.GetFacts()) == partOfFacts {
			return send()
		}
		return nil
	})
	if err != nil {
		return err
	}
	if len(part.GetFacts()) > 0 || part.GetCoverage() != nil {
		return send()
	}
	return nil
}

// selection is what requests for single responses, or for sums over them, select.
type selection interface {
	GetSurvey() string
	GetFilter() string
	GetPeriod() *typev1.Period
	GetPopulation() typev1.Population
	GetAsOfTime() *timestamppb.Timestamp
}

// queryOf is the query that selects the same.
func (s *Server) queryOf(m selection) query.Query {
	return query.Query{
		Survey: strings.TrimPrefix(m.GetSurvey(), surveyPrefix), Filter: m.GetFilter(), Location: s.Location,
		Start: momentFromProto(m.GetPeriod().GetStartTime()), End: momentFromProto(m.GetPeriod().GetEndTime()),
		Population: populationFromProto(m.GetPopulation()), AsOf: momentFromProto(m.GetAsOfTime()),
	}
}

// groupsOf is the number of random groups.
func groupsOf(asked int32) int {
	if asked == 0 {
		return defaultGroups
	}
	return int(asked)
}

// factToProto converts a response. Whom it rates is left out: scores by employee are told in blocks only.
func factToProto(v column.RowView) *scoringv1.Fact {
	row := v.Row()
	out := &scoringv1.Fact{
		CountTime: timestamppb.New(row.Bucket.Start().In(time.UTC)), Group: int32(v.RandomGroup()), Weight: row.Weight,
		Keys: make([]*scoringv1.Fact_FactKey, 0, len(row.Keys)), Answers: make([]*scoringv1.Fact_FactAnswer, 0, len(row.Answers)),
	}
	for _, k := range row.Keys {
		if k.Name != query.EmployeeKey {
			out.Keys = append(out.Keys, &scoringv1.Fact_FactKey{Key: k.Name, Values: k.Values})
		}
	}
	for _, a := range row.Answers {
		answer := &scoringv1.Fact_FactAnswer{Question: a.Question, Scale: a.Scale, Options: a.Options}
		if a.Kind != question.Choice {
			score := a.Value.Float()
			answer.Score = &score
		}
		out.Answers = append(out.Answers, answer)
	}
	return out
}
