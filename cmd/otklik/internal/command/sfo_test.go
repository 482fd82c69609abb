package command

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/cmd/otklik/internal/importer"
	"github.com/otklik/otklik/libs/testkit"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// One walk through the command line on real data, over gRPC and over REST: import, look, score, compare, export. Both must say the same.
func TestWalkThroughOnRealData(t *testing.T) {
	data := testkit.SharedData(t, "sfo_airport/sfo_2017.csv.gz")
	ready := startSuite(t)
	overGRPC, overREST := newShell(t, ready.GRPC, ready.Key), newShell(t, ready.HTTP, ready.Key)
	mapping := example(t, "sfo_airport/2017.yaml")

	var summary importer.Summary
	readJSON(t, overGRPC.ok("import", "--mapping", mapping, data, "--json"), &summary)
	if want := (importer.Rows{Read: 2831, Accepted: 2831}); summary.Rows != want || !summary.Created {
		t.Fatalf("%+v", summary)
	}

	surveys := message(overGRPC, &surveyv1.ListSurveysResponse{}, "survey", "list")
	if len(surveys.GetSurveys()) != 1 || surveys.GetSurveys()[0].GetName() != "surveys/sfo-2017" {
		t.Fatalf("%v", surveys)
	}
	// Scores follow accepted answers at once, but not within the call.
	testkit.Eventually(t, time.Minute, func() error {
		s := message(overGRPC, &scoringv1.QueryScoresResponse{}, "score", "--survey", "sfo-2017", "--metric", "nps", "--variant", "nps-answered")
		if n := s.GetScores()[0].GetN(); n != 2746 {
			return fmt.Errorf("%d answers counted", n)
		}
		return nil
	})
	for name, s := range map[string]*shell{"gRPC": overGRPC, "REST": overREST} {
		t.Run(name, func(t *testing.T) {
			s := &shell{t: t, vars: s.vars}
			checkScores(t, s)
			checkDays(t, s)
			checkTables(t, s)
			checkSlices(t, s)
		})
	}
	checkExport(t, overGRPC)
	day := []string{"export", "--survey", "sfo-2017", "--json", "--from", "2017-05-05", "--to", "2017-05-06"}
	if lines := overREST.ok(day...); lines != overGRPC.ok(day...) || lines == "" {
		t.Error("the export over REST is another than over gRPC")
	}
}

func checkScores(t *testing.T, s *shell) {
	nps := message(s, &scoringv1.QueryScoresResponse{}, "score", "--survey", "sfo-2017", "--question", "netpro", "--metric", "nps", "--variant", "nps_answered").GetScores()[0]
	c := nps.GetCounts()
	if c.GetPromoters() != 1436 || c.GetPassives() != 968 || c.GetDetractors() != 342 || nps.GetN() != 2746 || math.Abs(nps.GetEstimate()-100*float64(1436-342)/2746) > 1e-9 {
		t.Errorf("%v", nps)
	}
	csat := message(s, &scoringv1.QueryScoresResponse{}, "score", "--survey", "surveys/sfo-2017", "--question", "q7all", "--metric", "csat,mean")
	for _, score := range csat.GetScores() {
		want := 4.064360119047619
		if score.GetMetric() == scoringv1.Metric_METRIC_CSAT {
			want = 82.06845238095238
		}
		if score.GetN() != 2688 || math.Abs(score.GetEstimate()-want) > 1e-9 {
			t.Errorf("%v", score)
		}
	}
	if len(csat.GetScores()) != 2 {
		t.Errorf("%d scores, want 2", len(csat.GetScores()))
	}
}

func checkDays(t *testing.T, s *shell) {
	days := message(s, &scoringv1.QueryScoresResponse{}, "score", "--survey", "sfo-2017", "--metric", "nps", "--variant", "nps_answered",
		"--grain", "day", "--time-zone", "America/Los_Angeles")
	counts := map[string]int64{}
	zone, err := time.LoadLocation("America/Los_Angeles")
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range days.GetScores() {
		counts[d.GetSlice().GetPeriod().GetStartTime().AsTime().In(zone).Format(time.DateOnly)] = d.GetN()
	}
	if len(counts) != 20 || counts["2017-05-05"] != 47 || counts["2017-05-15"] != 142 || counts["2017-05-25"] != 282 {
		t.Errorf("%v", counts)
	}
	week := message(s, &scoringv1.QueryScoresResponse{}, "score", "--survey", "sfo-2017", "--metric", "nps", "--variant", "nps_answered",
		"--from", "2017-05-05", "--to", "2017-05-07", "--time-zone", "America/Los_Angeles", "--level", "0.9", "--interval-method", "wald").GetScores()[0]
	if week.GetN() != 47+189 || week.GetInterval().GetLevel() != 0.9 || week.GetInterval().GetMethod() != "WALD" {
		t.Errorf("%v", week)
	}
	mail := message(s, &scoringv1.QueryScoresResponse{}, "score", "--survey", "sfo-2017", "--metric", "response_rate", "--filter", "channel=mail").GetScores()[0]
	if mail.GetN() != 23 {
		t.Errorf("%v", mail)
	}
	compared := message(s, &scoringv1.CompareScoresResponse{}, "compare", "--survey", "sfo-2017", "--question", "netpro", "--metric", "nps",
		"--variant", "nps_answered", "--filter", "location=A", "--baseline-filter", "location=G")
	if compared.GetScore().GetSlice().GetKeys()[0].GetValue() != "A" || compared.GetBaseline().GetSlice().GetKeys()[0].GetValue() != "G" || compared.GetPValue() <= 0 {
		t.Errorf("%v", compared)
	}
}

