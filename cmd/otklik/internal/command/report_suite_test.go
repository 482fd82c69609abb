package command

import (
	"fmt"
	"strings"
	"testing"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/libs/testkit"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

const reportMapping = `
version: 1
survey: {id: shop, title: {en: Shop}}
response:
  id: "visit-{no}"
  time: {column: date, zone: UTC}
  context: {location: {column: place}}
questions:
  - {id: nps, type: nps, column: nps, text: {en: Recommend}}
  - {id: staff, type: csat, column: staff, scale: {min: 1, max: 5}, text: {en: Staff}}
  - {id: prices, type: csat, column: prices, scale: {min: 1, max: 5}, text: {en: Prices}}
  - {id: queue, type: csat, column: queue, scale: {min: 1, max: 5}, text: {en: Queue}}
`

// Each analysis can be had for people and for scripts, over gRPC and REST.
func TestAnalysesFromTheCommandLine(t *testing.T) {
	ready := startSuite(t)
	var answers strings.Builder
	answers.WriteString("no,date,place,nps,staff,prices,queue\n")
	const visits = 120
	for i := range visits {
		staff, prices, queue := 1+i%5, 1+(i/5)%5, 1+(i*7/3)%5
		fmt.Fprintf(&answers, "%d,2026-%02d-15,%s,%d,%d,%d,%d\n", i, 2+i%2, []string{"osh", "naryn"}[i%3/2], min(10, 2*staff-1+prices/3), staff, prices, queue)
	}
	s := newShell(t, ready.GRPC, ready.Key)
	s.ok("import", "--mapping", writeFile(t, "shop.yaml", reportMapping), writeFile(t, "shop.csv", answers.String()))
	testkit.Eventually(t, testTimeout, func() error {
		if got := s.run("report", "correlations", "--survey", "shop", "--items", "nps,staff"); !strings.Contains(got.out, fmt.Sprint(visits)) {
			return fmt.Errorf("%+v", got)
		}
		return nil
	})
	for name, server := range map[string]string{"grpc": ready.GRPC, "rest": ready.HTTP} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t, server, ready.Key)
			for command, want := range map[string][]string{
				"matrix --draws 50": {"PRIORITY", "staff", "satisfaction_matrix, version 1: 120 responses", "of the variance of nps"},
				"matrix --cut fixed --importance-cut 0 --score-cut 5": {"1 fix now"},
				"drivers --draws 50": {"RELATIVE WEIGHT", "prices", "shapley_lmg"},
				"drivers --missing em --spearman=false --draws 10":                                              {"expectation_maximization_normal"},
				"correlations --outcome nps --items staff,queue":                                                {"PEARSON", "queue"},
				"factors --items nps,staff,prices,queue --alpha std --factors 1 --extraction minres":            {"FACTOR 1", "alpha_standardized", "eigenvalues"},
				"bridge --by location --baseline-from 2026-02 --from 2026-03":                                   {"MIX EFFECT", "osh", "nps of nps moved by"},
				"strengths --by location":                                                                       {"VERDICT", "naryn", "topic_effects"},
				"strengths --by location --further-outcome staff":                                               {"OUTCOME", "SLICE", "staff"},
				"strengths --by location --rake location:osh=1,naryn=1":                                         {"weighted_raked", "weighted as"},
				"journey --stage osh=@staff --stage prices=@prices":                                             {"STAGE", "prices", "OF RESPONSES", "belong to no stage"},
				"experiment --by location --variant osh=2 --variant naryn=1 --outcome nps --outcome staff:csat": {"DETECTABLE", "staff (csat)", "intended", "caution"},
				"crosstab --row location --column answers.staff":                                                {"osh", "chi-square", "Cramér's V"},
			} {
				args := append(append([]string{"report"}, strings.Fields(command)...), "--survey", "shop")
				out := s.ok(args...)
				for _, w := range want {
					if !strings.Contains(out, w) {
						t.Errorf("%s: no %q in\n%s", command, w, out)
					}
				}
			}
			got := message(s, &reportingv1.QueryMatrixResponse{}, "report", "matrix", "--survey", "shop", "--draws", "50")
			if got.GetItems()[0].GetQuestion().GetText().GetTexts()["en"] == "" || got.GetBasis().GetResponses() != visits {
				t.Errorf("%v", got)
			}
			for want, args := range map[string][]string{
				"ITEM_REPEATED": {"report", "matrix", "--survey", "shop", "--outcome", "nps", "--items", "nps"},
				"items[0]":      {"report", "drivers", "--survey", "shop", "--items", "sound"},
			} {
				if refused := s.run(args...); refused.code != exit.Refused || !strings.Contains(refused.err, want) {
					t.Errorf("%s: %+v", want, refused)
				}
			}
		})
	}
	if out := s.ok("report", "assign", "--seed", "checkout-button", "--variant", "a=1", "--variant", "b=1", "--variant", "c=2", "customer-17", "customer-19"); !strings.Contains(out, "customer-19  c") {
		t.Errorf("assigned:\n%s", out)
	}
	for want, args := range map[string][]string{
		"--survey is needed":             {"report", "matrix"},
		`"x" is none of pairwise`:        {"report", "matrix", "--survey", "shop", "--missing", "x"},
		`"x" is none of raw, std`:        {"report", "factors", "--survey", "shop", "--alpha", "x"},
		"the period before is needed":    {"report", "bridge", "--survey", "shop"},
		"--row and --column are needed":  {"report", "crosstab", "--survey", "shop"},
		"--by is needed":                 {"report", "experiment", "--survey", "shop"},
		"is not ID=TOUCHPOINT":           {"report", "journey", "--survey", "shop", "--stage", "web"},
		"the share must be a number":     {"report", "experiment", "--survey", "shop", "--by", "location", "--variant", "a=0"},
		`"x" is none of nps`:             {"report", "experiment", "--survey", "shop", "--by", "location", "--outcome", "nps:x"},
		"--seed and --variant are":       {"report", "assign", "customer-17"},
		"--outcome goes with --items":    {"report", "correlations", "--survey", "shop", "--outcome", "nps"},
		`"mode" is none of mean, median`: {"report", "matrix", "--survey", "shop", "--cut", "mode"},
	} {
		if got := s.run(args...); got.code != exit.Usage || !strings.Contains(got.err, want) {
			t.Errorf("%v: %+v", args, got)
		}
	}
}
