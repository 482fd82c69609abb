package e2e

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/testkit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// passenger is a row of the airport's file of 2017, read without anything of the suite.
type passenger struct {
	// keys are the values by the names that queries use.
	keys map[string]string
	// nps and overall are -1 without an answer.
	nps, overall int
	weight       float64
}

// passengerCodes say what the codes of the file mean, as examples/sfo_airport/2017.yaml does; a code that is not here is no value.
var passengerCodes = map[string]struct {
	column string
	values []string // of the codes from 1 on
}{
	"attributes.peak": {"PEAK", []string{"domestic_peak", "domestic_off_peak", "international"}},
	"attributes.destination_region": {
		"DESTGEO", []string{"us_west", "us_east", "us_midwest", "canada_mexico", "central_south_america", "europe", "middle_east", "asia", "australia_new_zealand"},
	},
	"attributes.day_part": {"STRATA", []string{"morning", "midday", "evening"}},
	"attributes.age":      {"Q19AGE", []string{"under_18", "18_24", "25_34", "35_44", "45_54", "55_64", "65_and_over"}},
	"attributes.gender":   {"Q20GENDER", []string{"male", "female", "other"}},
	"attributes.income":   {"Q21INCOME", []string{"under_50k", "50k_100k", "100k_150k", "over_150k", "other_currency"}},
	"attributes.purpose": {
		"Q2PURP1", []string{"business", "leisure", "visit", "school", "conference", "family_event", "other", "", "", "errands", "military", "volunteering", "moving"},
	},
}

