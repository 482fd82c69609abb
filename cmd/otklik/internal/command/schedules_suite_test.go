package command

import (
	"strings"
	"testing"
)

// A report is scheduled, run, looked after, paused and deleted from the command line.
func TestReportSchedulesFromTheCommandLine(t *testing.T) {
	ready := startSuite(t)
	sh, rest := newShell(t, ready.GRPC, ready.Key), newShell(t, ready.HTTP, ready.Key)
	contains(t, sh.ok("report", "schedule", "list"), "no schedules")
	create := []string{"report", "schedule", "create", "month-end", "--report", "closed-loop", "--every", "half-yearly", "--month", "6", "--format", "html,csv",
		"--at", "07:30", "--time-zone", "Asia/Bishkek", "--to", "boss@example.org"}
	contains(t, sh.ok(append(create, "--day", "-1")...), "first at ")
	contains(t, rest.ok("report", "schedule", "list"), "closed-loop")
	create[3] = "other"
	for flag, args := range map[string][]string{"day_of_month": {"--every", "yearly", "--month", "2", "--day", "31", "--short-month", "skip"}, "--at": {"--day", "1", "--at", "25:00"}, "--every": {"--every", "hourly"}} {
		if r := sh.run(append(create, args...)...); r.code == 0 || !strings.Contains(r.err, flag) {
			t.Errorf("%v: %d %s", args, r.code, r.err)
		}
	}
	contains(t, sh.ok("report", "schedule", "run", "month-end"), "reportSchedules/month-end/runs/manual-")
	runs := sh.ok("report", "schedule", "runs", "month-end")
	contains(t, runs, "manual-")
	run := strings.Fields(strings.Split(strings.TrimSpace(runs), "\n")[1])[0]
	contains(t, rest.ok("report", "schedule", "deliveries", "month-end", run), "boss@example.org")
	contains(t, rest.ok("report", "schedule", "pause", "month-end"), "paused")
	contains(t, sh.ok("report", "schedule", "resume", "month-end"), "next at ")
	contains(t, sh.ok("report", "schedule", "cadences"), "overdue")
	sh.ok("report", "schedule", "delete", "month-end")
	contains(t, rest.ok("report", "schedule", "list"), "no schedules")
}
