package reports

import (
	"context"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/report"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// changing is a scoring service whose scores have all changed, but for one of which nothing can be tested.
type changing struct {
	scoringv1.UnimplementedScoringServiceServer
	p map[scoringv1.Metric]*float64
}

func (c changing) QueryScores(context.Context, *scoringv1.QueryScoresRequest) (*scoringv1.QueryScoresResponse, error) {
	out := &scoringv1.QueryScoresResponse{}
	for _, m := range metrics {
		if _, ok := c.p[m.metric]; ok {
			out.Scores = append(out.Scores, &scoringv1.Score{Metric: m.metric, Variant: m.variant, N: 10, Estimate: proto.Float64(50), Counts: &scoringv1.Counts{Answered: 8, Refused: 2}})
		}
	}
	return out, nil
}

func (c changing) CompareScores(_ context.Context, req *scoringv1.CompareScoresRequest) (*scoringv1.CompareScoresResponse, error) {
	return &scoringv1.CompareScoresResponse{
		Baseline: &scoringv1.Score{N: 8, Estimate: proto.Float64(45)}, Difference: 5, PValue: c.p[req.GetQuery().GetMetrics()[0]],
	}, nil
}

// Reports test several changes at once: their p-values are corrected for how many these are, as those of an overview.
func TestChangesAreCorrectedForTheirNumber(t *testing.T) {
	t.Parallel()
	ch := &inprocgrpc.Channel{}
	scoringv1.RegisterScoringServiceServer(ch, changing{p: map[scoringv1.Metric]*float64{
		scoringv1.Metric_METRIC_NPS: proto.Float64(0.02), scoringv1.Metric_METRIC_CSAT: proto.Float64(0.5), scoringv1.Metric_METRIC_MEAN: nil,
		scoringv1.Metric_METRIC_RESPONSE_RATE: proto.Float64(0.6),
	}})
	book, numbers := words("en")
	march := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	r := &run{
		Server: &Server{measures: peers.NewMeasures(ch)}, words: book, notation: numbers, survey: "surveys/s",
		period:   document.Period{Start: march, End: march.AddDate(0, 1, 0), Zone: time.UTC},
		baseline: &document.Period{Start: march.AddDate(0, -1, 0), End: march, Zone: time.UTC},
	}
	made, err := r.scores(t.Context(), report.Section{Type: report.Scores})
	if err != nil {
		t.Fatal(err)
	}
	var got []float64
	for _, f := range made.blocks[0].Figures {
		switch {
		case f.Change == nil:
			t.Fatalf("%s has not changed", f.Label)
		case f.Change.P == nil:
			got = append(got, -1)
		default:
			got = append(got, *f.Change.P)
		}
	}
	// Three tests: 0.02 · 3/1, 0.5 · 3/2 which is above what follows, 0.6 · 3/3. What was not tested has no p-value.
	if want := []float64{0.06, 0.6, -1, 0.6}; len(got) != len(want) || !near(got, want) {
		t.Errorf("p-values %v, want %v", got, want)
	}
}

// outcomes is a scoring service that knows how many answered and refused.
type outcomes struct {
	scoringv1.UnimplementedScoringServiceServer
	counts *scoringv1.Counts
}

func (o outcomes) QueryScores(context.Context, *scoringv1.QueryScoresRequest) (*scoringv1.QueryScoresResponse, error) {
	return &scoringv1.QueryScoresResponse{Scores: []*scoringv1.Score{{
		Metric: scoringv1.Metric_METRIC_RESPONSE_RATE, Variant: scoringv1.Variant_VARIANT_RESPONSE_RATE_OUTCOMES, N: 10, Estimate: proto.Float64(100), Counts: o.counts,
	}}}, nil
}

// Where nobody records refusals all whose outcome is known have answered: a rate of 100 % would be believed.
func TestRatesNeedSomebodyWhoDidNotAnswer(t *testing.T) {
	t.Parallel()
	of := func(c *scoringv1.Counts) part {
		ch := &inprocgrpc.Channel{}
		scoringv1.RegisterScoringServiceServer(ch, outcomes{counts: c})
		r := ofMarch(nil, false)
		r.measures = peers.NewMeasures(ch)
		made, err := r.response(t.Context(), report.Section{})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	if made := of(&scoringv1.Counts{}); len(made.blocks) > 0 {
		t.Errorf("of nobody there is %+v", made)
	}
	alone := of(&scoringv1.Counts{Answered: 10})
	if n := alone.blocks[0].Figures[0].Number; n.Value != nil || n.Low != nil || n.Absent != phrase.For("en").Text(phrase.AbsentRefusals) || len(alone.blocks) != 2 {
		t.Errorf("of answers alone there is %+v", alone)
	}
	if both := of(&scoringv1.Counts{Answered: 10, TimedOut: 1}); both.blocks[0].Figures[0].Number.Value == nil || both.blocks[2].Chart == nil {
		t.Errorf("of answers and others there is %+v", both)
	}
}

// Beside each p-value it is said that it is corrected and the interval is not.
func TestSectionsWithTestsSayThatTheyAreCorrected(t *testing.T) {
	t.Parallel()
	p := 0.04
	number := document.Number{P: &p}
	for name, c := range map[string]struct {
		blocks []document.Block
		want   bool
	}{
		"a change": {[]document.Block{{Figures: []document.Figure{{Change: &number}}}}, true},
		"a cell":   {[]document.Block{{Table: &document.Table{Rows: [][]document.Cell{{{Text: "x"}, {Number: &number}}}}}}, true},
		"neither":  {[]document.Block{{Figures: []document.Figure{{}}}, {Table: &document.Table{Rows: [][]document.Cell{{{Number: &document.Number{}}}}}}}, false},
	} {
		if got := hasTests(c.blocks); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func near(got, want []float64) bool {
	for i := range got {
		if d := got[i] - want[i]; d > 1e-12 || d < -1e-12 {
			return false
		}
	}
	return true
}
