package api

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/reporting/internal/api/answers"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/journey"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// touchpointKey is the key that says at which touchpoint a response came about.
const touchpointKey = "touchpoint"

// atTouchpoint is what is counted at a touchpoint.
type atTouchpoint struct {
	journey.Answers
	refused, dismissed, timedOut int64
	// otherScale is how many answers are on another scale than that on which the question was asked last.
	otherScale int64
}

// add adds what is counted at another touchpoint.
func (a *atTouchpoint) add(o *atTouchpoint) {
	a.Add(o.Tally)
	a.Withheld = cmp.Or(a.Withheld, o.Withheld)
	a.refused, a.dismissed, a.timedOut, a.otherScale = a.refused+o.refused, a.dismissed+o.dismissed, a.timedOut+o.timedOut, a.otherScale+o.otherScale
}

// side is a period of a journey.
type side struct {
	period  *typev1.Period
	counted peers.Counted
	// of is what is counted at each touchpoint, "" where none is stated.
	of map[journeyKey]map[string]*atTouchpoint
	// responses are those at each touchpoint that answer any question with a score.
	responses map[string]int64
}

// journeyReading are the periods of a journey, of one moment.
type journeyReading struct {
	now side
	// before is nil where nothing is compared.
	before *side
}

// readJourney asks for the answers at each touchpoint, by all that stages are scored by.
func (s *Server) readJourney(ctx context.Context, q *reportingv1.AnalysisQuery, baseline *typev1.Period, stages []*stage) (*journeyReading, error) {
	var out *journeyReading
	asOf, err := peers.OneMoment(q.GetAsOfTime(), func(asOf *timestamppb.Timestamp) (watermarks []time.Time, err error) {
		out = &journeyReading{now: side{period: q.GetPeriod(), of: map[journeyKey]map[string]*atTouchpoint{}}}
		sides := []*side{&out.now}
		if baseline != nil {
			out.before = &side{period: baseline, of: map[journeyKey]map[string]*atTouchpoint{}}
			sides = append(sides, out.before)
		}
		var mu sync.Mutex
		group, within := errgroup.WithContext(ctx)
		group.SetLimit(cap(s.slots) + 1)
		for _, side := range sides {
			group.Go(func() error {
				found, counted, err := s.responsesAt(within, q, side.period, asOf)
				if err != nil {
					return err
				}
				mu.Lock()
				defer mu.Unlock()
				side.responses, side.counted = found, counted
				watermarks = append(watermarks, counted.Watermark.AsTime())
				return nil
			})
		}
		asked := map[journeyKey]bool{}
		for _, stage := range stages {
			if asked[stage.key()] {
				continue
			}
			asked[stage.key()] = true
			for _, side := range sides {
				group.Go(func() error {
					found, counted, err := s.touchpoints(within, q, side.period, asOf, stage)
					if err != nil {
						return err
					}
					mu.Lock()
					defer mu.Unlock()
					side.of[stage.key()] = found
					watermarks = append(watermarks, counted.Watermark.AsTime())
					return nil
				})
			}
		}
		return watermarks, group.Wait()
	})
	if err != nil {
		return nil, fault.Scoring(err, func(theirs string) string { return theirs })
	}
	if asOf != nil {
		out.now.counted.Watermark = asOf
		if out.before != nil {
			out.before.counted.Watermark = asOf
		}
	}
	return out, nil
}

// touchpoints asks for the answers at each touchpoint.
func (s *Server) touchpoints(
	ctx context.Context, q *reportingv1.AnalysisQuery, period *typev1.Period, asOf *timestamppb.Timestamp, of *stage,
) (map[string]*atTouchpoint, peers.Counted, error) {
	counting, metric, variant := scoredBy(of.metric)
	out := map[string]*atTouchpoint{}
	counted, err := s.measures.Each(ctx, &scoringv1.ScoreQuery{
		Survey: q.GetSurvey(), Filter: q.GetFilter(), Period: period, Population: q.GetPopulation(), AsOfTime: asOf, Question: of.question.ID,
		Metrics: []scoringv1.Metric{metric}, Variants: []scoringv1.Variant{variant}, GroupBy: []string{touchpointKey},
	}, func(score *scoringv1.Score) error {
		if len(score.GetSlice().GetKeys()) != 1 {
			return nil
		}
		value := score.GetSlice().GetKeys()[0].GetValue()
		at := out[value]
		if at == nil {
			at = &atTouchpoint{}
			out[value] = at
		}
		c := score.GetCounts()
		tally, withheld := answers.Tally(score, counting, of.question)
		if score.GetScale().GetId() != of.question.Scale.GetId() {
			at.otherScale += int64(tally.N)
			return nil
		}
		at.Tally, at.Withheld = tally, withheld
		at.refused, at.dismissed, at.timedOut = c.GetRefused(), c.GetDismissed(), c.GetTimedOut()
		return nil
	})
	return out, counted, err
}

