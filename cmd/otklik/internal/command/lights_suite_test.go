package command

import (
	"fmt"
	"strings"
	"testing"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/libs/testkit"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// accountsMapping maps answers of contacts of two companies.
const accountsMapping = `
version: 1
survey: {id: accounts, title: {en: Accounts}}
response:
  id: "account-{no}"
  time: {column: date, zone: Asia/Bishkek}
  respondent: "{who}"
  context: {company: {column: company}}
questions:
  - {id: nps, type: nps, column: nps, text: {en: Recommend}}
`

// Companies and contacts show lights, and red ones are ordered.
func TestLightsFromTheCommandLine(t *testing.T) {
	ready := startSuite(t)
	s := newShell(t, ready.GRPC, ready.Key)
	var b strings.Builder
	b.WriteString("no,date,who,company,nps\n")
	for i := range 12 {
		company, nps := "bad", 1+i%3
		if i%2 == 0 {
			company, nps = "good", 10
		}
		fmt.Fprintf(&b, "%d,2026-01-05,w%02d,%s,%d\n", i, i%6, company, nps)
	}
	s.ok("import", "--mapping", writeFile(t, "accounts.yaml", accountsMapping), writeFile(t, "accounts.csv", b.String()))
	testkit.Eventually(t, testTimeout, func() error {
		got := message(s, &segmentationv1.ListLightsResponse{}, "lights", "--of", "company")
		if l := got.GetLights(); len(l) != 2 || l[0].GetName() != "companies/bad/light" || l[0].GetAnswerCount() != 6 || l[1].GetAnswerCount() != 6 {
			return fmt.Errorf("lights %v", got)
		}
		return nil
	})
	if out := s.ok("lights", "--of", "company"); !strings.Contains(out, "1 red, 0 amber, 1 green") || !strings.Contains(out, "bad") {
		t.Errorf("printed\n%s", out)
	}
	if got := message(s, &segmentationv1.ListLightsResponse{}, "lights", "--of", "contact", "--company", "bad", "--colour", "red"); len(got.GetLights()) != 3 {
		t.Errorf("red contacts of the bad company: %v", got)
	}
	order := message(s, &segmentationv1.ListWorkOrderResponse{}, "lights", "order", "--contacts", "2")
	if e := order.GetEntries(); len(e) != 1 || len(e[0].GetContacts()) != 2 || e[0].GetRedContactCount() != 3 {
		t.Errorf("order %v", order)
	}
	if out := s.ok("lights", "order", "--contacts", "2"); !strings.Contains(out, "- 1 more") {
		t.Errorf("printed\n%s", out)
	}
	if out := s.ok("lights", "policy", "preview", "--red-below", "1.01", "--amber-below", "1.02", "--limit", "9"); !strings.Contains(out, "red    green") || !strings.Contains(out, "companies/bad/light") {
		t.Errorf("preview\n%s", out)
	}
	s.ok("lights", "policy", "set", "--window-days", "3650", "--company-score", "contacts")
	if out := s.ok("lights", "policy"); !strings.Contains(out, "3650 days") || !strings.Contains(out, "mean of contacts") {
		t.Errorf("policy\n%s", out)
	}
	for _, wrong := range [][]string{{"lights", "policy", "set"}, {"lights", "policy", "set", "--mode", "dice"}, {"lights", "--of", "team"}, {"lights", "--of", "company", "--colour", "blue"}, {"lights", "--of", "company", "--limit", "-1"}} {
		if r := s.run(wrong...); r.code != exit.Usage {
			t.Errorf("%q: %+v", wrong, r)
		}
	}
}
