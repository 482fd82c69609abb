package suite

import "testing"

// TestZonesAgree: who names the time zone of one service means that of the other, too, unless it has its own.
func TestZonesAgree(t *testing.T) {
	t.Parallel()
	const bishkek, almaty = "Asia/Bishkek", "Asia/Almaty"
	for _, c := range []struct{ scoring, reporting, wantScoring, wantReporting string }{
		{"", "", "", ""}, {bishkek, "", bishkek, bishkek}, {"", bishkek, bishkek, bishkek}, {bishkek, almaty, bishkek, almaty},
	} {
		config := DefaultConfig()
		if config.Scoring.TimeZone != "" || config.Reporting.TimeZone != "" {
			t.Fatal("a default hides what the other one names")
		}
		config.Scoring.TimeZone, config.Reporting.TimeZone = c.scoring, c.reporting
		if scoring, reporting := config.zones(); scoring != c.wantScoring || reporting != c.wantReporting {
			t.Errorf("of %q and %q are made %q and %q", c.scoring, c.reporting, scoring, reporting)
		}
	}
}
