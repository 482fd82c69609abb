package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/api/basis"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/collector"
	"github.com/otklik/otklik/services/reporting/internal/estimate"
	"github.com/otklik/otklik/services/reporting/internal/refusal"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

const (
	definitionCollectors = "collector_comparison"
	// defaultCollectorKey tells who collected an answer unless a request says otherwise, and defaultWithin is within which both are compared.
	defaultCollectorKey, defaultWithin = "attributes.collector", "location"
	// mostParts is how many parts are told.
	mostParts = 1000
	// reasonCollectorUnknown is why responses are left out that neither collected.
	reasonCollectorUnknown = "COLLECTOR_UNKNOWN"
	// mostNamed is how many values a refusal names that there are.
	mostNamed = 10
)

// collectors tells who collected a response.
type collectors struct {
	key    string
	values [2][]string
	sides  map[string]collector.Side
	// others are some of the values that mean neither.
	others map[string]bool
}

// collectorsOf checks what means whom.
func collectorsOf(req *reportingv1.QueryCollectorsRequest) (*collectors, error) {
	c := &collectors{key: req.GetKey(), values: [2][]string{req.GetInternalValues(), req.GetExternalValues()}, sides: map[string]collector.Side{}, others: map[string]bool{}}
	if c.key == "" {
		c.key = defaultCollectorKey
	}
	if err := checkKey("key", c.key); err != nil {
		return nil, err
	}
	for who, built := range [][]string{{"INTERNAL", "internal"}, {"EXTERNAL", "external"}} {
		if len(c.values[who]) == 0 {
			c.values[who] = built
		}
		c.values[who] = slices.Sorted(slices.Values(c.values[who]))
		for _, v := range c.values[who] {
			if _, twice := c.sides[v]; twice {
				return nil, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_COLLECTOR_AMBIGUOUS, "external_values",
					fmt.Sprintf("%q would mean both INTERNAL and EXTERNAL; name it once", v))
			}
			c.sides[v] = collector.Side(who) //nolint:gosec // 0 or 1
		}
	}
	return c, nil
}

// of is who collected a response; false where that is not told. A response of several values is refused: it would count on both sides.
func (c *collectors) of(f *scoringv1.Fact) (collector.Side, bool, error) {
	values := keyValues(f, c.key)
	switch len(values) {
	case 0:
		return 0, false, nil
	case 1:
		who, ok := c.sides[values[0]]
		if !ok && len(c.others) < mostNamed {
			c.others[values[0]] = true
		}
		return who, ok, nil
	}
	return 0, false, fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_KEY_MULTIPLE, "key",
		fmt.Sprintf("some responses have several values of %q, so that it does not tell who collected them; choose what has one value", c.key))
}

// QueryCollectors compares what was collected internally and externally.
func (s *Server) QueryCollectors(ctx context.Context, req *reportingv1.QueryCollectorsRequest) (*reportingv1.QueryCollectorsResponse, error) {
	if req.GetQuery().GetWeighting() != nil {
		return nil, fault.Unweighted("comparisons of collectors")
	}
	who, err := collectorsOf(req)
	if err != nil {
		return nil, err
	}
	within := req.GetWithin()
	if within == "" {
		within = defaultWithin
	}
	if err := checkKey("within", within); err != nil {
		return nil, err
	}
	r, err := s.outcomeReaderOf(ctx, req.GetQuery(), req.GetOutcome(), req.GetMetric(), within)
	if err != nil {
		return nil, err
	}
	tally := collector.NewTally()
	var unanswered, unknown int64
	counted, err := s.scoring.Facts(ctx, selectionOf(req.GetQuery()), func(f *scoringv1.Fact) error {
		side, ok, err := who.of(f)
		if err != nil || !ok {
			unknown++
			return err
		}
		parts, value, ok := r.read(f)
		switch {
		case !ok:
			unanswered++
			return nil
		case len(parts) > 1:
			return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_KEY_MULTIPLE, "within",
				fmt.Sprintf("some responses have several values of %q; choose what has one value", within))
		}
		return tally.Add(int(f.GetGroup()), strings.Join(parts, ""), side, value)
	})
	if err != nil {
		return nil, fieldTooMany("within", fault.Scoring(err, fault.Fields(nil).Of))
	}
	for side, name := range []string{"internal", "external"} {
		if tally.Answers(collector.Side(side)) == 0 { //nolint:gosec // 0 or 1
			return nil, who.nothing(name)
		}
	}
	level := levelOf(req.GetQuery())
	found, err := compute(ctx, s, func() (*collector.Comparison, error) { return tally.Compare(level) })
	if err != nil {
		return nil, fault.Analysis(err)
	}
	out := who.converted(found, tally, level)
	out.Basis = basis.Of(req.GetQuery(), definitionCollectors, counted)
	leaveOut(out.Basis, reasonCollectorUnknown, unknown)
	leaveOut(out.Basis, reasonNoAnswer, unanswered)
	out.Basis.Groups, out.Basis.Conventions = int32(found.Groups), append(out.Basis.Conventions, "EFFECTS_OF_PARTS", "GROUP_JACKKNIFE", "BENJAMINI_HOCHBERG")
	if more := len(found.Parts) - mostParts; more > 0 {
		out.Basis.Notes = append(out.Basis.Notes, fmt.Sprintf("%d more values of %s have answers of both; they are counted, and not told", more, within))
	}
	out.Outcome, out.Metric, out.Within = r.converted(), r.metric, within
	return out, nil
}

