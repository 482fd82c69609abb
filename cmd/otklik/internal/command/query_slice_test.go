package command

import (
	"encoding/csv"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/pflag"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Every flag of a query arrives in the field that it is for.
func TestQueryFlags(t *testing.T) {
	var q queryFlags
	flags := pflag.NewFlagSet("score", pflag.ContinueOnError)
	q.add(flags, true)
	err := flags.Parse([]string{
		"--survey", "shop", "--question", "all", "--metric", "nps,share", "--variant", "nps-answered", "--option", "", "--positive-option", "up", "--invitations", "0",
		"--visitors", "70", "--by", "location,attributes.vip", "--grain", "week", "--filter", `theme:price`, "--from", "2026-03", "--time-zone", "Asia/Bishkek", "--as-of", "2026-04-01T10:00",
		"--population", "former", "--level", "0.9", "--interval-method", "wald", "--rake", `channel:kiosk=60,"a, ""b""=c=1.5",=2`, "--rake", "attributes.x:y=1", "--cap", "3",
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := q.query()
	if err != nil {
		t.Fatal(err)
	}
	at := func(text string) *timestamppb.Timestamp {
		moment, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t.Fatal(err)
		}
		return timestamppb.New(moment)
	}
	want := &scoringv1.ScoreQuery{
		Survey: "surveys/shop", Question: "*", Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_NPS, scoringv1.Metric_METRIC_SHARE},
		Variants: []scoringv1.Variant{scoringv1.Variant_VARIANT_NPS_ANSWERED}, Option: proto.String(""), OptionRoles: &scoringv1.OptionRoles{Positive: "up"},
		StatedCounts: &scoringv1.StatedCounts{Invitations: proto.Int64(0), Visitors: proto.Int64(70)}, GroupBy: []string{"location", "attributes.vip"},
		Grain: typev1.TimeGrain_TIME_GRAIN_WEEK, Filter: "theme:price", Period: &typev1.Period{StartTime: at("2026-03-01T00:00:00+06:00")}, TimeZone: "Asia/Bishkek",
		AsOfTime: at("2026-04-01T10:00:00+06:00"), Population: typev1.Population_POPULATION_FORMER, ConfidenceLevel: 0.9,
		IntervalMethod: scoringv1.IntervalMethod_INTERVAL_METHOD_WALD,
		Weighting: &scoringv1.Weighting{Method: &scoringv1.Weighting_Raking_{Raking: &scoringv1.Weighting_Raking{Cap: 3, Margins: []*scoringv1.Weighting_Margin{
			{Key: "channel", Targets: []*scoringv1.Weighting_Target{{Value: "kiosk", Share: 60}, {Value: `a, "b"=c`, Share: 1.5}, {Share: 2}}},
			{Key: "attributes.x", Targets: []*scoringv1.Weighting_Target{{Value: "y", Share: 1}}},
		}}}},
	}
	if !proto.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

// Any value of a key can be named in a margin, as CSV writes it.
func TestMarginsHoldAnyValue(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(rapid.StringMatching(`[a-zА-я ,"=:.;']{0,12}`), 1, 5).Draw(t, "values")
		var cells []string
		for i, v := range values {
			values[i] = strings.TrimSpace(v)
			cells = append(cells, values[i]+"="+strconv.Itoa(i+1))
		}
		var list strings.Builder
		w := csv.NewWriter(&list)
		if err := w.Write(cells); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		got, err := parseMargin("attributes.x:" + strings.TrimSuffix(list.String(), "\n"))
		if err != nil {
			t.Fatal(err)
		}
		if got.GetKey() != "attributes.x" || len(got.GetTargets()) != len(values) {
			t.Fatalf("%v", got)
		}
		for i, target := range got.GetTargets() {
			if target.GetValue() != values[i] || target.GetShare() != float64(i+1) {
				t.Fatalf("%v, want %q", target, values[i])
			}
		}
	})
}
