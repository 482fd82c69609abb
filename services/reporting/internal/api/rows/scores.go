package rows

import (
	"context"
	"errors"
	"slices"
	"strconv"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Scores has scores.
type Scores struct {
	Measures *peers.Measures
}

var _ export.Source = Scores{}

// errEnough ends a query of which only the first score is wanted.
var errEnough = errors.New("enough")

// Columns implements export.Source. The query is asked for its first score, so that what is wrong with it is told at once.
func (s Scores) Columns(ctx context.Context, o export.Order) ([]export.Column, error) {
	q, err := queryOf(o)
	if err != nil {
		return nil, err
	}
	if _, err := s.Measures.Each(ctx, q, func(*scoringv1.Score) error { return errEnough }); err != nil && !errors.Is(err, errEnough) {
		return nil, err
	}
	return export.OfScores(o.Scores.By), nil
}

// Rows implements export.Source.
func (s Scores) Rows(ctx context.Context, o export.Order, _ export.Mark, fn func(export.Mark, []export.Cell) error) error {
	q, err := queryOf(o)
	if err != nil {
		return refused(err)
	}
	cells := scoreCells().filler(o.Columns, func(column string) cell[*scoringv1.Score] {
		if !slices.Contains(o.Scores.By, column) {
			return nil
		}
		return func(m *scoringv1.Score) export.Cell {
			for _, k := range m.GetSlice().GetKeys() {
				if k.GetKey() == column {
					return text(k.GetValue())
				}
			}
			return export.Cell{}
		}
	})
	_, err = s.Measures.Each(ctx, q, func(m *scoringv1.Score) error { return fn(export.Mark{}, cells.fill(m)) })
	return refused(err)
}

// queryOf is the query of an order. Errors name the word that is no metric or variant.
func queryOf(o export.Order) (*scoringv1.ScoreQuery, error) {
	q := &scoringv1.ScoreQuery{
		Survey: o.Survey, Filter: o.Filter, Period: Period(o), Question: o.Scores.Question, Definition: o.Scores.Definition, GroupBy: o.Scores.By,
		Grain: typev1.TimeGrain(o.Scores.Grain), TimeZone: o.Scores.Zone, Population: typev1.Population(o.Scores.Population), ConfidenceLevel: o.Scores.Level,
	}
	if o.Scores.Weighted {
		q.Weighting = &scoringv1.Weighting{Method: &scoringv1.Weighting_Stated{Stated: &scoringv1.Weighting_StatedWeights{}}}
	}
	for i, m := range o.Scores.Metrics {
		v, err := named("metrics", "METRIC_", m, i, scoringv1.Metric(0).Descriptor())
		if err != nil {
			return nil, err
		}
		q.Metrics = append(q.Metrics, scoringv1.Metric(v))
	}
	for i, m := range o.Scores.Variants {
		v, err := named("variants", "VARIANT_", m, i, scoringv1.Variant(0).Descriptor())
		if err != nil {
			return nil, err
		}
		q.Variants = append(q.Variants, scoringv1.Variant(v))
	}
	return q, nil
}

// named is the value of an enum that has a name.
func named(field, prefix, of string, at int, enum protoreflect.EnumDescriptor) (protoreflect.EnumNumber, error) {
	v := enum.Values().ByName(protoreflect.Name(prefix + of))
	if v == nil || v.Number() == 0 {
		return 0, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_EXPORT_KIND_MISMATCH, "export.scores."+field+"["+strconv.Itoa(at)+"]",
			"is no name that scores have, such as NPS or NPS_CONTACTED: see docs/metrics.md")
	}
	return v.Number(), nil
}

// scoreCells are the cells of a score.
func scoreCells() columns[*scoringv1.Score] {
	type row = *scoringv1.Score
	counts := func(of func(*scoringv1.Counts) *int64) cell[row] {
		return func(m row) export.Cell {
			if m.GetCounts() == nil {
				return export.Cell{}
			}
			return perhaps(of(m.GetCounts()))
		}
	}
	return columns[row]{
		"metric":              func(m row) export.Cell { return name("METRIC_", m.GetMetric().String()) },
		"variant":             func(m row) export.Cell { return name("VARIANT_", m.GetVariant().String()) },
		"definition":          func(m row) export.Cell { return text(lastPart(m.GetDefinition())) },
		"definition_version":  func(m row) export.Cell { return number(m.GetDefinitionVersion()) },
		"question":            func(m row) export.Cell { return text(m.GetSlice().GetQuestion()) },
		"option":              func(m row) export.Cell { return text(m.GetOption()) },
		"start_time":          func(m row) export.Cell { return moment(m.GetSlice().GetPeriod().GetStartTime()) },
		"end_time":            func(m row) export.Cell { return moment(m.GetSlice().GetPeriod().GetEndTime()) },
		"n":                   func(m row) export.Cell { return number(m.GetN()) },
		"estimate":            func(m row) export.Cell { return perhaps(m.Estimate) },
		"normalized_estimate": func(m row) export.Cell { return perhaps(m.NormalizedEstimate) },
		"standard_error":      func(m row) export.Cell { return perhaps(m.StandardError) },
		"low":                 func(m row) export.Cell { return bound(m.GetInterval(), (*typev1.ConfidenceInterval).GetLower) },
		"high":                func(m row) export.Cell { return bound(m.GetInterval(), (*typev1.ConfidenceInterval).GetUpper) },
		"level":               func(m row) export.Cell { return bound(m.GetInterval(), (*typev1.ConfidenceInterval).GetLevel) },
		"method":              func(m row) export.Cell { return text(m.GetInterval().GetMethod()) },
		"answered":            counts(func(c *scoringv1.Counts) *int64 { return &c.Answered }),
		"responses":           counts(func(c *scoringv1.Counts) *int64 { return &c.Responses }),
		"refused":             counts(func(c *scoringv1.Counts) *int64 { return &c.Refused }),
		"dismissed":           counts(func(c *scoringv1.Counts) *int64 { return &c.Dismissed }),
		"timed_out":           counts(func(c *scoringv1.Counts) *int64 { return &c.TimedOut }),
		"promoters":           counts(func(c *scoringv1.Counts) *int64 { return c.Promoters }),
		"passives":            counts(func(c *scoringv1.Counts) *int64 { return c.Passives }),
		"detractors":          counts(func(c *scoringv1.Counts) *int64 { return c.Detractors }),
		"positive":            counts(func(c *scoringv1.Counts) *int64 { return c.Positive }),
		"negative":            counts(func(c *scoringv1.Counts) *int64 { return c.Negative }),
		"weighted_n":          func(m row) export.Cell { return perhaps(m.WeightedN) },
		"effective_n":         func(m row) export.Cell { return perhaps(m.EffectiveN) },
		"band":                func(m row) export.Cell { return text(m.GetBand()) },
		"scale":               func(m row) export.Cell { return text(m.GetScale().GetId()) },
		"population":          func(m row) export.Cell { return name("POPULATION_", m.GetPopulation().String()) },
		"withheld":            func(m row) export.Cell { return name("SUPPRESSION_", m.GetSuppression().String()) },
		"watermark":           func(m row) export.Cell { return moment(m.GetWatermark()) },
	}
}

func bound(i *typev1.ConfidenceInterval, of func(*typev1.ConfidenceInterval) float64) export.Cell {
	if i == nil {
		return export.Cell{}
	}
	return number(of(i))
}