// passengers reads the file.
func passengers(t *testing.T) []passenger {
	t.Helper()
	file, err := os.Open(testkit.SharedData(t, "sfo_airport/sfo_2017.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	records, err := csv.NewReader(unzipped).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	column := make(map[string]int)
	for i, name := range records[0] {
		column[name] = i
	}
	all := make([]passenger, 0, len(records)-1)
	for _, record := range records[1:] {
		cell := func(name string) string { return strings.TrimSpace(record[column[name]]) }
		p := passenger{keys: map[string]string{"location": cell("BAREA")}, nps: rating(cell("NETPRO"), 0, 10), overall: rating(cell("Q7ALL"), 1, 5)}
		for key, code := range passengerCodes {
			if i, err := strconv.Atoi(cell(code.column)); err == nil && i >= 1 && i <= len(code.values) {
				p.keys[key] = code.values[i-1]
			}
		}
		if p.weight, err = strconv.ParseFloat(cell("WEIGHT"), 64); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// rating is a whole number on a scale; -1 when the cell holds something else.
func rating(cell string, low, high int) int {
	v, err := strconv.Atoi(cell)
	if err != nil || v < low || v > high {
		return -1
	}
	return v
}

// tally is what a score of an NPS question rests on.
type tally struct {
	promoters, passives, detractors int64
	// w and ww are sums of weights and of their squares, of promoters, passives and detractors.
	w, ww [3]float64
}

func (c *tally) add(p passenger) {
	class := 2
	switch {
	case p.nps >= 9:
		c.promoters++
		class = 0
	case p.nps >= 7:
		c.passives++
		class = 1
	default:
		c.detractors++
	}
	c.w[class] += p.weight
	c.ww[class] += p.weight * p.weight
}

func (c *tally) n() int64 { return c.promoters + c.passives + c.detractors }

// nps is the score and its standard error: sqrt(Σw²(y - score)²)/Σw, which without weights is √((p + d - (p - d)²)/n).
func (c *tally) nps(weighted bool) (score, standardError float64) {
	w, ww := c.w, c.ww
	if !weighted {
		w = [3]float64{float64(c.promoters), float64(c.passives), float64(c.detractors)}
		ww = w
	}
	sum := w[0] + w[1] + w[2]
	score = (w[0] - w[2]) / sum
	squares := 0.0
	for i, y := range []float64{1, 0, -1} {
		squares += ww[i] * (y - score) * (y - score)
	}
	return 100 * score, 100 * math.Sqrt(squares) / sum
}

// recount is a query and the same said in Go.
type recount struct {
	groupBy  []string
	filter   string
	passes   func(passenger) bool
	weighted bool
}

// recounts are slices of the airport's passengers: each key that is published, keys together, filters of every kind, weights.
var recounts = map[string]recount{
	"PEAK":                          {groupBy: []string{"attributes.peak"}},
	"DESTGEO":                       {groupBy: []string{"attributes.destination_region"}},
	"STRATA":                        {groupBy: []string{"attributes.day_part"}},
	"BAREA":                         {groupBy: []string{"location"}},
	"purpose, not stated by some":   {groupBy: []string{"attributes.purpose"}},
	"PEAK and STRATA":               {groupBy: []string{"attributes.peak", "attributes.day_part"}},
	"three keys":                    {groupBy: []string{"location", "attributes.destination_region", "attributes.income"}},
	"weighted":                      {weighted: true},
	"weighted by PEAK":              {groupBy: []string{"attributes.peak"}, weighted: true},
	"weighted by STRATA and gender": {groupBy: []string{"attributes.day_part", "attributes.gender"}, weighted: true},
	"PEAK, of one age": {
		groupBy: []string{"attributes.peak"}, filter: `attributes.age = "25_34"`,
		passes: func(p passenger) bool { return p.keys["attributes.age"] == "25_34" },
	},
	"DESTGEO, of three keys and an answer": {
		groupBy: []string{"attributes.destination_region"},
		filter:  `(attributes.age = "25_34" OR attributes.age = "35_44") AND attributes.gender != "male" AND answers.q7all >= 4 AND NOT location = "G"`,
		passes: func(p passenger) bool {
			age := p.keys["attributes.age"]
			return (age == "25_34" || age == "35_44") && p.keys["attributes.gender"] != "male" && p.overall >= 4 && p.keys["location"] != "G"
		},
	},
	"STRATA, where the purpose is not stated or begins with f": {
		groupBy: []string{"attributes.day_part"}, filter: `attributes.purpose = "" OR attributes.purpose = "f*"`,
		passes: func(p passenger) bool {
			purpose := p.keys["attributes.purpose"]
			return purpose == "" || strings.HasPrefix(purpose, "f")
		},
	},
	"weighted, of those who stated their income and did not rate the airport": {
		filter: `attributes.income:* AND NOT answers.q7all:*`, weighted: true,
		passes: func(p passenger) bool { return p.keys["attributes.income"] != "" && p.overall < 0 },
	},
}

// slices compares NPS of slices with recounts of the file.
func (a asked) slices(t *testing.T) {
	all := passengers(t)
	for name, c := range recounts {
		t.Run(name, func(t *testing.T) { a.recounted(t, all, c) })
	}
}

func (a asked) recounted(t *testing.T, all []passenger, c recount) {
	want, counted := make(map[string]*tally), int64(0)
	for _, p := range all {
		if c.passes != nil && !c.passes(p) {
			continue
		}
		counted++
		if p.nps < 0 {
			continue
		}
		var values []string
		for _, key := range c.groupBy {
			values = append(values, p.keys[key])
		}
		group := strings.Join(values, "|")
		if want[group] == nil {
			want[group] = &tally{}
		}
		want[group].add(p)
	}
	query := &scoringv1.ScoreQuery{
		Survey: sfoSurvey, Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_NPS}, Variants: []scoringv1.Variant{scoringv1.Variant_VARIANT_NPS_ANSWERED},
		GroupBy: c.groupBy, Filter: c.filter,
	}
	if c.weighted {
		query.Weighting = &scoringv1.Weighting{Method: &scoringv1.Weighting_Stated{Stated: &scoringv1.Weighting_StatedWeights{}}}
	}
	got := a.answer(t, query)
	checkCoverage(t, got.GetCoverage(), int64(len(all)), counted)
	seen := 0
	for _, s := range got.GetScores() {
		var values []string
		for _, k := range s.GetSlice().GetKeys()[:len(c.groupBy)] {
			values = append(values, k.GetValue())
		}
		w := want[strings.Join(values, "|")]
		if w == nil {
			if s.GetN() != 0 || s.Estimate != nil {
				t.Errorf("%v: nobody of that group answered", s)
			}
			continue
		}
		seen++
		checkNPS(t, s, w, c.weighted)
	}
	if seen != len(want) {
		t.Errorf("%d groups with answers, want %d", seen, len(want))
	}
}

func checkCoverage(t *testing.T, c *scoringv1.Coverage, responses, counted int64) {
	t.Helper()
	left := int64(0)
	for _, l := range c.GetLeftOut() {
		left += l.GetCount()
		if l.GetCount() > 0 && l.GetReason() != scoringv1.LeftOutReason_LEFT_OUT_REASON_FILTER {
			t.Errorf("%v: only the filter leaves out", c)
		}
	}
	if c.GetResponses() != responses || c.GetCounted() != counted || left != responses-counted {
		t.Errorf("%v: want %d counted of %d", c, counted, responses)
	}
}

func checkNPS(t *testing.T, s *scoringv1.Score, w *tally, weighted bool) {
	t.Helper()
	counts := s.GetCounts()
	if counts.GetPromoters() != w.promoters || counts.GetPassives() != w.passives || counts.GetDetractors() != w.detractors || s.GetN() != w.n() {
		t.Errorf("%v: %v, want %+v", s.GetSlice().GetKeys(), counts, w)
	}
	score, standardError := w.nps(weighted)
	if s.Estimate == nil || !near(s.GetEstimate(), score) || standardError > 0 && w.n() > 1 && !near(s.GetStandardError(), standardError) {
		t.Errorf("%v: %v ± %v, want %v ± %v", s.GetSlice().GetKeys(), s.GetEstimate(), s.GetStandardError(), score, standardError)
	}
	if !weighted {
		return
	}
	sum, squares := w.w[0]+w.w[1]+w.w[2], w.ww[0]+w.ww[1]+w.ww[2]
	if n := sum * sum / squares; !near(s.GetWeightedN(), sum) || !near(s.GetEffectiveN(), n) || !near(s.GetDesignEffect(), float64(w.n())/n) {
		t.Errorf("%v: weighted n %v, effective n %v, want %v, %v", s.GetSlice().GetKeys(), s.GetWeightedN(), s.GetEffectiveN(), sum, n)
	}
}

// near allows for another order of the same sums.
func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b)) }

