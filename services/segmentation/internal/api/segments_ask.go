package api

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/segmentation/internal/cluster"
	"github.com/otklik/otklik/services/segmentation/internal/membership"
	"github.com/otklik/otklik/services/segmentation/internal/population"
	"github.com/otklik/otklik/services/segmentation/internal/segment"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	// previewed is how many contacts a preview names.
	previewed = 10
	// confidence is the level of intervals.
	confidence = 0.95
	// defaultSuggestions is how many suggestions are made where it is not stated.
	defaultSuggestions = 20
)

// people are the contacts of the caller's organisation, for a call that ends with done.
func (s *segmentServer) people(ctx context.Context) (p *membership.People, done func(), err error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, nil, err
	}
	if done, err = s.heavily(ctx); err != nil {
		return nil, nil, err
	}
	if p, err = s.reader.People(ctx, org); err != nil {
		done()
		return nil, nil, storeError(err)
	}
	return p, done, nil
}

// PreviewSegment tells of whom a rule holds.
func (s *segmentServer) PreviewSegment(ctx context.Context, req *segmentationv1.PreviewSegmentRequest) (*segmentationv1.PreviewSegmentResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	// A rule with a fault is refused before anything is read.
	if _, err := s.compile(ctx, org, "rule", req.GetRule()); err != nil {
		return nil, err
	}
	p, done, err := s.people(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	rule, err := segment.Compile(p.Fields.Schema, req.GetRule())
	if err != nil {
		return nil, refuseRule("rule", err)
	}
	plan := p.Plan(rule, s.Now())
	set := plan.Evaluate()
	contrast := p.Population.Contrast(set)
	contrast.Rule = rule.Text()
	out := &segmentationv1.PreviewSegmentResponse{
		Members: shareToProto(set.Len(), p.Len()), Cost: int64(rule.Cost()), Columnar: plan.Columnar(), Score: suggestionToProto(&contrast), AsOfTime: timeToProto(p.AsOf),
	}
	// Nothing is adjusted for where only one difference is looked at.
	for at := range set.All {
		if len(out.Contacts) == previewed {
			break
		}
		out.Contacts = append(out.Contacts, contactsCollection+p.ID(at))
	}
	return out, nil
}

// ExplainSegment tells why a contact belongs to a segment, or does not.
func (s *segmentServer) ExplainSegment(ctx context.Context, req *segmentationv1.ExplainSegmentRequest) (*segmentationv1.ExplainSegmentResponse, error) {
	g, err := s.segment(ctx, "name", req.GetName())
	if err != nil {
		return nil, err
	}
	_, contact, err := parseOwned(ctx, "contact", contactsCollection, req.GetContact())
	if err != nil {
		return nil, err
	}
	fields, err := s.reader.Fields(ctx, g.Organization)
	if err != nil {
		return nil, storeError(err)
	}
	rule, err := segment.Compile(fields.Schema, g.Rule)
	if err != nil {
		return nil, refuseRule("name", err)
	}
	table, err := s.Store.RFMTable(ctx, g.Organization)
	if err != nil {
		return nil, storeError(err)
	}
	now := s.Now()
	facts, err := s.Store.ContactFacts(ctx, g.Organization, table.Currency, now, []string{contact})
	if err != nil {
		return nil, storeError(err)
	}
	if len(facts) == 0 {
		return nil, notFound(segmentationv1.ErrorReason_ERROR_REASON_CONTACT_NOT_FOUND, "contact", req.GetContact())
	}
	found := segment.NewEvaluator(fields.Schema, now).Explain(rule, fields.Row(&facts[0], table, now))
	out := &segmentationv1.ExplainSegmentResponse{Outcome: outcomes[found.Outcome]}
	for _, r := range found.Reasons {
		reason := &segmentationv1.RuleReason{Condition: r.Text, Outcome: outcomes[r.Outcome], Decides: r.Decides}
		for _, v := range r.Values {
			reason.Values = append(reason.Values, &segmentationv1.AttributeValue{Attribute: v.Attribute.Name, Value: written(v.Value), Known: v.Value != nil})
		}
		out.Reasons = append(out.Reasons, reason)
	}
	return out, nil
}

// outcomes are what conditions come to.
var outcomes = map[segment.Outcome]segmentationv1.Outcome{
	segment.True: segmentationv1.Outcome_OUTCOME_TRUE, segment.False: segmentationv1.Outcome_OUTCOME_FALSE, segment.Unknown: segmentationv1.Outcome_OUTCOME_UNKNOWN,
}

// written is the value of an attribute as text; empty for none.
func written(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case time.Time:
		return v.Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v)
}

