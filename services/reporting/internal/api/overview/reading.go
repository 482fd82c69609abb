package overview

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// headline are the metrics of an overview, in their order.
var headline = []scoringv1.Metric{
	scoringv1.Metric_METRIC_NPS, scoringv1.Metric_METRIC_ENPS, scoringv1.Metric_METRIC_CSAT, scoringv1.Metric_METRIC_CES, scoringv1.Metric_METRIC_MEAN,
	scoringv1.Metric_METRIC_RESPONSE_RATE,
}

// entry is a score of the period with its steps and its change.
type entry struct {
	total  *scoringv1.Score
	steps  []*scoringv1.Score
	change *scoringv1.CompareScoresResponse
	// failed is why it was not compared.
	failed error
}

// reading are all scores of an overview, of one moment.
type reading struct {
	entries []*entry
	counted peers.Counted
	// failed is why definitions were not scored, by their names.
	failed map[string]error

	mu         sync.Mutex
	watermarks []time.Time
}

// read asks for scores until all of them are of one moment. Errors: as of peers.Measures.
func (s *Server) read(ctx context.Context, p *plan) (r *reading, err error) {
	asOf, err := peers.OneMoment(p.req.GetQuery().GetAsOfTime(), func(asOf *timestamppb.Timestamp) (watermarks []time.Time, err error) {
		if r, err = s.readAt(ctx, p, asOf); err != nil {
			return nil, err
		}
		return r.watermarks, nil
	})
	if err == nil && asOf != nil {
		r.counted.Watermark = asOf
	}
	return r, err
}

// readAt asks for all scores once: totals, steps and definitions at a time, and then how they changed.
func (s *Server) readAt(ctx context.Context, p *plan, asOf *timestamppb.Timestamp) (*reading, error) {
	r := &reading{failed: make(map[string]error)}
	q := p.query(asOf)
	definitions := p.req.GetDefinitions()
	answers := make([]struct {
		total, steps *scoringv1.QueryScoresResponse
	}, 1+len(definitions))
	group, within := errgroup.WithContext(ctx)
	for i := range answers {
		q, name := q, ""
		if i > 0 {
			q, name = proto.CloneOf(q), definitions[i-1]
			q.Definition = name
		}
		ask := func(q *scoringv1.ScoreQuery, into **scoringv1.QueryScoresResponse) func() error {
			return func() (err error) {
				*into, err = s.Measures.Query(within, q)
				return r.took((*into).GetWatermark(), name, err)
			}
		}
		group.Go(ask(q, &answers[i].total))
		if p.wants(reportingv1.OverviewPart_OVERVIEW_PART_TREND) {
			group.Go(ask(p.stepsOf(q), &answers[i].steps))
		}
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	r.counted = peers.CountedOf(answers[0].total)
	for _, a := range answers {
		r.add(a.total.GetScores(), p.shown(a.steps.GetScores()))
	}
	return r, s.compare(ctx, p, q, r)
}

// took takes note of an answer; what is refused of a definition spoils nothing else.
func (r *reading) took(watermark *timestamppb.Timestamp, definition string, err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var refused *peers.Refusal
	switch {
	case definition != "" && errors.As(err, &refused):
		r.failed[definition] = err
		return nil
	case err != nil:
		return err
	}
	r.watermarks = append(r.watermarks, watermark.AsTime())
	return nil
}

// add takes over scores with their steps, in the order of metrics.
func (r *reading) add(totals, steps []*scoringv1.Score) {
	var found []*entry
	for _, score := range totals {
		if rankOf(score) < 0 {
			continue
		}
		e := &entry{total: score}
		for _, step := range steps {
			if same(step, score) {
				e.steps = append(e.steps, step)
			}
		}
		slices.SortStableFunc(e.steps, func(a, b *scoringv1.Score) int { return startOf(a).Compare(startOf(b)) })
		found = append(found, e)
	}
	slices.SortStableFunc(found, func(a, b *entry) int { return rankOf(a.total) - rankOf(b.total) })
	r.entries = append(r.entries, found...)
}

// rankOf is where a score stands among the metrics; a definition of its own stands anywhere, and what is not shown below zero.
func rankOf(score *scoringv1.Score) int {
	if score.GetMetric() == scoringv1.Metric_METRIC_UNSPECIFIED {
		return 0
	}
	return slices.Index(headline, score.GetMetric())
}

// same tells whether two scores are of the same metric, variant, question and scale.
func same(a, b *scoringv1.Score) bool {
	return a.GetDefinition() == b.GetDefinition() && a.GetMetric() == b.GetMetric() && a.GetVariant() == b.GetVariant() &&
		a.GetSlice().GetQuestion() == b.GetSlice().GetQuestion() && a.GetScale().GetId() == b.GetScale().GetId()
}

func startOf(score *scoringv1.Score) time.Time {
	return score.GetSlice().GetPeriod().GetStartTime().AsTime()
}

// compare compares the scores that there are with those of the period before.
func (s *Server) compare(ctx context.Context, p *plan, q *scoringv1.ScoreQuery, r *reading) error {
	if p.baseline == nil || !p.wants(reportingv1.OverviewPart_OVERVIEW_PART_CHANGES) {
		return nil
	}
	group, within := errgroup.WithContext(ctx)
	for _, e := range r.entries {
		if e.total.Estimate == nil {
			continue
		}
		q := proto.CloneOf(q)
		if e.total.GetMetric() == scoringv1.Metric_METRIC_UNSPECIFIED {
			q.Definition = definitionOf(e.total, p.req.GetDefinitions())
		} else {
			q.Metrics, q.Variants, q.Question = []scoringv1.Metric{e.total.GetMetric()}, []scoringv1.Variant{e.total.GetVariant()}, e.total.GetSlice().GetQuestion()
		}
		group.Go(func() error {
			answer, err := s.Measures.Compare(within, q, &scoringv1.ScoreQuery{Survey: q.GetSurvey(), Period: p.baseline})
			var refused *peers.Refusal
			if errors.As(err, &refused) {
				e.failed = err
				return nil
			}
			e.change = answer
			return r.took(answer.GetWatermark(), "", err)
		})
	}
	return group.Wait()
}

// definitionOf is the definition by which a score was asked for.
func definitionOf(score *scoringv1.Score, asked []string) string {
	for _, name := range asked {
		if base, _, _ := strings.Cut(name, "@"); base == score.GetDefinition() {
			return name
		}
	}
	return score.GetDefinition()
}
