package e2e

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/testkit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/tests/e2e/cases"
	"github.com/otklik/otklik/tests/harness"
)

// asked is a query that must give the same over gRPC and over REST.
type asked struct {
	suite *harness.Suite
}

// client speaks gRPC.
func (a asked) client() scoringv1.ScoringServiceClient {
	return scoringv1.NewScoringServiceClient(a.suite.Conn(harness.KeyFor(harness.Organization, harness.Admin)))
}

// scores asks as answer does.
func (a asked) scores(t *testing.T, query *scoringv1.ScoreQuery) []*scoringv1.Score {
	t.Helper()
	return a.answer(t, query).GetScores()
}

// answer asks over both transports and fails when they differ in anything but the watermark, which it takes out.
func (a asked) answer(t *testing.T, query *scoringv1.ScoreQuery) *scoringv1.QueryScoresResponse {
	t.Helper()
	key := harness.KeyFor(harness.Organization, harness.Admin)
	request := &scoringv1.QueryScoresRequest{Query: query}
	overGRPC, err := a.client().QueryScores(t.Context(), request)
	if err != nil {
		t.Fatal(err)
	}
	method, err := cases.Method("ScoringService/QueryScores")
	if err != nil {
		t.Fatal(err)
	}
	overREST := &scoringv1.QueryScoresResponse{}
	if _, err := a.suite.REST(key).Invoke(t.Context(), method, request, overREST); err != nil {
		t.Fatal(err)
	}
	for _, r := range []*scoringv1.QueryScoresResponse{overGRPC, overREST} {
		for _, s := range r.GetScores() {
			if s.GetWatermark() == nil {
				t.Errorf("%v: no watermark", s)
			}
			s.Watermark = nil
		}
		r.Watermark = nil
	}
	if !proto.Equal(overGRPC, overREST) {
		t.Errorf("gRPC says %v, REST says %v", overGRPC, overREST)
	}
	return overGRPC
}

// importFile loads a shared data set by an example's mapping and returns the summary that `--json` prints.
func importFile(t *testing.T, suite *harness.Suite, mapping, data string) importSummary {
	t.Helper()
	root, err := testkit.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	command := suite.Command(t.Context(), "import", testkit.SharedData(t, data), "--mapping", filepath.Join(root, "examples", mapping),
		"--server", serverOf(suite), "--key", harness.KeyFor(harness.Organization, harness.Admin), "--json")
	var complaints strings.Builder
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		t.Fatalf("otklik import: %v: %s", err, complaints.String())
	}
	var summary importSummary
	if err := json.Unmarshal(out, &summary); err != nil {
		t.Fatalf("otklik import --json printed %s: %v", out, err)
	}
	return summary
}

// serverOf is the address that the command line speaks to: gRPC where one process serves all of it, else the REST API.
func serverOf(suite *harness.Suite) string {
	if suite.Layout() == harness.AllInOne {
		return suite.GRPC(harness.Survey)
	}
	return suite.HTTP()
}

// importSummary is the part of the summary of an import that the tests look at.
type importSummary struct {
	Survey string `json:"survey"`
	Rows   struct {
		Read     int `json:"read"`
		Accepted int `json:"accepted"`
		Replayed int `json:"replayed"`
		Refused  int `json:"refused"`
		Empty    int `json:"empty"`
	} `json:"rows"`
}