// checkSlices asks in ways that only the table of rows answers, and for what is not answered by scores.
func checkSlices(t *testing.T, s *shell) {
	slice := []string{"score", "--survey", "sfo-2017", "--metric", "nps", "--variant", "nps_answered", "--by", "attributes.peak,attributes.day_part", "--filter", `answers.q7all >= 4`}
	got := message(s, &scoringv1.QueryScoresResponse{}, slice...)
	stream := strings.Split(strings.TrimSpace(s.ok(append(slice, "--stream", "--json")...)), "\n")
	if c := got.GetCoverage(); len(got.GetScores()) != 8 || c.GetResponses() != 2831 || c.GetCounted() != 2206 || len(stream) != 1 || !strings.Contains(stream[0], `"counted":"2206"`) {
		t.Errorf("%d scores, %v\n%s", len(got.GetScores()), c, stream)
	}
	if table := s.ok(slice...); table != s.ok(append(slice, "--stream")...) || !strings.Contains(table, "PEAK") {
		t.Errorf("the table of a stream is another one:\n%s", table)
	}
	ranking := message(s, &scoringv1.RankScoresResponse{}, "rank", "--survey", "sfo-2017", "--metric", "nps", "--variant", "nps_answered", "--by", "location", "--least", "200")
	if len(ranking.GetRanking()) != 7 || ranking.GetCompared() != 5 {
		t.Errorf("%v", ranking)
	}
	facts := s.ok("facts", "--survey", "sfo-2017", "--filter", `channel = "mail"`, "--groups", "10")
	moments := s.ok("moments", "--survey", "sfo-2017", "--question", "q7all,q7food", "--groups", "10", "--weight", "stated")
	if strings.Count(facts, "\n") != 23 || strings.Count(moments, "\n") != 10 || !strings.Contains(moments, `"productSum"`) {
		t.Errorf("%s\n%s", facts, moments)
	}
	for _, c := range []struct {
		args []string
		want []string
	}{
		{slice, []string{"PEAK", "DAY_PART", "counted 2206 of 2831 responses; left out: 625 by the filter"}},
		{[]string{"score", "--survey", "sfo-2017", "--metric", "nps", "--weight", "stated"}, []string{"EFFECTIVE N", "DESIGN EFFECT"}},
		{[]string{"score", "--survey", "sfo-2017", "--metric", "nps", "--rake", "attributes.gender:male=1,female=1"}, []string{"in no class of --rake"}},
		{[]string{"score", "--survey", "sfo-2017", "--metric", "share", "--question", "q8com", "--option", "restaurants"}, []string{"OPTION", "restaurants", "chose"}},
		{[]string{"rank", "--survey", "sfo-2017", "--metric", "nps", "--variant", "nps_answered", "--by", "location"}, []string{"RANK", "PLACES", "7 units were compared", "all together 39.84"}},
		{[]string{"compare", "--survey", "sfo-2017", "--metric", "nps", "--variant", "nps_answered", "--weight", "stated", "--filter", `attributes.peak = "international"`,
			"--baseline-filter", `attributes.peak != "international"`}, []string{"EFFECTIVE N", "p-value"}},
		{[]string{"definitions", "list"}, []string{"built in", "nps", "servqual"}},
		{[]string{"definitions", "get", "csat"}, []string{"csat_share", "wilson", "default"}},
	} {
		out := s.ok(c.args...)
		for _, want := range c.want {
			if !strings.Contains(out, want) {
				t.Errorf("otklik %s lacks %q:\n%s", strings.Join(c.args, " "), want, out)
			}
		}
	}
	if r := s.run("score", "--survey", "sfo-2017", "--by", "attributes.pek"); r.code != exit.Refused || !strings.Contains(r.err, "attributes.peak") {
		t.Errorf("%+v", r)
	}
}

func checkTables(t *testing.T, s *shell) {
	for _, c := range []struct {
		args []string
		want []string
	}{
		{[]string{"survey", "list"}, []string{"sfo-2017", "published", "SFO passengers 2017"}},
		{[]string{"survey", "show", "sfo-2017", "--language", "ky"}, []string{"revision 1", "netpro", "nps", "0-10", "Аэропортту жалпысынан кандай баалайсыз?", "asks customers"}},
		{[]string{"score", "--survey", "sfo-2017", "--metric", "nps"}, []string{"39.84", "95% INTERVAL", "2746", "promoters 1436, passives 968, detractors 342", "nps version 1", "counted up to"}},
		{[]string{"score", "--survey", "sfo-2017", "--metric", "csat", "--question", "q7all", "--by", "location"}, []string{"LOCATION", "G", "satisfied"}},
		{[]string{"compare", "--survey", "sfo-2017", "--question", "q7all", "--metric", "csat", "--filter", "location=A", "--baseline-filter", "location=G"},
			[]string{"difference", "p-value", "pooled_z"}},
	} {
		out := s.ok(c.args...)
		for _, want := range c.want {
			if !strings.Contains(out, want) {
				t.Errorf("otklik %s lacks %q:\n%s", strings.Join(c.args, " "), want, out)
			}
		}
	}
}