// raked compares a weighted NPS with one whose weights are fitted here: shares of gender and age as in a census, each of two margins in turn.
func (a asked) raked(t *testing.T) {
	margins := []*scoringv1.Weighting_Margin{
		{Key: "attributes.gender", Targets: []*scoringv1.Weighting_Target{{Value: "male", Share: 49}, {Value: "female", Share: 51}}},
		{Key: "attributes.day_part", Targets: []*scoringv1.Weighting_Target{{Value: "morning", Share: 0.4}, {Value: "midday", Share: 0.4}, {Value: "evening", Share: 0.2}}},
	}
	var rows []passenger
	for _, p := range passengers(t) {
		if slices.Contains([]string{"male", "female"}, p.keys["attributes.gender"]) {
			p.weight = 1
			rows = append(rows, p)
		}
	}
	rake(rows, margins)
	var want tally
	for _, p := range rows {
		if p.nps >= 0 {
			want.add(p)
		}
	}
	got := a.answer(t, &scoringv1.ScoreQuery{
		Survey: sfoSurvey, Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_NPS}, Variants: []scoringv1.Variant{scoringv1.Variant_VARIANT_NPS_ANSWERED},
		Weighting: &scoringv1.Weighting{Method: &scoringv1.Weighting_Raking_{Raking: &scoringv1.Weighting_Raking{Margins: margins}}},
	})
	s := got.GetScores()[0]
	score, _ := want.nps(true)
	if s.GetN() != want.n() || math.Abs(s.GetEstimate()-score) > 1e-6 {
		t.Errorf("n %d, %v, want %d, %v", s.GetN(), s.GetEstimate(), want.n(), score)
	}
	sum, squares := want.w[0]+want.w[1]+want.w[2], want.ww[0]+want.ww[1]+want.ww[2]
	if n := sum * sum / squares; math.Abs(s.GetEffectiveN()-n) > 1e-4 {
		t.Errorf("effective n %v, want %v", s.GetEffectiveN(), n)
	}
	if c := got.GetCoverage(); c.GetCounted() != int64(len(rows)) || c.GetLeftOut()[0].GetReason() != scoringv1.LeftOutReason_LEFT_OUT_REASON_MARGIN {
		t.Errorf("%v: want %d counted, the others left out by the margins", c, len(rows))
	}
}

// rake fits the weights of rows to margins.
func rake(rows []passenger, margins []*scoringv1.Weighting_Margin) {
	for range 200 {
		for _, m := range margins {
			have, shares, total := make(map[string]float64), make(map[string]float64), 0.0
			for _, p := range rows {
				have[p.keys[m.GetKey()]] += p.weight
			}
			for _, target := range m.GetTargets() {
				shares[target.GetValue()] = target.GetShare()
				total += target.GetShare()
			}
			for i, p := range rows {
				v := p.keys[m.GetKey()]
				rows[i].weight *= shares[v] / total * float64(len(rows)) / have[v]
			}
		}
	}
}

