package api_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/rpcerr"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// collected are answers that sellers collected at one shop mostly, and a panel at the other: sellers hear one point more at each.
func collected() []*scoringv1.Fact {
	var facts []*scoringv1.Fact
	for i := range 200 {
		who, shop, score := "seller", "osh", 8.0
		if i%2 == 1 {
			who = "panel"
		}
		if (i%10 < 2) == (who == "seller") {
			shop = "naryn"
		}
		if shop == "naryn" {
			score -= 3
		}
		if who == "seller" {
			score++
		}
		facts = append(facts, &scoringv1.Fact{
			Group: int32(i), Keys: []*scoringv1.Fact_FactKey{{Key: "channel", Values: []string{who}}, {Key: "location", Values: []string{shop}}},
			Answers: []*scoringv1.Fact_FactAnswer{answer("recommend", "0-10", score+float64(i%3-1))},
		})
	}
	return append(facts, &scoringv1.Fact{Group: 7, Keys: []*scoringv1.Fact_FactKey{{Key: "channel", Values: []string{"kiosk"}}}},
		&scoringv1.Fact{Group: 8, Keys: []*scoringv1.Fact_FactKey{{Key: "channel", Values: []string{"panel"}}}})
}

// TestCollectors: sellers seem better by more than the point that they are, as they ask where customers are happier; that is told as mix.
func TestCollectors(t *testing.T) {
	t.Parallel()
	_, server := serve(t, collected())
	got, err := server.QueryCollectors(callerOf(t, nil), &reportingv1.QueryCollectorsRequest{
		Query: query(), Metric: reportingv1.OutcomeMetric_OUTCOME_METRIC_MEAN, Key: "channel", InternalValues: []string{"seller"}, ExternalValues: []string{"panel"},
	})
	if err != nil {
		t.Fatal(err)
	}
	within, mix := got.GetWithinDifference(), got.GetMix()
	if w := within.GetValue(); w < 0.8 || w > 1.2 || got.GetWithinTest().GetAdjustedPValue() > 0.001 || within.GetInterval().GetMethod() != "GROUP_JACKKNIFE" {
		t.Errorf("within locations: %v, %v", within, got.GetWithinTest())
	}
	if mix.GetValue() < 1 || !near(mix.GetValue()+within.GetValue(), got.GetDifference().GetValue()) || !slices.Equal(got.GetCautions(), []string{"MIX_DIFFERS"}) {
		t.Errorf("mix is %v of %v, cautions are %v", mix, got.GetDifference(), got.GetCautions())
	}
	if i, e := got.GetInternal(), got.GetExternal(); i.GetN() != 100 || e.GetN() != 100 || i.GetCollector() != reportingv1.Collector_COLLECTOR_INTERNAL || i.GetShare() != 0.5 ||
		len(got.GetParts()) != 2 || got.GetOutcome().GetN() != 200 || got.GetSharedShare() != 1 || got.GetFamily() != 5 {
		t.Errorf("%v", got)
	}
	var reasons []string
	for _, l := range got.GetBasis().GetLeftOut() {
		reasons = append(reasons, fmt.Sprint(l.GetReason(), l.GetCount()))
	}
	if !slices.Equal(reasons, []string{"FILTER3", "COLLECTOR_UNKNOWN1", "NO_ANSWER1"}) {
		t.Errorf("left out are %v", reasons)
	}
}

// TestCollectorsThatCannotBeTold: refusals name the field, and values that there are.
func TestCollectorsThatCannotBeTold(t *testing.T) {
	t.Parallel()
	_, server := serve(t, collected())
	for name, c := range map[string]struct {
		req         *reportingv1.QueryCollectorsRequest
		reason, say string
	}{
		"no key":   {&reportingv1.QueryCollectorsRequest{}, "NO_DATA internal_values", "by \"attributes.collector\""},
		"no value": {&reportingv1.QueryCollectorsRequest{Key: "channel", InternalValues: []string{"seller"}}, "NO_DATA external_values", "there are kiosk, panel"},
		"both":     {&reportingv1.QueryCollectorsRequest{Key: "channel", InternalValues: []string{"external"}}, "COLLECTOR_AMBIGUOUS external_values", "\"external\""},
		"employee": {&reportingv1.QueryCollectorsRequest{Key: "employee"}, "KEY_UNKNOWN key", "employees"},
		"within":   {&reportingv1.QueryCollectorsRequest{Within: "employee"}, "KEY_UNKNOWN within", "employees"},
	} {
		c.req.Query = query()
		_, err := server.QueryCollectors(callerOf(t, nil), c.req)
		var e *rpcerr.Error
		if !errors.As(err, &e) || len(e.Fields) != 1 || e.Reason+" "+e.Fields[0].Field != c.reason || !strings.Contains(e.Message, c.say) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