// published reads a table of figures that others published, by its first column.
func published(t *testing.T, name string) map[string]map[string]float64 {
	t.Helper()
	file, err := os.Open(testkit.SharedData(t, "sfo_airport/published/"+name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	table := make(map[string]map[string]float64)
	for _, record := range records[1:] {
		row := make(map[string]float64)
		for i, cell := range record[1:] {
			if row[records[0][i+1]], err = strconv.ParseFloat(cell, 64); err != nil {
				t.Fatal(err)
			}
		}
		table[record[0]] = row
	}
	return table
}

// importYear imports a file, checks the summary and waits until the scores count every row.
func importYear(t *testing.T, suite *harness.Suite, year string, rows, empty int) {
	t.Helper()
	summary := importFile(t, suite, "sfo_airport/"+year+".yaml", "sfo_airport/sfo_"+year+".csv.gz")
	// A call that took too long on a busy machine is repeated, and what it had stored counts as replayed.
	if r := summary.Rows; r.Read != rows || r.Accepted+r.Replayed != rows-empty || r.Refused != 0 || r.Empty != empty {
		t.Fatalf("%+v: want %d rows, %d of them empty, all others accepted", r, rows, empty)
	}
	awaitResponses(t, suite, "surveys/sfo-"+year, int64(rows-empty))
}

func awaitResponses(t *testing.T, suite *harness.Suite, survey string, n int64) {
	t.Helper()
	client := scoringv1.NewScoringServiceClient(suite.Conn(harness.KeyFor(harness.Organization, harness.Admin)))
	query := &scoringv1.ScoreQuery{Survey: survey, Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_RESPONSE_RATE}}
	testkit.Eventually(t, patience, func() error {
		response, err := client.QueryScores(t.Context(), &scoringv1.QueryScoresRequest{Query: query})
		if err != nil {
			return err
		}
		if got := response.GetScores()[0].GetCounts().GetAnswered(); got != n {
			return fmt.Errorf("%d responses are counted, want %d", got, n)
		}
		return nil
	})
}

// TestPublishedFiguresOf2017 imports the airport's survey through the command line and compares everything that others published, over gRPC
// and REST. Three things differ, and were checked: the publisher moved one answer each from 5 and 15 May to other months; the published share
// of the cleanliness items is that of 5 alone; some questions are not published.
func TestPublishedFiguresOf2017(t *testing.T) {
	t.Parallel()
	testkit.SharedData(t, "sfo_airport/sfo_2017.csv.gz")
	for _, layout := range harness.Layouts() {
		t.Run(layout.String(), func(t *testing.T) {
			t.Parallel()
			suite := harness.Run(t, harness.Options{Layout: layout})
			importYear(t, suite, "2017", 2831, 0)
			a := asked{suite}
			t.Run("NPS of the year", a.npsOfYear)
			t.Run("NPS of each day", a.npsOfDays)
			t.Run("items", a.items)
			t.Run("slices", a.slices)
			t.Run("raked", a.raked)
			t.Run("ranked", a.ranked)
			t.Run("streamed", a.streamed)
			t.Run("unknown keys", a.unknownKeys)
			t.Run("again", func(t *testing.T) {
				summary := importFile(t, suite, "sfo_airport/2017.yaml", "sfo_airport/sfo_2017.csv.gz")
				if summary.Rows.Replayed != 2831 || summary.Rows.Accepted != 0 {
					t.Errorf("%+v: a second import must add nothing", summary.Rows)
				}
			})
		})
	}
}

const (
	sfoSurvey = "surveys/sfo-2017"
	sfoZone   = "America/Los_Angeles"
)

func (a asked) npsOfYear(t *testing.T) {
	scores := a.scores(t, &scoringv1.ScoreQuery{Survey: sfoSurvey, Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_NPS}})
	if len(scores) != 1 {
		t.Fatalf("%d scores, want one: no refusals are recorded", len(scores))
	}
	s := scores[0]
	c := s.GetCounts()
	if c.GetPromoters() != 1436 || c.GetPassives() != 968 || c.GetDetractors() != 342 || s.GetN() != 2746 {
		t.Errorf("%v: want 1436 promoters, 968 passives, 342 detractors", c)
	}
	if math.Abs(s.GetEstimate()-100*(1436.0-342)/2746) > 1e-9 || fmt.Sprintf("%.2f", s.GetEstimate()) != "39.84" {
		t.Errorf("estimate %v, want 39.84", s.GetEstimate())
	}
	if s.GetScale().GetId() != "0-10" || s.GetSlice().GetQuestion() != "netpro" || s.GetInterval() == nil || s.StandardError == nil {
		t.Errorf("%v: want scale, question, interval and standard error", s)
	}
}

func (a asked) npsOfDays(t *testing.T) {
	want := make(map[string][3]int64)
	for date, row := range published(t, "atefalvi_agg_nps_daily.csv") {
		switch date {
		// The publisher read the day as the month for one answer each.
		case "2017-06-05":
			date = "2017-05-05"
		case "2017-08-15":
			date = "2017-05-15"
		}
		w := want[date]
		for i, group := range []string{"promoter", "passive", "detractor"} {
			w[i] += int64(row[group])
		}
		want[date] = w
	}
	zone, err := time.LoadLocation(sfoZone)
	if err != nil {
		t.Fatal(err)
	}
	scores := a.scores(t, &scoringv1.ScoreQuery{
		Survey: sfoSurvey, Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_NPS}, Grain: typev1.TimeGrain_TIME_GRAIN_DAY, TimeZone: sfoZone,
	})
	if len(scores) != len(want) {
		t.Errorf("%d days, want %d", len(scores), len(want))
	}
	for _, s := range scores {
		date := s.GetSlice().GetPeriod().GetStartTime().AsTime().In(zone).Format(time.DateOnly)
		c := s.GetCounts()
		if got := [3]int64{c.GetPromoters(), c.GetPassives(), c.GetDetractors()}; got != want[date] {
			t.Errorf("%s: %v, want %v", date, got, want[date])
		}
		n := want[date][0] + want[date][1] + want[date][2]
		if nps := 100 * float64(want[date][0]-want[date][2]) / float64(n); s.GetN() != n || math.Abs(s.GetEstimate()-nps) > 1e-9 {
			t.Errorf("%s: n %d, estimate %v, want %d, %v", date, s.GetN(), s.GetEstimate(), n, nps)
		}
		switch {
		case date == "2017-05-05" && n != 47, date == "2017-05-15" && n != 142:
			t.Errorf("%s: n %d", date, n)
		}
	}
}