// ranked compares a ranking of boarding areas with the scores that it ranks.
func (a asked) ranked(t *testing.T) {
	query := &scoringv1.ScoreQuery{
		Survey: sfoSurvey, Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_NPS}, Variants: []scoringv1.Variant{scoringv1.Variant_VARIANT_NPS_ANSWERED}, GroupBy: []string{"location"},
	}
	byArea := make(map[string]*scoringv1.Score)
	for _, s := range a.answer(t, query).GetScores() {
		byArea[s.GetSlice().GetKeys()[0].GetValue()] = s
	}
	got, err := a.client().RankScores(t.Context(), &scoringv1.RankScoresRequest{Query: query})
	if err != nil {
		t.Fatal(err)
	}
	if len(got.GetRanking()) != len(byArea) || got.GetCompared() != int64(len(byArea)) || got.GetOverall().GetN() != 2746 {
		t.Fatalf("%v: want %d units compared, of 2746 answers", got, len(byArea))
	}
	for i, r := range got.GetRanking() {
		area := r.GetScore().GetSlice().GetKeys()[0].GetValue()
		if r.GetScore().GetEstimate() != byArea[area].GetEstimate() || r.GetRank() != int64(i+1) || r.GetBestRank() > r.GetRank() || r.GetWorstRank() < r.GetRank() {
			t.Errorf("%s: %v", area, r)
		}
		// The others together: their counts are all less the unit's.
		c, n := r.GetScore().GetCounts(), r.GetScore().GetN()
		rest := 100 * float64(1436-c.GetPromoters()-(342-c.GetDetractors())) / float64(2746-n)
		if !near(r.GetDifference(), r.GetScore().GetEstimate()-rest) || r.GetAdjustedPValue() < r.GetPValue() || r.GetDifferent() != (r.GetAdjustedPValue() <= 0.05) {
			t.Errorf("%s: difference %v, want %v; p %v, adjusted %v", area, r.GetDifference(), r.GetScore().GetEstimate()-rest, r.GetPValue(), r.GetAdjustedPValue())
		}
	}
}

// streamed compares the answer in parts with that at once, and the facts behind with the file.
func (a asked) streamed(t *testing.T) {
	query := &scoringv1.ScoreQuery{Survey: sfoSurvey, Question: "*", Metrics: []scoringv1.Metric{scoringv1.Metric_METRIC_MEAN}, GroupBy: []string{"location", "attributes.peak"}}
	want := a.answer(t, query)
	stream, err := a.client().StreamScores(t.Context(), &scoringv1.StreamScoresRequest{Query: query})
	if err != nil {
		t.Fatal(err)
	}
	got := &scoringv1.QueryScoresResponse{}
	each(t, stream, func(part *scoringv1.StreamScoresResponse) {
		for _, s := range part.GetScores() {
			s.Watermark = nil
			got.Scores = append(got.Scores, s)
		}
		if part.GetCoverage() != nil {
			got.Coverage = part.GetCoverage()
		}
	})
	if !proto.Equal(got, want) {
		t.Errorf("%d scores in parts, %d at once, or others", len(got.GetScores()), len(want.GetScores()))
	}
	facts, err := a.client().StreamFacts(t.Context(), &scoringv1.StreamFactsRequest{Survey: sfoSurvey})
	if err != nil {
		t.Fatal(err)
	}
	n, weight, sum := 0, 0.0, 0.0
	each(t, facts, func(part *scoringv1.StreamFactsResponse) {
		for _, f := range part.GetFacts() {
			n++
			weight += f.GetWeight()
			for _, answer := range f.GetAnswers() {
				if answer.GetQuestion() == "netpro" {
					sum += answer.GetScore()
				}
			}
		}
	})
	wantWeight, wantSum := 0.0, 0.0
	for _, p := range passengers(t) {
		wantWeight += p.weight
		wantSum += float64(max(0, p.nps))
	}
	if n != 2831 || sum != wantSum || math.Abs(weight-wantWeight) > 1e-6 {
		t.Errorf("%d facts, weights %v, answers %v, want 2831, %v, %v", n, weight, sum, wantWeight, wantSum)
	}
}

// each hands over all messages of a stream.
func each[M any](t *testing.T, stream grpc.ServerStreamingClient[M], f func(*M)) {
	t.Helper()
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		f(m)
	}
}

// unknownKeys are refused, with the nearest name.
func (a asked) unknownKeys(t *testing.T) {
	for query, nearest := range map[*scoringv1.ScoreQuery]string{
		{Survey: sfoSurvey, GroupBy: []string{"atributes.peak"}}:               "attributes.peak",
		{Survey: sfoSurvey, Filter: `attributes.gendr = "male"`}:               "attributes.gender",
		{Survey: sfoSurvey, Filter: `answers.netpros >= 9`}:                    "netpro",
		{Survey: sfoSurvey, GroupBy: []string{"attributes.destinationregion"}}: "attributes.destination_region",
	} {
		_, err := a.client().QueryScores(t.Context(), &scoringv1.QueryScoresRequest{Query: query})
		if err == nil || !strings.Contains(fmt.Sprint(err), nearest) {
			t.Errorf("%v: %v, want the name %s", query, err, nearest)
		}
	}
}