// responsesAt asks how many responses each touchpoint has: the scores of any question tell it.
func (s *Server) responsesAt(ctx context.Context, q *reportingv1.AnalysisQuery, period *typev1.Period, asOf *timestamppb.Timestamp) (map[string]int64, peers.Counted, error) {
	out := map[string]int64{}
	counted, err := s.measures.Each(ctx, &scoringv1.ScoreQuery{
		Survey: q.GetSurvey(), Filter: q.GetFilter(), Period: period, Population: q.GetPopulation(), AsOfTime: asOf, Question: "*",
		Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_MEAN}, Variants: []scoringv1.Variant{scoringv1.Variant_VARIANT_MEAN_SINGLE_QUESTION}, GroupBy: []string{touchpointKey},
	}, func(score *scoringv1.Score) error {
		if keys := score.GetSlice().GetKeys(); len(keys) == 1 {
			out[keys[0].GetValue()] = max(out[keys[0].GetValue()], score.GetCounts().GetResponses())
		}
		return nil
	})
	return out, counted, err
}

// stagesSeen are the stages of the touchpoints that responses name, as the directory puts them.
func (s *Server) stagesSeen(ctx context.Context, like *stage, read *journeyReading) ([]*stage, error) {
	seen := map[string]bool{}
	for _, side := range []*side{&read.now, read.before} {
		if side == nil {
			continue
		}
		for touchpoint, responses := range side.responses {
			seen[touchpoint] = seen[touchpoint] || touchpoint != "" && responses > 0
		}
		for touchpoint, at := range side.of[like.key()] {
			seen[touchpoint] = seen[touchpoint] || touchpoint != "" && at.Withheld != ""
		}
	}
	maps.DeleteFunc(seen, func(_ string, is bool) bool { return !is })
	if len(seen) == 0 {
		return nil, fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_TOUCHPOINTS_MISSING, "stages",
			"no response states a touchpoint: state the stages by their questions, or choose a longer period or a wider filter")
	}
	units, err := s.segmentation.Touchpoints(ctx)
	var said *peers.Refusal
	if err != nil && (!errors.As(err, &said) || said.Cause.Code != codes.PermissionDenied) {
		return nil, fault.Segmentation(err)
	}
	out := arrange(like, slices.Sorted(maps.Keys(seen)), units)
	if len(out) > journey.MostStages {
		return nil, fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_TOO_MANY, "stages",
			fmt.Sprintf("responses name touchpoints of %d stages, and a journey has up to %d: state the stages, or put touchpoints into stages in the directory", len(out), journey.MostStages))
	}
	return out, nil
}

// arrange puts touchpoints into stages: those that the directory puts into one are one, in the order of their places; the others are a stage each, behind them.
func arrange(like *stage, seen []string, units []*segmentationv1.Unit) []*stage {
	known := make(map[string]*segmentationv1.Unit, len(units))
	for _, u := range units {
		known[strings.TrimPrefix(u.GetName(), "touchpoints/")] = u
	}
	of, first := map[string]*stage{}, map[*stage]int32{}
	var out []*stage
	for _, touchpoint := range seen {
		u := known[touchpoint]
		id, position := u.GetTouchpoint().GetStage(), u.GetTouchpoint().GetPosition()
		s := of[id]
		if id == "" || s == nil {
			s = &stage{id: cmp.Or(id, touchpoint), question: like.question, metric: like.metric}
			if id == "" {
				position = math.MaxInt32
				if name := u.GetDisplayName(); name != "" && name != touchpoint {
					s.name = &typev1.LocalizedText{Texts: map[string]string{"und": name}}
				}
			} else {
				of[id] = s
			}
			first[s] = position
			out = append(out, s)
		}
		s.touchpoints = append(s.touchpoints, touchpoint)
		first[s] = min(first[s], position)
	}
	slices.SortStableFunc(out, func(a, b *stage) int { return cmp.Or(cmp.Compare(first[a], first[b]), cmp.Compare(a.id, b.id)) })
	// A touchpoint may be named as a stage of the directory is.
	for i, s := range out {
		if slices.ContainsFunc(out[:i], func(o *stage) bool { return o.id == s.id }) {
			s.id = "touchpoints/" + s.id
		}
	}
	return out
}

// count is what is counted of a stage in a period.
func (d *side) count(s *stage) *atTouchpoint {
	out := &atTouchpoint{}
	of := d.of[s.key()]
	if len(s.touchpoints) == 0 {
		for _, at := range of {
			out.add(at)
		}
		return out
	}
	for _, touchpoint := range s.touchpoints {
		if at := of[touchpoint]; at != nil {
			out.add(at)
		}
	}
	return out
}

// responsesOf is how many responses came about at the touchpoints of a stage.
func (d *side) responsesOf(s *stage) int64 {
	if len(s.touchpoints) == 0 {
		return d.counted.Responses
	}
	var n int64
	for _, touchpoint := range s.touchpoints {
		n += d.responses[touchpoint]
	}
	return n
}

// unplaced is how many responses belong to no stage.
func (d *side) unplaced(stages []*stage) int64 {
	rest, placed := d.counted.Responses, map[string]bool{}
	for _, s := range stages {
		if len(s.touchpoints) == 0 {
			return 0
		}
		for _, touchpoint := range s.touchpoints {
			if !placed[touchpoint] {
				placed[touchpoint] = true
				rest -= d.responses[touchpoint]
			}
		}
	}
	return max(0, rest)
}
