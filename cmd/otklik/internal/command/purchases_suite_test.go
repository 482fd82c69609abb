package command

import (
	"fmt"
	"strings"
	"testing"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/libs/testkit"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// cardMapping is shopMapping where it is known who answered.
var cardMapping = strings.Replace(shopMapping, "  time:", "  respondent: \"{card}\"\n  time:", 1)

// Purchases that were imported stand beside answers in a customer's timeline, and are related to scores.
func TestPurchasesFromTheCommandLine(t *testing.T) {
	ready := startSuite(t)
	s := newShell(t, ready.GRPC, ready.Key)
	answers, bills := "no,card,date,nps,why\n", "receipt,card,purchase_time,amount,currency\n"
	const customers = 12
	for i := range customers {
		answers += fmt.Sprintf("%d,card-%d,2026-02-%02d,%d,\n", i, i, 1+i, i%11)
		bills += fmt.Sprintf("before-%d,card-%d,2026-01-15,100.50,KGS\n", i, i)
		if i > 5 {
			bills += fmt.Sprintf("after-%d,card-%d,2026-03-%02d,%d,KGS\n", i, i, 1+i, 200+i)
		}
	}
	s.ok("import", "--mapping", writeFile(t, "shop.yaml", cardMapping), writeFile(t, "shop.csv", answers))
	file := writeFile(t, "bills.csv", bills)
	if out := s.ok("purchases", "import", file, "--map", "card=respondent", "--dry-run"); !strings.Contains(out, "18 rows checked, 0 refused, 18 would be created") {
		t.Errorf("%s", out)
	}
	if out := s.ok("purchases", "import", file, "--map", "card=respondent"); !strings.Contains(out, "0 refused, 18 created") {
		t.Errorf("%s", out)
	}
	bad := s.run("purchases", "import", writeFile(t, "bad.csv", "receipt,respondent,purchase_time,amount,currency\nx,card-1,soon,1,KGS\ny,card-1,2026-03-01,1,KGS\n"), "--most-refused", "1")
	if bad.code != exit.Incomplete || !strings.Contains(bad.out, "purchase_time") || !strings.Contains(bad.err, "1 rows were refused") {
		t.Errorf("%+v", bad)
	}
	// Some customers are in no directory: more than a tenth, so that none of the others is imported.
	unknown := "receipt,contact,respondent,purchase_time,amount,currency\n"
	for i := range 30 {
		unknown += fmt.Sprintf("u-%d,nobody-%d,,2026-03-01,1,KGS\nk-%d,,card-1,2026-03-01,1,KGS\n", i, i, i)
	}
	for _, flags := range [][]string{{"--dry-run"}, nil} {
		got := s.run(append([]string{"purchases", "import", writeFile(t, "unknown.csv", unknown)}, flags...)...)
		if got.code != exit.Refused || !strings.Contains(got.out, "30 refused, 0 ") || !strings.Contains(got.out, "and more: otklik directory imports refusals") {
			t.Errorf("%v: %+v", flags, got)
		}
	}
	if out := s.ok("purchases", "import", writeFile(t, "left.csv", "id;respondent;leave_time\nl1;card-0;2026-03-10\n"), "--kind", "churn"); !strings.Contains(out, "1 created") {
		t.Errorf("%s", out)
	}
	for name, server := range map[string]string{"grpc": ready.GRPC, "rest": ready.HTTP} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t, server, ready.Key)
			list := message(s, &segmentationv1.ListPurchasesResponse{}, "purchases", "list", "--from", "2026-03", "--limit", "3").GetPurchases()
			if len(list) != 3 || list[0].GetName() != "purchases/after-11" {
				t.Fatalf("%v", list)
			}
			if out := s.ok("purchases", "list", "--contact", list[0].GetContact()); strings.Count(out, "\n") != 3 || !strings.Contains(out, "211.00") || !strings.Contains(out, "100.50") {
				t.Errorf("%s", out)
			}
			testkit.Eventually(t, testTimeout, func() error {
				if out := s.ok("timeline", list[0].GetContact()); !strings.Contains(out, "score 1, 1 answered") || !strings.Contains(out, "211.00 KGS") {
					return fmt.Errorf("timeline:\n%s", out)
				}
				return nil
			})
			if out := s.ok("timeline", list[0].GetContact(), "--kind", "purchase", "--oldest"); strings.Index(out, "100.50 KGS") > strings.Index(out, "211.00 KGS") {
				t.Errorf("%s", out)
			}
			ask := []string{"retention", "--from", "2026-02", "--to", "2026-03", "--until", "2026-04", "--time-zone", "UTC"}
			testkit.Eventually(t, testTimeout, func() error {
				if got := message(s, &segmentationv1.QueryRetentionResponse{}, ask...); got.GetTotal().GetContactCount() != customers {
					return fmt.Errorf("%v", got.GetTotal())
				}
				return nil
			})
			out := s.ok(append(ask, "--language", "ru")...)
			if !strings.Contains(out, "BOUGHT AGAIN") || !strings.Contains(out, "а не причина") {
				t.Errorf("%s", out)
			}
			if out := s.ok(append(ask, "--staff")...); !strings.Contains(out, "YEARS OF WORK") {
				t.Errorf("%s", out)
			}
			if r := s.run("timeline", "nobody"); r.code != exit.Refused || !strings.Contains(r.err, "CONTACT_NOT_FOUND") {
				t.Errorf("%+v", r)
			}
			if r := s.run("retention", "--from", "2026-02"); r.code != exit.Usage {
				t.Errorf("%+v", r)
			}
		})
	}
}
