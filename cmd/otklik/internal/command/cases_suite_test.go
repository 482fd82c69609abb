package command

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// bad is one bad answer.
const bad = "no,date,place,nps,overall\n1,%s,osh,2,1\n"

func contains(t *testing.T, text, part string) {
	t.Helper()
	if !strings.Contains(text, part) {
		t.Errorf("%q is not in:\n%s", part, text)
	}
}

// A bad answer opens a case, which is claimed, worked on and closed once.
func TestCasesFromTheCommandLine(t *testing.T) {
	ready := startSuite(t)
	sh, rest := newShell(t, ready.GRPC, ready.Key), newShell(t, ready.HTTP, ready.Key)
	contains(t, sh.ok("cases"), "no cases")
	contains(t, sh.ok("cases", "rules", "list"), "no case rules")
	hours := writeFile(t, "hours.yaml", `{timeZone: Asia/Bishkek, days: [{day: monday, hours: [{start: "09:00", end: "18:00"}]}], holidays: [{date: "2026-03-21", displayName: Nooruz}]}`)
	contains(t, rest.ok("cases", "calendar", "set", hours), "Nooruz")
	contains(t, sh.ok("cases", "calendar"), "09:00–18:00")
	contains(t, sh.ok("recoveries"), "no recoveries")
	contains(t, sh.ok("recoveries", "rate", "--from", "2026-01"), "INVITED")
	contains(t, rest.ok("recoveries", "policy"), "SURVEY")
	rule := writeFile(t, "rule.yaml", "{displayName: Low score, score: {question: nps, atMost: 6}, queue: care, severity: high, sla: {firstResponse: 3600s, resolution: 28800s}}")
	contains(t, sh.ok("cases", "rules", "create", "low", rule), "nps ≤ 6")
	contains(t, rest.ok("cases", "rules", "list"), "low")
	sh.ok("import", "--mapping", writeFile(t, "places.yaml", placesMapping), writeFile(t, "bad.csv", fmt.Sprintf(bad, time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly))))
	var opened *segmentationv1.Case
	testkit.Eventually(t, testTimeout, func() error {
		got := message(sh, &segmentationv1.ListCasesResponse{}, "cases", "list", "--queue", "care", "--unowned")
		if len(got.GetCases()) != 1 {
			return fmt.Errorf("%d cases", len(got.GetCases()))
		}
		opened = got.GetCases()[0]
		return nil
	})
	id := idOf(opened.GetName())
	contains(t, sh.ok("cases", "list", "--location", "osh"), "locations/osh")
	contains(t, rest.ok("cases", "claim", "--queue", "care", "--owner", "ann"), "assigned")
	contains(t, sh.ok("cases", "move", id, "waiting_customer"), "waiting_customer")
	contains(t, sh.ok("cases", "note", id, "called"), "ann")
	contains(t, sh.ok("cases", "move", id, "resolved", "--cause", "process"), "resolved")
	contains(t, rest.ok("cases", "close", id), "closed")
	if r := sh.run("cases", "close", id); r.code == 0 || !strings.Contains(r.err, "CLOSED already") {
		t.Errorf("closed twice: %d %s", r.code, r.err)
	}
	contains(t, rest.ok("cases", "show", id), "called")
	contains(t, sh.ok("cases", "show", id), "surveys/shop/responses/visit-1")
	contains(t, sh.ok("cases", "list"), "no cases")
	contains(t, rest.ok("cases", "list", "--state", "closed"), id)
	sh.ok("cases", "rules", "delete", "low")
	contains(t, sh.ok("cases", "rules", "list"), "no case rules")
}
