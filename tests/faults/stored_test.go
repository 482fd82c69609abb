package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sort"

	"google.golang.org/protobuf/proto"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// stored is what the survey service holds, read anew after each fault but for responses, which are read from the last position on.
type stored struct {
	responses map[string]*surveyv1.Response
	refusals  map[string]*surveyv1.Refusal
	position  int64
	// twice are the names that came more than once.
	twice []string
}

func newStored() *stored { return &stored{responses: make(map[string]*surveyv1.Response)} }

// read reads what has come since, and notes what is there twice.
func (s *stored) read(ctx context.Context, client surveyv1.SurveyServiceClient) error {
	stream, err := client.StreamResponses(ctx, &surveyv1.StreamResponsesRequest{Parent: survey, AfterPosition: s.position})
	if err != nil {
		return fmt.Errorf("stream responses: %w", err)
	}
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("stream responses: %w", err)
		}
		name := m.GetResponse().GetName()
		if _, twice := s.responses[name]; twice {
			s.twice = append(s.twice, name)
		}
		if m.GetPosition() <= s.position {
			return fmt.Errorf("%s has the position %d, after %d", name, m.GetPosition(), s.position)
		}
		s.responses[name], s.position = m.GetResponse(), m.GetPosition()
	}
	s.refusals = make(map[string]*surveyv1.Refusal)
	request := &surveyv1.ListRefusalsRequest{Parent: survey, PageSize: 1000}
	for {
		page, err := client.ListRefusals(ctx, request)
		if err != nil {
			return fmt.Errorf("list refusals: %w", err)
		}
		for _, r := range page.GetRefusals() {
			if _, twice := s.refusals[r.GetName()]; twice {
				s.twice = append(s.twice, r.GetName())
			}
			s.refusals[r.GetName()] = r
		}
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			return nil
		}
	}
}

// tally is a recount of one slice.
type tally struct {
	values                      map[float64]int64
	refused, dismissed, timeout int64
}

// recount counts what is stored by location, "" being all: the NPS answers, and refusals by the last outcome of each invitation, of which an
// answer outweighs the others.
func (s *stored) recount() map[string]*tally {
	counted := map[string]*tally{all: newTally()}
	at := func(location string) *tally {
		if counted[location] == nil {
			counted[location] = newTally()
		}
		return counted[location]
	}
	answered := make(map[string]bool)
	for _, r := range s.responses {
		if r.GetInvitation() != "" {
			answered[r.GetInvitation()] = true
		}
		score := r.GetAnswers()[0].GetScore()
		counted[all].values[score]++
		at(r.GetContext().GetLocation()).values[score]++
	}
	last := make(map[string]*surveyv1.Refusal)
	for _, name := range slices.Sorted(maps.Keys(s.refusals)) {
		r := s.refusals[name]
		key := r.GetInvitation()
		switch {
		case key == "":
			key = name
		case answered[key]:
			continue
		}
		if before := last[key]; before == nil || !r.GetCountTime().AsTime().Before(before.GetCountTime().AsTime()) {
			last[key] = r
		}
	}
	for _, r := range last {
		counted[all].add(r.GetKind())
		at(r.GetContext().GetLocation()).add(r.GetKind())
	}
	return counted
}

// all is the key of the whole in a recount: no location of the load has this name.
const all = "\x00"

func newTally() *tally { return &tally{values: make(map[float64]int64)} }

func (t *tally) add(kind surveyv1.Refusal_Kind) {
	switch kind {
	case surveyv1.Refusal_KIND_REFUSED:
		t.refused++
	case surveyv1.Refusal_KIND_DISMISSED:
		t.dismissed++
	case surveyv1.Refusal_KIND_TIMED_OUT:
		t.timeout++
	}
}

// counts is the tally as a score has it.
func (t *tally) counts() *scoringv1.Counts {
	c := &scoringv1.Counts{Refused: t.refused, Dismissed: t.dismissed, TimedOut: t.timeout}
	var promoters, passives, detractors int64
	for value, n := range t.values {
		c.Answered += n
		c.Responses += n // each answers the question
		c.Values = append(c.Values, &scoringv1.Counts_ValueCount{Value: value, Count: n})
		switch {
		case value >= 9:
			promoters += n
		case value >= 7:
			passives += n
		default:
			detractors += n
		}
	}
	sort.Slice(c.Values, func(i, j int) bool { return c.Values[i].GetValue() < c.Values[j].GetValue() })
	c.Promoters, c.Passives, c.Detractors = &promoters, &passives, &detractors
	return c
}

// npsQuery asks for the survey's NPS.
func npsQuery() *scoringv1.ScoreQuery {
	return &scoringv1.ScoreQuery{
		Survey: survey, Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_NPS}, Variants: []scoringv1.Variant{scoringv1.Variant_VARIANT_NPS_ANSWERED},
	}
}

// compare tells how the scores differ from the recount; nil when they do not.
func (s *stored) compare(ctx context.Context, client scoringv1.ScoringServiceClient) error {
	want := s.recount()
	query := npsQuery()
	got := make(map[string]*scoringv1.Counts)
	for _, key := range [][]string{nil, {"location"}} {
		query.GroupBy = key
		response, err := client.QueryScores(ctx, &scoringv1.QueryScoresRequest{Query: query})
		if err != nil {
			return fmt.Errorf("query scores: %w", err)
		}
		for _, score := range response.GetScores() {
			name := all
			if key != nil {
				name = score.GetSlice().GetKeys()[0].GetValue()
			}
			got[name] = score.GetCounts()
		}
	}
	for name, t := range want {
		if !proto.Equal(t.counts(), got[name]) {
			return fmt.Errorf("location %q: the recount is %v, the scores say %v", name, t.counts(), got[name])
		}
	}
	for name, c := range got {
		if want[name] == nil && (c.GetAnswered() != 0 || c.GetRefused()+c.GetDismissed()+c.GetTimedOut() != 0) {
			return fmt.Errorf("location %q: the scores say %v, nothing is stored", name, c)
		}
	}
	return nil
}
