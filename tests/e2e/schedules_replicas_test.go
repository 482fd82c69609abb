package e2e

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/tests/harness"
)

// TestReplicasMakeReportsOnce: of two processes of each service on PostgreSQL one makes an occurrence, also where several were missed while none ran, and each recipient
// gets it once.
func TestReplicasMakeReportsOnce(t *testing.T) {
	t.Parallel()
	s := startMailedOn(t, harness.Options{Layout: harness.Apart, Replicas: 2})
	const day = 24 * time.Hour
	to := []string{"a@example.com", "b@example.com", "c@example.com"}
	askREST(t, s.Suite, http.MethodPost, "/v1/reportSchedules", fmt.Sprintf(`{"reportScheduleId": "daily", "reportSchedule": {"displayName": "Daily", "report": "reports/daily-events",
		"languageCode": "en", "formats": ["REPORT_FORMAT_CSV"], "catchUp": "CATCH_UP_ALL", "recurrence": {"frequency": "FREQUENCY_DAILY", "minuteOfDay": %d, "timeZone": "UTC"},
		"recipients": [{"address": %q}, {"address": %q}, {"address": %q}]}}`, s.begun.UTC().Hour()*60+s.begun.UTC().Minute(), to[0], to[1], to[2]), nil)
	s.move(t, day)
	s.awaitRuns(t, "reportSchedules/daily", 1)
	s.move(t, 4*day)
	s.awaitRuns(t, "reportSchedules/daily", 4)
	for _, address := range to {
		ids := map[string]bool{}
		got := parcels(t, s.server, address)
		for _, p := range got {
			ids[p.id] = true
		}
		if len(got) != 4 || len(ids) != 4 {
			t.Errorf("%s has got %d reports, %d different ones, of 4", address, len(got), len(ids))
		}
	}
}

// awaitRuns waits until so many runs of a schedule are there, and all are delivered.
func (s *mailedSuite) awaitRuns(t *testing.T, name string, count int) {
	t.Helper()
	testkit.Eventually(t, patience, func() error {
		var out struct{ Runs []reportRun }
		askREST(t, s.Suite, http.MethodGet, "/v1/"+name+"/runs", "", &out)
		for _, r := range out.Runs {
			if r.State != "STATE_DELIVERED" {
				return fmt.Errorf("%+v", r)
			}
		}
		if len(out.Runs) != count {
			return fmt.Errorf("%d runs, not %d", len(out.Runs), count)
		}
		return nil
	})
}
