package benchmarks

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/benchmark"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// atOnce is how many questions scoring is asked at the same time for one request.
const atOnce = 4

// counterpart is the own score that a value is compared with: that of its days, and of the own unit that it is of, if it is of one.
type counterpart struct {
	first, last operation.Day
	unit        string
}

// counterpartOf is what a value is compared with.
func counterpartOf(v benchmark.Value) counterpart {
	out := counterpart{first: v.First, last: v.Last}
	if _, _, own := benchmark.OwnUnit(v.Subject); own {
		out.unit = v.Subject
	}
	return out
}

// reading are all own scores of an answer, of one moment.
type reading struct {
	whole   *scoringv1.Score
	counted peers.Counted
	own     map[counterpart]*scoringv1.Score
	// units are the comparisons of units with all others, in the order asked for.
	units []*scoringv1.CompareScoresResponse

	mu         sync.Mutex
	watermarks []time.Time
}

// read asks for own scores until all of them are of one moment.
func (s *Server) read(ctx context.Context, q question, values []benchmark.Value, units map[string]string) (r *reading, err error) {
	asOf, err := peers.OneMoment(q.GetQuery().GetAsOfTime(), func(asOf *timestamppb.Timestamp) ([]time.Time, error) {
		r = &reading{own: map[counterpart]*scoringv1.Score{}, units: make([]*scoringv1.CompareScoresResponse, len(q.GetUnits()))}
		group, within := errgroup.WithContext(ctx)
		group.SetLimit(atOnce)
		group.Go(func() (err error) {
			r.whole, r.counted, err = s.own(within, r, q.scores(q.GetQuery().GetPeriod(), "", asOf))
			return err
		})
		asked := map[counterpart]bool{}
		for _, v := range values {
			of, period := counterpartOf(v), s.period(v)
			if asked[of] {
				continue
			}
			asked[of] = true
			group.Go(func() error {
				score, _, err := s.own(within, r, q.scores(period, units[of.unit], asOf))
				r.mu.Lock()
				defer r.mu.Unlock()
				r.own[of] = score
				return err
			})
		}
		for i, unit := range q.GetUnits() {
			group.Go(func() (err error) {
				r.units[i], err = s.unit(within, r, q, unitField(i), units[unit], asOf)
				return err
			})
		}
		err := group.Wait()
		return r.watermarks, err
	})
	if err == nil && asOf != nil {
		r.counted.Watermark = asOf
	}
	return r, err
}

// took takes note of up to when an answer counts.
func (r *reading) took(watermark *timestamppb.Timestamp) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.watermarks = append(r.watermarks, watermark.AsTime())
}

// own is the own score that is asked for; an empty one where there is none.
func (s *Server) own(ctx context.Context, r *reading, of *scoringv1.ScoreQuery) (*scoringv1.Score, peers.Counted, error) {
	resp, err := s.Measures.Query(ctx, of)
	if err != nil {
		return nil, peers.Counted{}, fault.Scoring(err, fieldOf)
	}
	r.took(resp.GetWatermark())
	if len(resp.GetScores()) == 0 {
		return &scoringv1.Score{}, peers.CountedOf(resp), nil
	}
	return resp.GetScores()[0], peers.CountedOf(resp), nil
}

// notComparable is how scoring refuses to compare where a side has no answers.
const notComparable = "NOT_COMPARABLE"

// unit compares the answers of an own unit with those of all others; without any on a side it tells nothing, and spoils nothing else.
func (s *Server) unit(ctx context.Context, r *reading, q question, field, condition string, asOf *timestamppb.Timestamp) (*scoringv1.CompareScoresResponse, error) {
	period := q.GetQuery().GetPeriod()
	resp, err := s.Measures.Compare(ctx, q.scores(period, condition, asOf), q.scores(period, "NOT "+condition, asOf))
	var refused *peers.Refusal
	if errors.As(err, &refused) && refused.Cause.Code == codes.FailedPrecondition && refused.Cause.Reason == notComparable {
		return &scoringv1.CompareScoresResponse{}, nil
	}
	if err != nil {
		return nil, fault.Scoring(err, func(theirs string) string {
			if strings.HasSuffix(theirs, "filter") && q.GetQuery().GetFilter() == "" {
				return field
			}
			return fieldOf(strings.TrimPrefix(theirs, "baseline."))
		})
	}
	r.took(resp.GetWatermark())
	return resp, nil
}
