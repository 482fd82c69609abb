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

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/otklik/otklik/libs/testkit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	"github.com/otklik/otklik/tests/harness"
)

const (
	ecsiSurvey = "surveys/ecsi-mobile"
	// ecsiAnswers is how many customers answered, each to every item.
	ecsiAnswers = 250
)

// sheet reads a CSV file of the shared data.
func sheet(t *testing.T, name string) [][]string {
	t.Helper()
	file, err := os.Open(testkit.SharedData(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// ecsiItems are the answers to each item, by its name in lower case.
func ecsiItems(t *testing.T) (names []string, answers map[string][]float64) {
	t.Helper()
	records := sheet(t, "ecsi_mobile/ecsi_mobi.csv")
	answers = make(map[string][]float64)
	for i, column := range records[0][1:] {
		name := strings.ToLower(column)
		names = append(names, name)
		for _, record := range records[1:] {
			v, err := strconv.ParseFloat(record[i+1], 64)
			if err != nil {
				t.Fatal(err)
			}
			answers[name] = append(answers[name], v)
		}
	}
	return names, answers
}

// ecsiMapping writes the mapping of the items, all of which are rated on 1 to 10.
func ecsiMapping(t *testing.T, items []string) string {
	t.Helper()
	var b strings.Builder
	b.WriteString("version: 1\nsurvey:\n  id: ecsi-mobile\n  default_language: en\n  title: {en: Mobile operators}\nresponse: {id: \"mobi-{respondent}\"}\nquestions:\n")
	for _, item := range items {
		fmt.Fprintf(&b, "  - {id: %s, column: %s, type: rating, scale: 1-10, text: {en: %s}}\n", item, strings.ToUpper(item), item)
	}
	path := filepath.Join(t.TempDir(), "ecsi.yaml")
	if err := os.WriteFile(path, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestCustomerSatisfactionIndex imports the European Customer Satisfaction Index survey of mobile operators and compares n, mean and standard deviation of
// each item with those that others published, and indices of its satisfaction block with what follows from them.
func TestCustomerSatisfactionIndex(t *testing.T) {
	t.Parallel()
	items, answers := ecsiItems(t)
	suite := harness.Run(t, harness.Options{})
	var summary importSummary
	out := cli(t, suite, "import", testkit.SharedData(t, "ecsi_mobile/ecsi_mobi.csv"), "--mapping", ecsiMapping(t, items), "--json")
	if err := json.Unmarshal(out, &summary); err != nil || summary.Rows.Accepted+summary.Rows.Replayed != ecsiAnswers {
		t.Fatalf("%s, %v", out, err)
	}
	awaitResponses(t, suite, ecsiSurvey, ecsiAnswers)
	a := asked{suite}
	t.Run("items", func(t *testing.T) { a.ecsiItems(t, answers) })
	t.Run("index of fixed weights", func(t *testing.T) { a.ecsiFixed(t, answers) })
	t.Run("index of derived weights", func(t *testing.T) { a.ecsiDerived(t, answers) })
	t.Run("versions", a.ecsiVersions)
}

// cli runs the command line against a suite and returns what it printed.
func cli(t *testing.T, suite *harness.Suite, args ...string) []byte {
	t.Helper()
	command := suite.Command(t.Context(), append(args, "--server", serverOf(suite), "--key", harness.KeyFor(harness.Organization, harness.Admin))...)
	var complaints strings.Builder
	command.Stderr = &complaints
	out, err := command.Output()
	if err != nil {
		t.Fatalf("otklik %s: %v: %s", strings.Join(args, " "), err, complaints.String())
	}
	return out
}

// meanOf and deviationOf are of a sample.
func meanOf(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values))
}

func deviationOf(values []float64) float64 {
	mean, squares := meanOf(values), 0.0
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return math.Sqrt(squares / float64(len(values)-1))
}

func (a asked) ecsiItems(t *testing.T, answers map[string][]float64) {
	type item struct{ mean, deviation float64 }
	want := make(map[string]item)
	for name, values := range answers {
		want[name] = item{meanOf(values), deviationOf(values)}
	}
	records := sheet(t, "ecsi_mobile/published/seminr_item_stats.csv")
	for _, record := range records[1:] {
		var p item
		var err error
		if p.mean, err = strconv.ParseFloat(record[3], 64); err != nil {
			t.Fatal(err)
		}
		if p.deviation, err = strconv.ParseFloat(record[7], 64); err != nil {
			t.Fatal(err)
		}
		// What is published is what the answers give; the others are not published.
		name := strings.ToLower(record[0])
		if w := want[name]; math.Abs(w.mean-p.mean) > 1e-9 || math.Abs(w.deviation-p.deviation) > 1e-9 {
			t.Errorf("%s: %+v, published %+v", name, w, p)
		}
	}
	scores := a.scores(t, &scoringv1.ScoreQuery{Survey: ecsiSurvey, Question: "*", Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_MEAN}})
	if len(scores) != len(want) || len(records) != 14 {
		t.Errorf("%d scores, want %d; %d items are published", len(scores), len(want), len(records)-1)
	}
	for _, s := range scores {
		w := want[s.GetSlice().GetQuestion()]
		deviation := s.GetStandardError() * math.Sqrt(float64(s.GetN()))
		if s.GetN() != ecsiAnswers || !near(s.GetEstimate(), w.mean) || !near(deviation, w.deviation) {
			t.Errorf("%s: n %d, %v, %v, want %d, %+v", s.GetSlice().GetQuestion(), s.GetN(), s.GetEstimate(), deviation, ecsiAnswers, w)
		}
	}
}

// define makes a definition from a file, by the command line.
func (a asked) define(t *testing.T, verb, id, text string) *scoringv1.MetricDefinition {
	t.Helper()
	path := filepath.Join(t.TempDir(), id+".yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out := cli(t, a.suite, "definitions", verb, id, path, "--note", "for the test", "--json")
	made := &scoringv1.CreateMetricDefinitionResponse{}
	if err := protojson.Unmarshal(out, made); err != nil {
		t.Fatalf("%s: %v", out, err)
	}
	return made.GetMetricDefinition()
}

// satisfaction is the block of items that the index is made of.
var satisfaction = []string{"cusa1", "cusa2", "cusa3"}

// ecsiFixed weighs the items as the path model does whose weights are published.
func (a asked) ecsiFixed(t *testing.T, answers map[string][]float64) {
	weights := make(map[string]float64)
	records := sheet(t, "ecsi_mobile/published/smartpls2_outerWeights.csv")
	for _, record := range records[1:] {
		for i, latent := range records[0] {
			if latent != "Satisfaction" {
				continue
			}
			w, err := strconv.ParseFloat(record[i], 64)
			if err != nil {
				t.Fatal(err)
			}
			weights[strings.ToLower(record[0])] = w
		}
	}
	text, sum, total := "title: {en: Satisfaction, ru: Удовлетворённость, ky: Канааттануу}\nindex:\n  importance: fixed\n  attributes:\n", 0.0, 0.0
	each := make([]float64, ecsiAnswers)
	for _, item := range satisfaction {
		text += fmt.Sprintf("    - {id: %s, question: %s, weight: %v}\n", item, item, weights[item])
		sum += weights[item] * meanOf(answers[item])
		total += weights[item]
		for i, v := range answers[item] {
			each[i] += weights[item] * v
		}
	}
	if d := a.define(t, "create", "satisfaction", text); d.GetVersion() != 1 || d.GetIndex() == nil {
		t.Fatalf("%v", d)
	}
	s := a.scores(t, &scoringv1.ScoreQuery{Survey: ecsiSurvey, Definition: "metricDefinitions/satisfaction"})[0]
	index := sum / total
	if !near(s.GetEstimate(), index) || !near(s.GetNormalizedEstimate(), (index-1)/9*100) || s.GetN() != ecsiAnswers || s.GetDefinitionVersion() != 1 {
		t.Errorf("%v: want %v", s, index)
	}
	// The index of all is the mean of everybody's own, whose standard error the random groups must come near to.
	if standardError := deviationOf(each) / total / math.Sqrt(ecsiAnswers); math.Abs(s.GetStandardError()/standardError-1) > 0.15 {
		t.Errorf("standard error %v, want about %v", s.GetStandardError(), standardError)
	}
	contributions, shares := 0.0, 0.0
	for i, p := range s.GetParts() {
		item := satisfaction[i]
		if p.GetId() != item || !near(p.GetEstimate(), meanOf(answers[item])) || !near(p.GetWeight(), weights[item]/total) || p.GetN() != ecsiAnswers {
			t.Errorf("%v: want mean %v, weight %v", p, meanOf(answers[item]), weights[item]/total)
		}
		contributions += p.GetContribution()
		shares += p.GetWeight()
	}
	if len(s.GetParts()) != len(satisfaction) || !near(contributions, index) || !near(shares, 1) {
		t.Errorf("contributions of %d parts sum to %v, weights to %v", len(s.GetParts()), contributions, shares)
	}
}

// ecsiDerived weighs the items by what they tell about whether the operator is recommended: Johnson's relative weights.
func (a asked) ecsiDerived(t *testing.T, answers map[string][]float64) {
	text := "title: {en: Satisfaction that matters, ru: Важная удовлетворённость, ky: Маанилүү канааттануу}\nindex:\n  importance: derived\n  outcome_question: cusl3\n  attributes:\n"
	for _, item := range satisfaction {
		text += fmt.Sprintf("    - {id: %s, question: %s}\n", item, item)
	}
	a.define(t, "create", "satisfaction_that_matters", text)
	s := a.scores(t, &scoringv1.ScoreQuery{Survey: ecsiSurvey, Definition: "metricDefinitions/satisfaction_that_matters"})[0]
	weights := johnson(t, answers["cusl3"], answers[satisfaction[0]], answers[satisfaction[1]], answers[satisfaction[2]])
	index := 0.0
	for i, p := range s.GetParts() {
		if math.Abs(p.GetWeight()-weights[i]) > 1e-8 || p.WeightStandardError == nil {
			t.Errorf("%v: want a weight of %v, with its error", p, weights[i])
		}
		index += weights[i] * meanOf(answers[satisfaction[i]])
	}
	if len(s.GetParts()) != len(satisfaction) || math.Abs(s.GetEstimate()-index) > 1e-8 {
		t.Errorf("%v: want %v", s, index)
	}
}

// johnson are the relative weights of x for y, scaled to the sum 1: with the correlations R = VDV' of x and r of x with y, and Λ = V√DV', those are
// the sums of Λ's squares times those of Λ⁻¹r.
func johnson(t *testing.T, y []float64, x ...[]float64) []float64 {
	t.Helper()
	n := len(x)
	r, with := mat.NewSymDense(n, nil), mat.NewVecDense(n, nil)
	for i := range x {
		with.SetVec(i, stat.Correlation(x[i], y, nil))
		for j := range x[:i+1] {
			r.SetSym(i, j, stat.Correlation(x[i], x[j], nil))
		}
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(r, true) {
		t.Fatal("no eigenvalues")
	}
	var v, root, b mat.Dense
	eigen.VectorsTo(&v)
	values := eigen.Values(nil)
	for i := range values {
		values[i] = math.Sqrt(values[i])
	}
	root.Product(&v, mat.NewDiagDense(n, values), v.T())
	if err := b.Solve(&root, with); err != nil {
		t.Fatal(err)
	}
	weights, sum := make([]float64, n), 0.0
	for i := range weights {
		for j := range n {
			weights[i] += root.At(i, j) * root.At(i, j) * b.At(j, 0) * b.At(j, 0)
		}
		sum += weights[i]
	}
	for i := range weights {
		weights[i] /= sum
	}
	return weights
}

// ecsiVersions changes a definition: a score names the version that made it, and the one before can still be computed.
func (a asked) ecsiVersions(t *testing.T) {
	first := a.scores(t, &scoringv1.ScoreQuery{Survey: ecsiSurvey, Definition: "metricDefinitions/satisfaction"})[0]
	d := a.define(t, "update", "satisfaction", "index:\n  importance: fixed\n  attributes:\n    - {id: cusa1, question: cusa1, weight: 1}\n")
	if d.GetVersion() != 2 {
		t.Fatalf("%v", d)
	}
	second := a.scores(t, &scoringv1.ScoreQuery{Survey: ecsiSurvey, Definition: "metricDefinitions/satisfaction"})[0]
	again := a.scores(t, &scoringv1.ScoreQuery{Survey: ecsiSurvey, Definition: "metricDefinitions/satisfaction@1"})[0]
	if second.GetDefinitionVersion() != 2 || again.GetDefinitionVersion() != 1 || again.GetEstimate() != first.GetEstimate() || fmt.Sprintf("%.3f", second.GetEstimate()) != "7.988" {
		t.Errorf("version %d: %v, version %d: %v", second.GetDefinitionVersion(), second.GetEstimate(), again.GetDefinitionVersion(), again.GetEstimate())
	}
	table := string(cli(t, a.suite, "score", "--survey", "ecsi-mobile", "--definition", "satisfaction@1"))
	for _, want := range []string{"cusa3", "CONTRIBUTION", "satisfaction version 1", "fixed importance"} {
		if !strings.Contains(table, want) {
			t.Errorf("the table lacks %q:\n%s", want, table)
		}
	}
}
