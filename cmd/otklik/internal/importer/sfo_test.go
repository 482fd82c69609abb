package importer

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// exampleMapping reads a mapping of the project's examples.
func exampleMapping(t testing.TB, name string) *Mapping {
	t.Helper()
	root, err := testkit.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(filepath.Join(root, "examples", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	m, err := ParseMapping(file)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return m
}

// convertAll converts a shared data set by an example's mapping; refused rows fail the test.
func convertAll(t testing.TB, mapping, data string) (*Converter, []Row) {
	t.Helper()
	path := testkit.SharedData(t, data)
	m := exampleMapping(t, mapping)
	if _, err := m.Questionnaire(); err != nil {
		t.Fatalf("%s: %v", mapping, err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	source, err := OpenSource(file, m.CSV)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewConverter(m, source.Header(), "")
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	for {
		rec, err := source.Next()
		if errors.Is(err, io.EOF) {
			return c, rows
		}
		if err != nil {
			t.Fatal(err)
		}
		row := c.Convert(rec)
		if len(row.Problems) > 0 {
			t.Fatalf("line %d: %+v", row.Line, row.Problems)
		}
		rows = append(rows, row)
	}
}

// scoreCounts counts the scores of each question.
func scoreCounts(rows []Row) map[string]map[float64]int {
	counts := map[string]map[float64]int{}
	for _, row := range rows {
		for _, a := range row.Request.GetResponse().GetAnswers() {
			if s, ok := a.GetValue().(*surveyv1.Answer_Score); ok {
				if counts[a.GetQuestion()] == nil {
					counts[a.GetQuestion()] = map[float64]int{}
				}
				counts[a.GetQuestion()][s.Score]++
			}
		}
	}
	return counts
}

// moments returns the number of scores, their mean, and how many are at least low.
func moments(counts map[float64]int, low float64) (n int, mean float64, top int) {
	sum := 0.0
	for v, c := range counts {
		n += c
		sum += v * float64(c)
		if v >= low {
			top += c
		}
	}
	return n, sum / float64(n), top
}

// published reads a table of figures published by others, by its first column.
func published(t testing.TB, name string) map[string]map[string]float64 {
	t.Helper()
	file, err := os.Open(testkit.SharedData(t, "sfo_airport/published/"+name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	records, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	table := map[string]map[string]float64{}
	for _, record := range records[1:] {
		row := map[string]float64{}
		for i, cell := range record[1:] {
			if row[records[0][i+1]], err = strconv.ParseFloat(cell, 64); err != nil {
				t.Fatal(err)
			}
		}
		table[record[0]] = row
	}
	return table
}

func close9(a, b float64) bool { return math.Abs(a-b) <= 1e-9 }

// The figures that others published for 2017 come out of the converter alone.
func TestSFO2017Published(t *testing.T) {
	_, rows := convertAll(t, "sfo_airport/2017.yaml", "sfo_airport/sfo_2017.csv.gz")
	if len(rows) != 2831 {
		t.Fatalf("%d rows, want 2831", len(rows))
	}
	ids := map[string]bool{}
	for _, row := range rows {
		if row.Request == nil {
			t.Fatalf("line %d answers nothing", row.Line)
		}
		ids[row.Request.GetResponseId()] = true
	}
	if len(ids) != len(rows) {
		t.Fatalf("%d identifiers for %d rows", len(ids), len(rows))
	}
	counts := scoreCounts(rows)
	nps := counts["netpro"]
	passives, promoters := nps[7]+nps[8], nps[9]+nps[10]
	n, _, _ := moments(nps, 9)
	if promoters != 1436 || passives != 968 || n-promoters-passives != 342 || n != 2746 {
		t.Errorf("promoters %d, passives %d, detractors %d, n %d", promoters, passives, n-promoters-passives, n)
	}
	for item, want := range published(t, "atefalvi_agg_q7_metrics.csv") {
		n, mean, top := moments(counts[strings.ToLower(item)], 4)
		if float64(n) != want["n"] || !close9(mean, want["avg_score"]) || float64(top) != want["top2_n"] {
			t.Errorf("%s: n %d, mean %v, top-2 %d, want %v", item, n, mean, top, want)
		}
	}
	// The published share of the cleanliness items is that of 5 alone.
	for item, want := range published(t, "atefalvi_agg_q9_metrics.csv") {
		n, mean, top := moments(counts[strings.ToLower(item)], 5)
		if float64(n) != want["n"] || !close9(mean, want["avg_score"]) || float64(top) != want["clean_n"] {
			t.Errorf("%s: n %d, mean %v, clean %d, want %v", item, n, mean, top, want)
		}
	}
}

// NPS per day equals the published one, but for the two answers that the publisher moved to other months.
func TestSFO2017NPSPerDay(t *testing.T) {
	_, rows := convertAll(t, "sfo_airport/2017.yaml", "sfo_airport/sfo_2017.csv.gz")
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	type day struct{ promoters, passives, detractors int }
	days := map[string]day{}
	for _, row := range rows {
		at := row.Request.GetResponse().GetAnswerTime().AsTime().In(zone)
		for _, a := range row.Request.GetResponse().GetAnswers() {
			if a.GetQuestion() != "netpro" {
				continue
			}
			d := days[at.Format(time.DateOnly)]
			switch {
			case a.GetScore() >= 9:
				d.promoters++
			case a.GetScore() >= 7:
				d.passives++
			default:
				d.detractors++
			}
			days[at.Format(time.DateOnly)] = d
		}
	}
	want := map[string]day{}
	for date, row := range published(t, "atefalvi_agg_nps_daily.csv") {
		switch date {
		// Monday, 5 June and Tuesday, 15 August: the file says day 5 and 15, and the survey was in May.
		case "2017-06-05":
			date = "2017-05-05"
		case "2017-08-15":
			date = "2017-05-15"
		}
		d := want[date]
		d.promoters += int(row["promoter"])
		d.passives += int(row["passive"])
		d.detractors += int(row["detractor"])
		want[date] = d
	}
	if len(days) != len(want) {
		t.Errorf("%d days, want %d", len(days), len(want))
	}
	for date, w := range want {
		if days[date] != w {
			t.Errorf("%s: %+v, want %+v", date, days[date], w)
		}
	}
	if d := days["2017-05-05"]; d.promoters+d.passives+d.detractors != 47 {
		t.Errorf("5 May: %+v, want 47 answers", d)
	}
	if d := days["2017-05-15"]; d.promoters+d.passives+d.detractors != 142 {
		t.Errorf("15 May: %+v, want 142 answers", d)
	}
}

func TestSFO2017Context(t *testing.T) {
	_, rows := convertAll(t, "sfo_airport/2017.yaml", "sfo_airport/sfo_2017.csv.gz")
	channels, locations, touchpoints, languages := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	weight := 0.0
	for _, row := range rows {
		r := row.Request.GetResponse()
		channels[r.GetContext().GetChannel()]++
		locations[r.GetContext().GetLocation()]++
		touchpoints[r.GetContext().GetTouchpoint()]++
		languages[r.GetLanguage()]++
		weight += r.GetWeight()
		if len(r.GetContext().GetAttributes()) > 32 {
			t.Fatalf("line %d has %d attributes", row.Line, len(r.GetContext().GetAttributes()))
		}
	}
	for name, check := range map[string]struct {
		got  map[string]int
		want map[string]int
	}{
		"channel":    {channels, map[string]int{"gate": 2801, "mail": 23, "online": 7}},
		"location":   {locations, map[string]int{"A": 743, "B": 169, "C": 230, "D": 399, "E": 179, "F": 459, "G": 652}},
		"touchpoint": {touchpoints, map[string]int{"domestic_departure": 1775, "international_departure": 1056}},
		"language":   {languages, map[string]int{"en": 2656, "es": 46, "zh": 124, "ja": 5}},
	} {
		for value, n := range check.want {
			if check.got[value] != n {
				t.Errorf("%s %s: %d, want %d", name, value, check.got[value], n)
			}
		}
		if len(check.got) != len(check.want) {
			t.Errorf("%s: %v", name, check.got)
		}
	}
	// The weights were made to sum to the number of respondents.
	if math.Abs(weight-2831) > 0.01 {
		t.Errorf("the weights sum to %v", weight)
	}
}

// The other years have no published figures; the counts are those of the files themselves, by column.
func TestSFOOtherYears(t *testing.T) {
	for _, year := range []struct {
		name            string
		rows, empty     int
		overall         map[float64]int
		first, last     string
		passThru, clean map[float64]int
	}{
		{"2014", 2818, 0, map[float64]int{1: 6, 2: 38, 3: 522, 4: 1506, 5: 605}, "2014-09-03", "2014-09-25",
			map[float64]int{1: 23, 2: 56, 3: 352, 4: 653, 5: 1367}, map[float64]int{1: 8, 2: 22, 3: 431, 4: 1235, 5: 1043}},
		{"2015", 2958, 1, map[float64]int{1: 7, 2: 29, 3: 526, 4: 1508, 5: 740}, "2015-05-08", "2015-05-29",
			map[float64]int{1: 28, 2: 83, 3: 329, 4: 674, 5: 1394}, map[float64]int{1: 2, 2: 40, 3: 444, 4: 1289, 5: 1093}},
	} {
		t.Run(year.name, func(t *testing.T) {
			_, rows := convertAll(t, "sfo_airport/"+year.name+".yaml", "sfo_airport/sfo_"+year.name+".csv.gz")
			if len(rows) != year.rows {
				t.Errorf("%d rows, want %d", len(rows), year.rows)
			}
			counts := scoreCounts(rows)
			if _, ok := counts["netpro"]; ok {
				t.Error("there was no NPS question")
			}
			for id, want := range map[string]map[float64]int{"q7all": year.overall, "q14passthru": year.passThru, "q9all": year.clean} {
				if got := counts[id]; len(got) != len(want) || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] || got[4] != want[4] || got[5] != want[5] {
					t.Errorf("%s: %v, want %v", id, got, want)
				}
			}
			first, last := "9999", ""
			empty := 0
			for _, row := range rows {
				if row.Empty() {
					empty++
					continue
				}
				date := row.Request.GetResponse().GetAnswerTime().AsTime().Add(-7 * time.Hour).Format(time.DateOnly)
				first, last = min(first, date), max(last, date)
			}
			if empty != year.empty {
				t.Errorf("%d rows without an answer, want %d", empty, year.empty)
			}
			if first != year.first || last != year.last {
				t.Errorf("from %s to %s, want from %s to %s", first, last, year.first, year.last)
			}
		})
	}
}

// The example that lies beside its mapping gives what its README says.
func TestShopExample(t *testing.T) {
	root, err := testkit.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	m := exampleMapping(t, "shop/mapping.yaml")
	file, err := os.Open(filepath.Join(root, "examples", "shop", "answers.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	source, err := OpenSource(file, m.CSV)
	if err != nil {
		t.Fatal(err)
	}
	c, err := NewConverter(m, source.Header(), "")
	if err != nil {
		t.Fatal(err)
	}
	s, err := Run(t.Context(), Options{Source: source, Converter: c})
	if err != nil {
		t.Fatal(err)
	}
	if want := (Rows{Read: 12, Accepted: 9, Refused: 2, Empty: 1}); s.Rows != want {
		t.Errorf("%+v, want %+v", s.Rows, want)
	}
	if s.RefusedReasons["VALUE_OUT_OF_SCALE"] != 1 || s.RefusedReasons["TIME_INVALID"] != 1 || len(s.UnusedColumns) != 0 {
		t.Errorf("%+v", s)
	}
}

// BenchmarkConvertSFO measures the way from bytes to requests for wide rows: 97 columns, 37 questions, 21 attributes.
func BenchmarkConvertSFO(b *testing.B) {
	path := testkit.SharedData(b, "sfo_airport/sfo_2017.csv.gz")
	file, err := os.Open(path)
	if err != nil {
		b.Fatal(err)
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		b.Fatal(err)
	}
	text, err := io.ReadAll(unzipped)
	if err != nil {
		b.Fatal(err)
	}
	benchmarkConvert(b, exampleMapping(b, "sfo_airport/2017.yaml"), string(text), 2831)
}
