package reports

import (
	"context"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// sparing is an analysis that leaves questions out, or refuses.
type sparing struct {
	Analyses
	refused error
}

func (a sparing) QueryMatrix(context.Context, *reportingv1.QueryMatrixRequest) (*reportingv1.QueryMatrixResponse, error) {
	return &reportingv1.QueryMatrixResponse{Basis: leftOutBasis(), Outcome: &reportingv1.AnalysisQuestion{Question: "recommend"}, Items: []*reportingv1.MatrixItem{{
		Question: &reportingv1.AnalysisQuestion{Question: "staff", N: 40}, Priority: 1, Probabilities: []float64{1, 0, 0, 0},
		Importance: &reportingv1.AnalysisEstimate{Value: 0.5}, Score: &reportingv1.AnalysisEstimate{Value: 4},
	}}}, a.refused
}

func (a sparing) QueryDrivers(context.Context, *reportingv1.QueryDriversRequest) (*reportingv1.QueryDriversResponse, error) {
	return &reportingv1.QueryDriversResponse{Basis: leftOutBasis(), Outcome: &reportingv1.AnalysisQuestion{Question: "recommend"}, Drivers: []*reportingv1.Driver{{
		Question: &reportingv1.AnalysisQuestion{Question: "staff", N: 40}, RelativeWeight: &reportingv1.AnalysisEstimate{Value: 0.5},
		Pearson: &reportingv1.AnalysisEstimate{Value: 0.5}, Coefficient: &reportingv1.AnalysisEstimate{Value: 0.5},
	}}, RSquared: &reportingv1.AnalysisEstimate{Value: 0.5}}, a.refused
}

func leftOutBasis() *reportingv1.AnalysisBasis {
	question := func(id, text, reason string) *reportingv1.AnalysisBasis_LeftOutQuestion {
		return &reportingv1.AnalysisBasis_LeftOutQuestion{Question: id, Text: &typev1.LocalizedText{Texts: map[string]string{"en": text}}, Reason: reason}
	}
	return &reportingv1.AnalysisBasis{Definition: "satisfaction_matrix", DefinitionVersion: 1, Responses: 40, LeftOutQuestions: []*reportingv1.AnalysisBasis_LeftOutQuestion{
		question("overall", "All in all", "OVERALL"), question("parking", "Parking", "TOO_FEW_ANSWERS"), question("till", "Tills", "ITEM_CONSTANT"),
		question("bread", "Bread", "ITEMS_NEVER_TOGETHER"), question("toys", "Toys", "TOO_FEW_ANSWERS"),
	}}
}

// TestReportsNameQuestionsThatAreLeftOut: what is missing from a list is named with why, in whatever section.
func TestReportsNameQuestionsThatAreLeftOut(t *testing.T) {
	t.Parallel()
	want := []string{
		"Left out, too few answers: «Parking», «Toys».", "Left out, answers do not differ: «Tills».", "Left out, hardly anybody answered them together with others: «Bread».",
		"Left out, like the outcome they are about the experience as a whole: «All in all».",
	}
	book, numbers := words("en")
	r := &run{Server: &Server{analyses: sparing{}}, words: book, notation: numbers, survey: "surveys/s"}
	for name, build := range map[string]func(*run, context.Context, report.Section) (part, error){"matrix": (*run).matrix, "drivers": (*run).drivers} {
		p, err := build(r, t.Context(), report.Section{})
		if err != nil {
			t.Fatal(err)
		}
		if len(p.notes) < len(want) || !slices.Equal(p.notes[len(p.notes)-len(want):], want) {
			t.Errorf("%s: notes %q", name, p.notes)
		}
	}
	// What is refused names the questions as customers read them, and nothing that is no question.
	r.asked = []peers.Question{{ID: "parking", Text: &typev1.LocalizedText{Texts: map[string]string{"en": "Parking"}}}}
	for items, want := range map[string]string{"parking,b1": "There are too few answers: «Parking».", "north": "There are too few answers."} {
		why, told := r.absence(rpcerr.New(codes.FailedPrecondition, "TOO_FEW_ANSWERS", "few", rpcerr.WithMetadata("items", items)))
		if !told || why != want {
			t.Errorf("%s: %q", items, why)
		}
	}
	if got := quoted([]string{"a", "b", "c", "d", "e", "f", "g"}); got != "«a», «b», «c», «d», «e» +2" {
		t.Errorf("%s", got)
	}
}
