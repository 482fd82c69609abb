package command

import (
	"bytes"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// A table tells everything by which scores differ, what weighted ones are worth, and what composites are made of.
func TestScoreTable(t *testing.T) {
	ci := func(low, high float64) *typev1.ConfidenceInterval {
		return &typev1.ConfidenceInterval{Lower: low, Upper: high, Level: 0.9, Method: "JACKKNIFE_T"}
	}
	keys := func(values ...string) []*scoringv1.SliceKey {
		return []*scoringv1.SliceKey{{Key: "location", Value: values[0]}, {Key: "attributes.vip", Value: values[1]}}
	}
	table := scoreTable{
		query: &scoringv1.ScoreQuery{
			GroupBy: []string{"location", "attributes.vip"}, Grain: typev1.TimeGrain_TIME_GRAIN_DAY, TimeZone: "Asia/Bishkek",
			Weighting: &scoringv1.Weighting{Method: &scoringv1.Weighting_Stated{}},
		},
		scores: []*scoringv1.Score{
			{
				Definition: "metricDefinitions/loyalty", DefinitionVersion: 2, N: 10, Estimate: proto.Float64(61.23456), Interval: ci(50, 70.5), EffectiveN: proto.Float64(7.25),
				DesignEffect: proto.Float64(1.37931),
				Slice:        &scoringv1.Slice{Keys: keys("osh", "yes"), Period: &typev1.Period{StartTime: timestamppb.New(time.Date(2026, 3, 1, 18, 0, 0, 0, time.UTC))}},
				Counts:       &scoringv1.Counts{Answered: 10, Responses: 12},
				Parts: []*scoringv1.ScorePart{{
					Id: "nps", Kind: scoringv1.ScorePart_KIND_TERM, Estimate: proto.Float64(22.5), Interval: ci(1, 44), Weight: proto.Float64(0.5), WeightStandardError: proto.Float64(0.01),
					Contribution: proto.Float64(30.6), N: 10, Title: &typev1.LocalizedText{Texts: map[string]string{"ru": "Лояльность"}},
				}},
			},
			{
				Metric: scoringv1.Metric_METRIC_SHARE, Variant: scoringv1.Variant_VARIANT_SHARE_OPTION, Definition: "metricDefinitions/share", DefinitionVersion: 1, Option: "price", N: 9,
				Slice: &scoringv1.Slice{Question: "why", Keys: keys("osh", "")}, Counts: &scoringv1.Counts{Answered: 9, Chose: proto.Int64(4), Responses: 9},
			},
			{
				Metric: scoringv1.Metric_METRIC_NPS, Variant: scoringv1.Variant_VARIANT_NPS_ANSWERED, Suppression: scoringv1.Suppression_SUPPRESSION_FEW_ANSWERS.Enum(),
				Slice: &scoringv1.Slice{Question: "nps", Keys: keys("uzgen", "no")},
			},
		},
	}
	var out bytes.Buffer
	cmd := &cobra.Command{}
	cmd.SetOut(&out)
	c := &call{cmd: cmd}
	if err := c.table(table.header(), table.rows()); err != nil {
		t.Fatal(err)
	}
	if err := c.table(table.parts()); err != nil {
		t.Fatal(err)
	}
	want := `METRIC        QUESTION  OPTION  DAY         LOCATION  VIP           SCORE                  90% INTERVAL  N   EFFECTIVE N  DESIGN EFFECT  COUNTS
loyalty       -         -       2026-03-02  osh       yes           61.235                 50 to 70.5    10  7.2          1.379          answered 10, did not answer 2
share_option  why       price   -           osh       (not stated)  -                      -             9   -            -              chose 4
nps_answered  nps       -       -           uzgen     no            withheld: few answers  -             0   -            -              -
METRIC   QUESTION  OPTION  DAY         LOCATION  VIP  PART  KIND  TITLE       SCORE  INTERVAL  WEIGHT      CONTRIBUTION  N
loyalty  -         -       2026-03-02  osh       yes  nps   term  Лояльность  22.5   1 to 44   0.5 ± 0.01  30.6          10
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	expression := &scoringv1.MetricDefinition{Meaning: &scoringv1.MetricDefinition_Expression{Expression: &scoringv1.ExpressionDefinition{Formula: "(nps + 100) / 2"}}}
	m := meanings{{"metricDefinitions/loyalty", 2}: expression}
	if got, want := m.footnotes(table.scores[:1]), "loyalty = (nps + 100) / 2 (loyalty version 2, interval jackknife_t)\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := m.footnotes([]*scoringv1.Score{{Definition: "metricDefinitions/loyalty", DefinitionVersion: 2}}); got != "loyalty = (nps + 100) / 2 (loyalty version 2, no interval)\n" {
		t.Errorf("%q", got)
	}
}

func TestCoverageText(t *testing.T) {
	got := coverageText(&scoringv1.Coverage{Responses: 10, Counted: 6, LeftOut: []*scoringv1.Coverage_LeftOut{
		{Reason: scoringv1.LeftOutReason_LEFT_OUT_REASON_PERIOD, Count: 3}, {Reason: scoringv1.LeftOutReason_LEFT_OUT_REASON_FILTER}, {Reason: scoringv1.LeftOutReason_LEFT_OUT_REASON_MARGIN, Count: 1},
	}})
	if want := "counted 6 of 10 responses; left out: 3 outside the period, 1 in no class of --rake\n"; got != want || coverageText(nil) != "" {
		t.Errorf("%q, want %q", got, want)
	}
}

// A composite that is no number says why.
func TestEstimateSaysWhyThereIsNone(t *testing.T) {
	if got := estimate(&scoringv1.Score{N: 7, AbsenceReason: "the formula divides by 0"}); got != "- (the formula divides by 0)" {
		t.Errorf("%q", got)
	}
}
