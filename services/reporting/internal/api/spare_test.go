package api_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/api"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

var (
	parking = &surveyv1.Question{Id: "parking", EffectiveScale: scale(1, 5), Kind: &surveyv1.Question_Rating{Rating: &surveyv1.RatingQuestion{Scale: &typev1.Scale{Min: 1, Max: 5}}}}
	overall = &surveyv1.Question{Id: "overall", EffectiveScale: scale(1, 5), Kind: &surveyv1.Question_Csat{Csat: &surveyv1.CsatQuestion{Scale: &typev1.Scale{Min: 1, Max: 5}}}}
	again   = &surveyv1.Question{Id: "again", EffectiveScale: scale(0, 10), Kind: &surveyv1.Question_Nps{Nps: &surveyv1.NpsQuestion{}}}
)

// also adds answers to a question to the first responses, 1 to 5 by turns, or always 3.
func also(facts []*scoringv1.Fact, question, scale string, first int, constant bool) {
	for i, f := range facts[:first] {
		score := float64(1 + i%5)
		if constant {
			score = 3
		}
		f.Answers = append(f.Answers, answer(question, scale, score))
	}
}

// leftOutOf are the questions that a basis says were left out, with why; a note says so as well.
func leftOutOf(t *testing.T, b *reportingv1.AnalysisBasis) []string {
	t.Helper()
	var out []string
	for _, x := range b.GetLeftOutQuestions() {
		out = append(out, x.GetQuestion()+" "+x.GetReason())
		if !slices.ContainsFunc(b.GetNotes(), func(note string) bool { return strings.Contains(note, `"`+x.GetQuestion()+`"`) }) {
			t.Errorf("no note names %s: %v", x.GetQuestion(), b.GetNotes())
		}
	}
	return out
}

// drive is what drives the outcome by default, or named items, sorted.
func drive(t *testing.T, server *api.Server, spearman *bool, missing reportingv1.MissingMethod) (*reportingv1.QueryDriversResponse, []string) {
	t.Helper()
	resp, err := server.QueryDrivers(callerOf(t, nil), &reportingv1.QueryDriversRequest{Query: query(), Spearman: spearman, Missing: missing, Draws: 20})
	if err != nil {
		t.Fatal(err)
	}
	var items []string
	for _, d := range resp.GetDrivers() {
		items = append(items, d.GetQuestion().GetQuestion())
	}
	slices.Sort(items)
	return resp, items
}

// TestQuestionsThatCannotBeAnalysed: where no items are named, a question with hardly any answers, or one and the same, takes nothing away from the others: the numbers are those of the others named.
func TestQuestionsThatCannotBeAnalysed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		first    int
		constant bool
		want     string
	}{
		"few": {4, false, "parking TOO_FEW_ANSWERS"}, "constant": {300, true, "parking ITEM_CONSTANT"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			facts := visits(rand.New(rand.NewPCG(11, 1)), 300, 1)
			also(facts, "parking", "1-5", c.first, c.constant)
			s, server := serve(t, facts)
			s.more = []*surveyv1.Question{parking}
			for _, missing := range []reportingv1.MissingMethod{reportingv1.MissingMethod_MISSING_METHOD_PAIRWISE, reportingv1.MissingMethod_MISSING_METHOD_EM} {
				for _, spearman := range []*bool{nil, proto.Bool(false)} {
					resp, items := drive(t, server, spearman, missing)
					if left := leftOutOf(t, resp.GetBasis()); !slices.Equal(items, []string{"effort", "goods", "staff"}) || !slices.Equal(left, []string{c.want}) {
						t.Errorf("%v: items %v, left out %v", missing, items, left)
					}
					named, err := server.QueryDrivers(callerOf(t, nil), &reportingv1.QueryDriversRequest{
						Query: query(), Items: []string{"staff", "effort", "goods"}, Spearman: spearman, Missing: missing, Draws: 20,
					})
					if err != nil {
						t.Fatal(err)
					}
					if got, want := resp.GetBasis().GetResponses(), named.GetBasis().GetResponses(); got != want {
						t.Errorf("%v: %d responses are counted, with the others named %d", missing, got, want)
					}
					// The suite tells sums in any order of groups, so that draws differ.
					if got, want := resp.GetRSquared().GetValue(), named.GetRSquared().GetValue(); !near(got, want) {
						t.Errorf("%v: R² is %v, with the others named %v", missing, got, want)
					}
					for i, d := range named.GetDrivers() {
						if got, want := resp.GetDrivers()[i].GetRelativeWeight().GetValue(), d.GetRelativeWeight().GetValue(); !near(got, want) {
							t.Errorf("%v: weight %v, with the others named %v", missing, got, want)
						}
					}
				}
			}
			m, err := server.QueryMatrix(callerOf(t, nil), &reportingv1.QueryMatrixRequest{Query: query()})
			if err != nil || len(m.GetItems()) != 3 || !slices.Equal(leftOutOf(t, m.GetBasis()), []string{c.want}) {
				t.Errorf("matrix %v, %v", m, err)
			}
			f, err := server.QueryFactors(callerOf(t, nil), &reportingv1.QueryFactorsRequest{Query: query()})
			if err != nil || len(f.GetItems()) != 4 || !slices.Equal(leftOutOf(t, f.GetBasis()), []string{c.want}) {
				t.Errorf("factors %v, %v", f, err)
			}
			r, err := server.QueryCorrelations(callerOf(t, nil), &reportingv1.QueryCorrelationsRequest{Query: query()})
			if err != nil || len(r.GetQuestions()) != 4 || len(r.GetCorrelations()) != 6 || !slices.Equal(leftOutOf(t, r.GetBasis()), []string{c.want}) {
				t.Errorf("correlations %v, %v", r, err)
			}
			_, err = server.QueryMatrix(callerOf(t, nil), &reportingv1.QueryMatrixRequest{Query: query(), Items: []string{"staff", "goods", "parking"}})
			if e, ok := rpcerr.FromError(err); !ok || e.Code != codes.FailedPrecondition || e.Metadata["items"] != "parking" {
				t.Errorf("named: %v", err)
			}
		})
	}
}

