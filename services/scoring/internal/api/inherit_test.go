package api

import (
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/services/scoring/internal/column"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

func parseQuery(t *testing.T, text string) *scoringv1.ScoreQuery {
	t.Helper()
	var q scoringv1.ScoreQuery
	if err := prototext.Unmarshal([]byte(text), &q); err != nil {
		t.Fatal(err)
	}
	return &q
}

func TestBaselinesTakeOverWhatTheyLeaveOut(t *testing.T) {
	t.Parallel()
	const query = `survey: "surveys/a" metrics: METRIC_NPS question: "q" filter: "location = \"x\"" weighting { raking { cap: 3 } } as_of_time { seconds: 7 }
		period { start_time { seconds: 900 } } option: "o" option_roles { positive: "p" } stated_counts { visitors: 5 } confidence_level: 0.9 definition: "metricDefinitions/d"`
	for _, c := range []struct{ baseline, want string }{
		{`survey: "surveys/a"`, query},
		{
			`survey: "surveys/b" filter: "region = \"y\"" weighting { stated {} } as_of_time { seconds: 9 } period { end_time { seconds: 900 } }
				option: "" option_roles { negative: "n" } stated_counts { invitations: 6 } variants: VARIANT_NPS_ANSWERED group_by: "channel" definition: "metricDefinitions/e"`,
			`survey: "surveys/b" variants: VARIANT_NPS_ANSWERED question: "q" filter: "region = \"y\"" weighting { stated {} } as_of_time { seconds: 9 }
				period { end_time { seconds: 900 } } option: "" option_roles { negative: "n" } stated_counts { invitations: 6 } confidence_level: 0.9 group_by: "channel"
				definition: "metricDefinitions/e"`,
		},
	} {
		if got, want := inherit(parseQuery(t, c.baseline), parseQuery(t, query)), parseQuery(t, c.want); !proto.Equal(got, want) {
			t.Errorf("got %v\nwant %v", got, want)
		}
	}
}

// TestCoverageAddsUp: what is counted and what is left out make all responses.
func TestCoverageAddsUp(t *testing.T) {
	t.Parallel()
	c := coverageToProto(&column.Coverage{Rows: 63, OtherPopulation: 1, OutsidePeriod: 2, ReceivedLater: 4, Filtered: 8, Unweighted: 16, Counted: 32})
	sum := c.GetCounted()
	for i, l := range c.GetLeftOut() {
		sum += l.GetCount()
		if l.GetReason() != scoringv1.LeftOutReason(i+1) || l.GetCount() != 1<<i {
			t.Errorf("%v", l)
		}
	}
	if sum != c.GetResponses() || len(c.GetLeftOut()) != 5 {
		t.Errorf("%v", c)
	}
	if coverageToProto(nil) != nil {
		t.Error("something is told of what is protected")
	}
}
