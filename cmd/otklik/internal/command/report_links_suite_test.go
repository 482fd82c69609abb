package command

import (
	"strings"
	"testing"
)

// Links to reports are made, listed and ended from the command line; what is refused says which flag or field is wrong.
func TestReportLinksFromTheCommandLine(t *testing.T) {
	ready := startSuite(t)
	sh, rest := newShell(t, ready.GRPC, ready.Key), newShell(t, ready.HTTP, ready.Key)
	sh.ok("import", "--mapping", writeFile(t, "shop.yaml", reportMapping), writeFile(t, "shop.csv", "no,date,place,nps,staff,prices,queue\n1,2026-02-15,osh,9,5,4,3\n"))
	contains(t, sh.ok("report", "links", "list"), "no links")
	address := strings.TrimSpace(sh.ok("report", "links", "create", "executive-summary", "--survey", "shop", "--id", "board", "--name", "The board", "--format", "pdf,csv", "--expires", "48h"))
	if !strings.Contains(address, "/r/") {
		t.Errorf("the address is %q", address)
	}
	listed := rest.ok("report", "links", "list")
	for _, part := range []string{"board", "The board", "executive-summary", "active"} {
		contains(t, strings.ToLower(listed), strings.ToLower(part))
	}
	if secret := address[strings.LastIndex(address, "/")+1:]; strings.Contains(listed, secret) {
		t.Error("the list tells the secret")
	}
	contains(t, rest.ok("report", "links", "list", "--json"), "reportShares/board")
	for wrong, args := range map[string][]string{
		"expires": {"executive-summary", "--survey", "shop", "--expires", "never"}, "format": {"executive-summary", "--format", "clay"}, "report_share.report": {"staff-review", "--survey", "shop"},
		"SURVEY_NOT_FOUND": {"executive-summary", "--survey", "nothing"},
	} {
		if r := sh.run(append([]string{"report", "links", "create"}, args...)...); r.code == 0 || !strings.Contains(r.err, wrong) {
			t.Errorf("%v: %d %s", args, r.code, r.err)
		}
	}
	sh.ok("report", "links", "delete", "board")
	contains(t, rest.ok("report", "links", "list"), "no links")
	schedule := []string{"report", "schedule", "create", "weekly", "--report", "executive-summary", "--every", "daily", "--to", "boss@example.org"}
	contains(t, sh.ok(append(schedule, "--survey", "shop")...), "first at ")
	schedule[3] = "other"
	if r := sh.run(append(schedule, "--survey", "nothing")...); r.code == 0 || !strings.Contains(r.err, "SURVEY_NOT_FOUND") {
		t.Errorf("a schedule of no survey: %d %s", r.code, r.err)
	}
}