// CompareSegments tells how many contacts segments have in common.
func (s *segmentServer) CompareSegments(ctx context.Context, req *segmentationv1.CompareSegmentsRequest) (*segmentationv1.CompareSegmentsResponse, error) {
	p, done, err := s.people(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	out := &segmentationv1.CompareSegmentsResponse{AsOfTime: timeToProto(p.AsOf)}
	sets := make([]*population.Set, len(req.GetSegments()))
	for i, name := range req.GetSegments() {
		field := fmt.Sprintf("segments[%d]", i)
		g, err := s.segment(ctx, field, name)
		if err != nil {
			return nil, err
		}
		rule, err := segment.Compile(p.Fields.Schema, g.Rule)
		if err != nil {
			return nil, refuseRule(field, err)
		}
		sets[i] = p.Plan(rule, s.Now()).Evaluate()
		out.Parts = append(out.Parts, &segmentationv1.CompareSegmentsResponse_Part{Segment: name, Members: shareToProto(sets[i].Len(), p.Len())})
		for j, other := range sets[:i] {
			common := sets[i].Common(other)
			overlap := &segmentationv1.CompareSegmentsResponse_Overlap{
				Segment: req.GetSegments()[j], Other: name, CommonCount: int64(common), EitherCount: int64(sets[i].Len() + other.Len() - common),
			}
			if overlap.EitherCount > 0 {
				overlap.Jaccard = proto.Float64(float64(common) / float64(overlap.EitherCount))
			}
			out.Overlaps = append(out.Overlaps, overlap)
		}
	}
	return out, nil
}

// AnalyzePurchases places customers in fifths.
func (s *segmentServer) AnalyzePurchases(ctx context.Context, req *segmentationv1.AnalyzePurchasesRequest) (*segmentationv1.AnalyzePurchasesResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	currency, err := s.currency(ctx, org, req.GetCurrency())
	if err != nil {
		return nil, err
	}
	p, done, err := s.people(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	table, cells, suggested, err := s.purchases(ctx, org, p, currency)
	if err != nil {
		return nil, err
	}
	out := &segmentationv1.AnalyzePurchasesResponse{
		Currency: table.Currency, CustomerCount: table.Customers, Suggestions: suggestionsToProto(suggested), AsOfTime: timeToProto(p.AsOf),
	}
	for _, c := range cells {
		out.Cells = append(out.Cells, &segmentationv1.AnalyzePurchasesResponse_Cell{
			Recency: int32(c.Recency), Frequency: int32(c.Frequency), Monetary: int32(c.Monetary), Count: int64(c.Count), Amount: c.Amount,
		})
	}
	return out, nil
}

// purchases are customers by their fifths in a currency. Suggestions are for that of which rules speak.
func (s *segmentServer) purchases(ctx context.Context, org string, p *membership.People, currency string) (
	table store.RFMTable, cells []membership.Customers, suggested []population.Contrast, err error,
) {
	if currency == "" || currency == p.RFM.Currency {
		cells, suggested, err = p.Purchases(s.Now())
		return p.RFM, cells, suggested, err
	}
	table, cells, err = membership.CustomersIn(ctx, s.Store, org, currency, s.Now())
	return table, cells, nil, storeError(err)
}

// ClusterContacts finds groups of contacts who are alike.
func (s *segmentServer) ClusterContacts(ctx context.Context, req *segmentationv1.ClusterContactsRequest) (*segmentationv1.ClusterContactsResponse, error) {
	p, done, err := s.people(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	found, err := p.Cluster(req.GetAttributes(), cluster.Options{Clusters: int(req.GetClusters()), Seed: req.GetSeed()}, s.Now())
	var unfit *membership.AttributeError
	switch {
	case errors.As(err, &unfit):
		return nil, refuseField(codes.InvalidArgument, segmentationv1.ErrorReason_ERROR_REASON_CLUSTER_ATTRIBUTE_INVALID, fmt.Sprintf("attributes[%d]", unfit.At), unfit.Reason)
	case errors.Is(err, cluster.ErrTooFew):
		return nil, refuse(codes.FailedPrecondition, segmentationv1.ErrorReason_ERROR_REASON_CLUSTER_TOO_FEW, "there are fewer contacts of whom all is known, and who differ, than groups")
	case err != nil:
		return nil, err
	}
	out := &segmentationv1.ClusterContactsResponse{
		Silhouette: found.Silhouette, SilhouetteCount: int64(found.Result.Sampled), SampledCount: int64(found.Sampled), AsOfTime: timeToProto(p.AsOf),
	}
	for i := range found.Clusters {
		c := &found.Clusters[i]
		out.Clusters = append(out.Clusters, &segmentationv1.ClusterContactsResponse_Cluster{Centre: c.Centre, Silhouette: c.Silhouette, Suggestion: suggestionToProto(&found.Rules[i])})
	}
	return out, nil
}

// SuggestSegments offers groups whose scores differ most.
func (s *segmentServer) SuggestSegments(ctx context.Context, req *segmentationv1.SuggestSegmentsRequest) (*segmentationv1.SuggestSegmentsResponse, error) {
	p, done, err := s.people(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	differ, compared, err := p.Contrasts()
	if err != nil {
		return nil, err
	}
	limit := int(req.GetLimit())
	if limit == 0 {
		limit = defaultSuggestions
	}
	return &segmentationv1.SuggestSegmentsResponse{
		Suggestions: suggestionsToProto(differ[:min(limit, len(differ))]), ComparedCount: int32(compared), AsOfTime: timeToProto(p.AsOf),
	}, nil
}

func suggestionsToProto(all []population.Contrast) []*segmentationv1.SuggestedSegment {
	out := make([]*segmentationv1.SuggestedSegment, len(all))
	for i := range all {
		out[i] = suggestionToProto(&all[i])
	}
	return out
}

func suggestionToProto(c *population.Contrast) *segmentationv1.SuggestedSegment {
	out := &segmentationv1.SuggestedSegment{Description: c.Description, Rule: c.Rule, Count: int64(c.Count), Answered: int64(c.In.N)}
	if c.In.N > 0 {
		out.Mean = proto.Float64(c.In.Mean)
	}
	if c.Out.N > 0 {
		out.MeanOfOthers = proto.Float64(c.Out.Mean)
	}
	if d := c.Difference; d != nil {
		out.Difference, out.QValue = proto.Float64(d.Difference), proto.Float64(c.Q)
		out.Interval = &typev1.ConfidenceInterval{Lower: d.Interval.Low, Upper: d.Interval.High, Level: confidence, Method: "WELCH"}
	}
	return out
}

// shareToProto is a part of contacts.
func shareToProto(n, of int) *segmentationv1.ContactShare {
	out := &segmentationv1.ContactShare{Count: int64(n), Of: int64(of)}
	p := stat.Proportion{Hits: float64(n), N: float64(of)}
	// Nobody has a share of nobody.
	if interval, err := p.Wilson(confidence); err == nil {
		out.Share = proto.Float64(p.Estimate())
		out.Interval = &typev1.ConfidenceInterval{Lower: interval.Low, Upper: interval.High, Level: confidence, Method: "WILSON"}
	}
	return out
}
