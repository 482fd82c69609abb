package e2e

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/testkit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/tests/harness"
)

// recomputed is what R made of the same file; the script lies beside it.
type recomputed struct {
	Items    []string
	Outcomes map[string]struct {
		Pairwise struct {
			Pearson, Low, High, P, Q, Spearman, Johnson, VIF []float64
			R2                                               float64
		}
		EM     struct{ R2 float64 }
		Matrix struct {
			ScoreCut  float64 `json:"score_cut"`
			ByJohnson struct {
				Cut      float64
				Priority []int32
			} `json:"by_johnson"`
		}
	}
}

func readRecomputed(t *testing.T) recomputed {
	t.Helper()
	root, err := testkit.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(root, "services/reporting/internal/importance/testdata/sfo_2017.json"))
	if err != nil {
		t.Fatal(err)
	}
	var out recomputed
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// agrees reports a number that differs from R's.
func agrees(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s: %v, R says %v", what, got, want)
	}
}

const airport = "surveys/sfo-2017"

// TestAnalysesOfTheAirport compares drivers and matrices of the whole way, from the file to the API, with what R makes of the file.
func TestAnalysesOfTheAirport(t *testing.T) {
	t.Parallel()
	testkit.SharedData(t, "sfo_airport/sfo_2017.csv.gz")
	want := readRecomputed(t)
	suite := harness.Run(t, harness.Options{})
	summary := importFile(t, suite, "sfo_airport/2017.yaml", "sfo_airport/sfo_2017.csv.gz")
	awaitResponses(t, suite, airport, int64(summary.Rows.Read-summary.Rows.Empty))
	items := make([]string, len(want.Items))
	at := make(map[string]int)
	for i, item := range want.Items {
		items[i] = strings.ToLower(item)
		at[items[i]] = i
	}
	client := reportingv1.NewReportingServiceClient(suite.Conn(harness.KeyFor(harness.Organization, harness.Admin)))
	for name, outcome := range want.Outcomes {
		t.Run(name, func(t *testing.T) {
			query := &reportingv1.AnalysisQuery{Survey: airport}
			request := &reportingv1.QueryDriversRequest{Query: query, Outcome: strings.ToLower(name), Items: items, Draws: 20}
			drivers, err := client.QueryDrivers(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			const exact = 1e-9
			agrees(t, "R²", drivers.GetRSquared().GetValue(), outcome.Pairwise.R2, exact)
			for _, d := range drivers.GetDrivers() {
				i, item := at[d.GetQuestion().GetQuestion()], d.GetQuestion().GetQuestion()
				agrees(t, "Pearson of "+item, d.GetPearson().GetValue(), outcome.Pairwise.Pearson[i], exact)
				agrees(t, "lower bound of "+item, d.GetPearson().GetInterval().GetLower(), outcome.Pairwise.Low[i], exact)
				agrees(t, "upper bound of "+item, d.GetPearson().GetInterval().GetUpper(), outcome.Pairwise.High[i], exact)
				agrees(t, "corrected p of "+item, d.GetPearsonTest().GetAdjustedPValue(), outcome.Pairwise.Q[i], exact)
				agrees(t, "Spearman of "+item, d.GetSpearman().GetValue(), outcome.Pairwise.Spearman[i], exact)
				agrees(t, "VIF of "+item, d.GetVarianceInflation(), outcome.Pairwise.VIF[i], 1e-7)
				agrees(t, "relative weight of "+item, d.GetRelativeWeight().GetValue(), outcome.Pairwise.Johnson[i], exact)
			}
			request.Missing, request.Draws = reportingv1.MissingMethod_MISSING_METHOD_EM, 2
			if drivers, err = client.QueryDrivers(t.Context(), request); err != nil {
				t.Fatal(err)
			}
			agrees(t, "R² by EM", drivers.GetRSquared().GetValue(), outcome.EM.R2, 5e-4)
			m, err := client.QueryMatrix(t.Context(), &reportingv1.QueryMatrixRequest{Query: query, Outcome: strings.ToLower(name), Items: items})
			if err != nil {
				t.Fatal(err)
			}
			agrees(t, "cut of importance", m.GetImportanceCut(), outcome.Matrix.ByJohnson.Cut, exact)
			agrees(t, "cut of scores", m.GetScoreCut(), outcome.Matrix.ScoreCut, exact)
			for _, item := range m.GetItems() {
				if got, want := item.GetPriority(), outcome.Matrix.ByJohnson.Priority[at[item.GetQuestion().GetQuestion()]]; got != want {
					t.Errorf("%s has priority %d, R says %d", item.GetQuestion().GetQuestion(), got, want)
				}
			}
		})
	}
	t.Run("a manager of one location", func(t *testing.T) { managerOfALocation(t, suite, client, items) })
}

// managerOfALocation compares what a restricted manager is told with what the filter tells an administrator.
func managerOfALocation(t *testing.T, suite *harness.Suite, all reportingv1.ReportingServiceClient, items []string) {
	own := reportingv1.NewReportingServiceClient(suite.Conn(createKey(t, suite, `{"displayName": "M", "kind": "KIND_SECRET", "roles": ["manager"], "units": {"locations": ["A"]}}`)))
	request := &reportingv1.QueryMatrixRequest{Query: &reportingv1.AnalysisQuery{Survey: airport}, Outcome: "q7all", Items: items[:8]}
	got, err := own.QueryMatrix(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	request.Query.Filter = `location = "A"`
	want, err := all.QueryMatrix(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	if n := got.GetBasis().GetResponses(); n == 0 || n != want.GetBasis().GetResponses() {
		t.Errorf("%d responses are counted, want %d", n, want.GetBasis().GetResponses())
	}
	got.Basis, want.Basis = nil, nil
	if !proto.Equal(got, want) {
		t.Errorf("the manager is told %v, of the location is true %v", got, want)
	}
	request.Query = &reportingv1.AnalysisQuery{Survey: airport, Population: typev1.Population_POPULATION_EMPLOYEE}
	if _, err := own.QueryMatrix(t.Context(), request); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("what employees answered is analysed: %v", err)
	}
}