// items compares n, mean and share of each item of the ratings and of the cleanliness.
func (a asked) items(t *testing.T) {
	type item struct{ n, mean, share float64 }
	want := make(map[string]item)
	for name, row := range published(t, "atefalvi_agg_q7_metrics.csv") {
		want[strings.ToLower(name)] = item{row["n"], row["avg_score"], row["top2_per100"]}
	}
	for name, row := range published(t, "atefalvi_agg_q9_metrics.csv") {
		want[strings.ToLower(name)] = item{row["n"], row["avg_score"], row["clean_per100"]}
	}
	scores := a.scores(t, &scoringv1.ScoreQuery{
		Survey: sfoSurvey, Question: "*", Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_CSAT, scoringv1.Metric_METRIC_MEAN},
		Variants: []scoringv1.Variant{scoringv1.Variant_VARIANT_CSAT_SHARE, scoringv1.Variant_VARIANT_MEAN_SINGLE_QUESTION},
	})
	seen := 0
	for _, s := range scores {
		w, ok := want[s.GetSlice().GetQuestion()]
		if !ok {
			continue
		}
		seen++
		got, estimate := s.GetEstimate(), w.mean
		if s.GetMetric() == scoringv1.Metric_METRIC_CSAT {
			estimate = w.share
			if strings.HasPrefix(s.GetSlice().GetQuestion(), "q9") {
				got = shareOf(s, 5)
			}
		}
		if float64(s.GetN()) != w.n || math.Abs(got-estimate) > 1e-9 {
			t.Errorf("%s %s: n %d, %v, want %v, %v", s.GetSlice().GetQuestion(), s.GetMetric(), s.GetN(), got, w.n, estimate)
		}
	}
	if seen != 2*len(want) {
		t.Errorf("%d scores of published items, want %d", seen, 2*len(want))
	}
	all := a.scores(t, &scoringv1.ScoreQuery{
		Survey: sfoSurvey, Question: "q7all", Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_CSAT, scoringv1.Metric_METRIC_MEAN},
	})
	for _, s := range all {
		text := fmt.Sprintf("%.3f", s.GetEstimate())
		if s.GetMetric() == scoringv1.Metric_METRIC_MEAN {
			text = fmt.Sprintf("%.5f", s.GetEstimate())
		}
		if s.GetN() != 2688 || (text != "4.06436" && text != "82.068") {
			t.Errorf("Q7ALL: n %d, %s, want 2688, 4.06436 and 82.068", s.GetN(), text)
		}
	}
}

// shareOf is the share of answers of one value, 0 to 100.
func shareOf(s *scoringv1.Score, value float64) float64 {
	for _, v := range s.GetCounts().GetValues() {
		if v.GetValue() == value {
			return 100 * float64(v.GetCount()) / float64(s.GetN())
		}
	}
	return 0
}

// TestOtherYearsOfTheAirport imports the files of 2014 and 2015 by mappings of their own. Nobody published figures; the counts are those of the files.
func TestOtherYearsOfTheAirport(t *testing.T) {
	t.Parallel()
	suite := harness.Run(t, harness.Options{})
	for _, year := range []struct {
		name        string
		rows, empty int
		overall     []int64 // answers 1 to 5 to the overall question
	}{
		{"2014", 2818, 0, []int64{6, 38, 522, 1506, 605}},
		{"2015", 2958, 1, []int64{7, 29, 526, 1508, 740}},
	} {
		t.Run(year.name, func(t *testing.T) {
			importYear(t, suite, year.name, year.rows, year.empty)
			scores := asked{suite}.scores(t, &scoringv1.ScoreQuery{
				Survey: "surveys/sfo-" + year.name, Question: "q7all", Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_CSAT},
			})
			for i, v := range scores[0].GetCounts().GetValues() {
				if v.GetValue() != float64(i+1) || v.GetCount() != year.overall[i] {
					t.Errorf("%v: want %v", scores[0].GetCounts(), year.overall)
				}
			}
		})
	}
}