// TestTooFewQuestionsThatCanBeAnalysed names those that cannot.
func TestTooFewQuestionsThatCanBeAnalysed(t *testing.T) {
	t.Parallel()
	var facts []*scoringv1.Fact
	for i := range 40 {
		f := &scoringv1.Fact{Group: int32(i), Answers: []*scoringv1.Fact_FactAnswer{answer("staff", "1-5", float64(1+i%5)), answer("recommend", "0-10", float64(i%7))}}
		if i < 3 {
			f.Answers = append(f.Answers, answer("effort", "1-7", float64(i+1)), answer("goods", "1-10", float64(i+1)))
		}
		facts = append(facts, f)
	}
	_, server := serve(t, facts)
	_, err := server.QueryFactors(callerOf(t, nil), &reportingv1.QueryFactorsRequest{Query: query()})
	if e, ok := rpcerr.FromError(err); !ok || e.Reason != "TOO_FEW_ANSWERS" || e.Metadata["items"] != "effort,goods" {
		t.Errorf("%#v", err)
	}
	if resp, items := drive(t, server, nil, reportingv1.MissingMethod_MISSING_METHOD_UNSPECIFIED); !slices.Equal(items, []string{"staff"}) {
		t.Errorf("%v", resp)
	}
	// The outcome is never left out.
	_, err = server.QueryDrivers(callerOf(t, nil), &reportingv1.QueryDriversRequest{Query: query(), Outcome: "goods"})
	if e, ok := rpcerr.FromError(err); !ok || e.Reason != "TOO_FEW_ANSWERS" || e.Metadata["items"] != "goods" {
		t.Errorf("%#v", err)
	}
}

// TestTheExperienceAsAWhole is no item by default: it goes together with the outcome because it is much the same.
func TestTheExperienceAsAWhole(t *testing.T) {
	t.Parallel()
	facts := visits(rand.New(rand.NewPCG(12, 1)), 300, 1)
	also(facts, "overall", "1-5", 300, false)
	also(facts, "again", "0-10", 300, false)
	s, server := serve(t, facts)
	s.more = []*surveyv1.Question{overall}
	resp, items := drive(t, server, nil, reportingv1.MissingMethod_MISSING_METHOD_UNSPECIFIED)
	if left := leftOutOf(t, resp.GetBasis()); !slices.Equal(items, []string{"effort", "goods", "staff"}) || !slices.Equal(left, []string{"overall OVERALL"}) {
		t.Errorf("items %v, left out %v", items, left)
	}
	named, err := server.QueryDrivers(callerOf(t, nil), &reportingv1.QueryDriversRequest{Query: query(), Items: []string{"overall", "staff"}})
	if err != nil || len(named.GetDrivers()) != 2 {
		t.Errorf("named: %v, %v", named, err)
	}
	for _, other := range []*surveyv1.Question{again, {
		Id: "again", EffectiveScale: scale(0, 10), Kind: &surveyv1.Question_Likelihood{Likelihood: &surveyv1.LikelihoodQuestion{}},
	}} {
		s, server = serve(t, facts)
		s.more = []*surveyv1.Question{other}
		resp, items = drive(t, server, nil, reportingv1.MissingMethod_MISSING_METHOD_UNSPECIFIED)
		if left := leftOutOf(t, resp.GetBasis()); !slices.Equal(items, []string{"effort", "goods", "staff"}) || !slices.Equal(left, []string{"again OVERALL"}) {
			t.Errorf("items %v, left out %v", items, left)
		}
	}
}
