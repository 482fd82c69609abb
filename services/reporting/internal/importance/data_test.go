package importance_test

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/reporting/internal/importance"
	"github.com/otklik/otklik/services/reporting/internal/moment"
)

// read are the columns of a data set: numbers for which valid says true, NaN for all else.
func read(t *testing.T, name string, columns []string, valid func(column string, x float64) bool) [][]float64 {
	t.Helper()
	f, err := os.Open(testkit.SharedData(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	var reader io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		if reader, err = gzip.NewReader(f); err != nil {
			t.Fatal(err)
		}
	}
	records, err := csv.NewReader(reader).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out [][]float64
	for _, r := range records[1:] {
		row := make([]float64, len(columns))
		for i, c := range columns {
			x, err := strconv.ParseFloat(strings.TrimSpace(r[slices.Index(records[0], c)]), 64)
			if err != nil || !valid(c, x) {
				x = math.NaN()
			}
			row[i] = x
		}
		out = append(out, row)
	}
	return out
}

// sampleOf are the moments of responses, each of a respondent of its own.
func sampleOf(t testing.TB, m moment.Missing, groups int, responses [][]float64) *moment.Sample {
	t.Helper()
	s, err := moment.FromRows(t.Context(), rowsOf(t, groups, responses), m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func rowsOf(t testing.TB, groups int, responses [][]float64) *moment.Rows {
	t.Helper()
	questions := make([]moment.Question, len(responses[0]))
	for i := range questions {
		questions[i] = moment.Question{ID: "q" + strconv.Itoa(i), Min: 0, Max: 10}
	}
	rows := moment.NewRows(questions, groups)
	for n, r := range responses {
		if err := rows.Add(n%groups, r); err != nil {
			t.Fatal(err)
		}
	}
	return rows
}

// upTo are the first n indices.
func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

func explain(t testing.TB, s *moment.Sample, items int, o importance.Options) *importance.Drivers {
	t.Helper()
	d, err := importance.Explain(t.Context(), s, len(s.Questions)-1, upTo(items), o)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// reference reads what R computed.
func reference(t *testing.T, name string, into any) {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatal(err)
	}
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tolerance) {
		t.Errorf("%s is %.12g, want %.12g", what, got, want)
	}
}

// all compares what a function says of each driver.
func all(t *testing.T, what string, d *importance.Drivers, want []float64, tolerance float64, of func(d *importance.Driver) float64) {
	t.Helper()
	if len(d.Drivers) != len(want) {
		t.Fatalf("%s: %d drivers, want %d", what, len(d.Drivers), len(want))
	}
	for i := range d.Drivers {
		near(t, what+" "+strconv.Itoa(i), of(&d.Drivers[i]), want[i], tolerance)
	}
}

// relative compares p-values, which span many orders of magnitude.
func relative(t *testing.T, what string, d *importance.Drivers, want []float64, of func(d *importance.Driver) *float64) {
	t.Helper()
	for i := range d.Drivers {
		near(t, what, *of(&d.Drivers[i])/want[i], 1, 1e-6)
	}
}