// nothing refuses to compare with nothing, and tells which values there are.
func (c *collectors) nothing(name string) error {
	text := fmt.Sprintf("no response that answers says by %q that it was collected by %s", c.key, name)
	if len(c.others) > 0 {
		text += fmt.Sprintf("; there are %s", strings.Join(slices.Sorted(maps.Keys(c.others)), ", "))
	}
	return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_NO_DATA, name+"_values", text+": name the values that mean it, or another key")
}

// fieldTooMany names the field whose key has too many values.
func fieldTooMany(field string, err error) error {
	var refused *refusal.Error
	if errors.As(err, &refused) && refused.Reason == refusal.TooMany {
		return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_TOO_MANY, field, refused.Description)
	}
	return fault.Analysis(err)
}

// converted converts a comparison.
func (c *collectors) converted(found *collector.Comparison, tally *collector.Tally, level float64) *reportingv1.QueryCollectorsResponse {
	convert := func(e estimate.Estimate) *reportingv1.AnalysisEstimate {
		return estimateToProto(e.Value, e.SE, e.Interval, level, e.Method)
	}
	score := func(side collector.Side) *reportingv1.CollectorScore {
		n, all := tally.Answers(side), tally.Answers(collector.Internal)+tally.Answers(collector.External)
		return &reportingv1.CollectorScore{
			Collector: reportingv1.Collector(side + 1), Values: c.values[side], N: n, Share: float64(n) / float64(all), Score: convert(found.Score[side]),
		}
	}
	out := &reportingv1.QueryCollectorsResponse{
		Key: c.key, Internal: score(collector.Internal), External: score(collector.External), Difference: convert(found.Difference.Estimate),
		Test: basis.Test(found.Difference.P, found.Difference.AdjustedP), SharedValues: int32(len(found.Parts)), SharedShare: found.SharedShare, Family: int32(found.Family),
	}
	if found.Within != nil {
		out.WithinDifference, out.WithinTest = convert(found.Within.Estimate), basis.Test(found.Within.P, found.Within.AdjustedP)
		out.Mix, out.MixTest = convert(found.Mix.Estimate), basis.Test(found.Mix.P, found.Mix.AdjustedP)
	}
	for _, p := range found.Parts[:min(len(found.Parts), mostParts)] {
		out.Parts = append(out.Parts, &reportingv1.CollectorPart{
			Value: p.Value, InternalN: p.N[collector.Internal], ExternalN: p.N[collector.External], InternalScore: p.Score[collector.Internal],
			ExternalScore: p.Score[collector.External], Difference: convert(p.Difference.Estimate), Test: basis.Test(p.Difference.P, p.Difference.AdjustedP),
		})
	}
	for _, caution := range found.Cautions {
		out.Cautions = append(out.Cautions, string(caution))
	}
	return out
}
