package alert_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/stat"
	"github.com/otklik/otklik/services/scoring/internal/alert"
)

// verdict is what an evaluation says of unit u: off its baseline by a change, or within its limits when that is 0.
func verdict(change float64) alert.Verdict {
	return alert.Verdict{
		Unit: "u", Outside: change != 0, Family: 3, Q: 0.01,
		Finding: alert.Finding{Change: change, P: 0.001, Interval: &stat.Interval{Low: change - 5, High: change + 5}},
	}
}

// life plays days of one unit; nil stands for a day on which it is not judged. It returns the alerts that there were, and what was told on which day.
func life(r *alert.Rule, changes ...*float64) (all []alert.Alert, told map[int][]alert.Kind) {
	told = make(map[int][]alert.Kind)
	var open []alert.Alert
	for d, c := range changes {
		e := alert.Evaluation{End: day(d + 1), AsOf: day(d + 1)}
		if c != nil {
			e.Verdicts = []alert.Verdict{verdict(*c)}
		}
		updates := r.Advance(open, e)
		open = nil
		for _, u := range updates {
			if u.Kind != 0 {
				told[d] = append(told[d], u.Kind)
			}
			if u.Alert.State == alert.Resolved {
				all = append(all, u.Alert)
			} else {
				open = append(open, u.Alert)
			}
		}
	}
	return append(all, open...), told
}

func v(x float64) *float64 { return &x }

func rule() *alert.Rule {
	return &alert.Rule{Params: alert.Params{ResolveAfter: 2}.WithDefaults(), Revision: 1}
}

func TestAChangeIsOneAlert(t *testing.T) {
	t.Parallel()
	// It flickers, is not judged for a day, and is over after two days within the limits.
	all, told := life(rule(), v(0), v(-20), v(0), v(-21), nil, v(-19), v(0), v(0), v(0))
	if len(all) != 1 {
		t.Fatalf("%d alerts", len(all))
	}
	a := all[0]
	if a.State != alert.Resolved || a.Resolution != alert.Back || a.Direction != alert.Down || !a.FirstSeen.Equal(day(2)) || !a.LastSeen.Equal(day(6)) || !a.ResolveTime.Equal(day(8)) {
		t.Errorf("alert %+v", a)
	}
	if len(told) != 2 || told[1][0] != alert.Opened || told[7][0] != alert.Ended {
		t.Errorf("told %v", told)
	}
	if len(a.Life) != 2 {
		t.Errorf("life %+v", a.Life)
	}
}

func TestASizeThatIsNoLongerTrueIsToldAgain(t *testing.T) {
	t.Parallel()
	// Within 5 of what was told nothing is told.
	all, told := life(rule(), v(-20), v(-24), v(-26), v(-30))
	if len(all) != 1 || len(told) != 2 || told[2][0] != alert.Changed {
		t.Errorf("%+v, told %v", all, told)
	}
}

func TestAChangeTheOtherWayIsAnotherAlert(t *testing.T) {
	t.Parallel()
	all, told := life(rule(), v(-20), v(20))
	if len(all) != 2 || all[0].Resolution != alert.Reversed || all[1].Direction != alert.Up || len(told[1]) != 2 {
		t.Errorf("%+v, told %v", all, told)
	}
}

func TestSilence(t *testing.T) {
	t.Parallel()
	r := rule()
	r.Silences = []alert.Silence{{Start: day(0), End: day(3), Units: []string{"u"}}}
	t.Run("what lasts longer is told when it ends", func(t *testing.T) {
		t.Parallel()
		all, told := life(r, v(-20), v(-20), v(-20), v(-20))
		if len(all) != 1 || all[0].State != alert.Open || len(told) != 1 || told[3][0] != alert.Opened || !all[0].FirstSeen.Equal(day(1)) {
			t.Errorf("%+v, told %v", all, told)
		}
	})
	t.Run("what is over by then is never told", func(t *testing.T) {
		t.Parallel()
		all, told := life(r, v(-20), v(0), v(0), v(0))
		if len(all) != 1 || all[0].State != alert.Resolved || len(told) != 0 {
			t.Errorf("%+v, told %v", all, told)
		}
	})
	t.Run("others are heard", func(t *testing.T) {
		t.Parallel()
		other := rule()
		other.Silences = []alert.Silence{{Start: day(0), End: day(3), Units: []string{"w"}}}
		if _, told := life(other, v(-20)); len(told) != 1 {
			t.Errorf("told %v", told)
		}
	})
	t.Run("what is open is silenced at once", func(t *testing.T) {
		t.Parallel()
		open, _ := life(rule(), v(-20))
		silent := rule()
		silent.Silences = []alert.Silence{{Start: day(1), End: day(9)}}
		updates := silent.Hush(open, day(1))
		if len(updates) != 1 || updates[0].Kind != alert.Changed || updates[0].Alert.State != alert.Silenced {
			t.Errorf("%+v", updates)
		}
	})
}

func TestAUnitThatFallsSilentIsNotAlarmingForEver(t *testing.T) {
	t.Parallel()
	changes := append([]*float64{v(-20)}, make([]*float64, 40)...)
	all, _ := life(rule(), changes...)
	if len(all) != 1 || all[0].Resolution != alert.SilentUnit {
		t.Errorf("%+v", all)
	}
}

// TestLivesOfAlerts: whatever is found, a unit has at most one alert that is not over, each is opened once, and nothing is told of it before or after.
func TestLivesOfAlerts(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		r := rule()
		if rapid.Bool().Draw(t, "silence") {
			from := rapid.IntRange(0, 20).Draw(t, "from")
			r.Silences = []alert.Silence{{Start: day(from), End: day(from + rapid.IntRange(1, 10).Draw(t, "length"))}}
		}
		var open []alert.Alert
		opened := 0
		for d := range 30 {
			e := alert.Evaluation{End: day(d + 1), AsOf: day(d + 1)}
			if rapid.IntRange(0, 9).Draw(t, "judged") > 0 {
				e.Verdicts = []alert.Verdict{verdict(rapid.SampledFrom([]float64{0, 0, -20, 20, -40}).Draw(t, "change"))}
			}
			updates := r.Advance(open, e)
			open = nil
			for _, u := range updates {
				switch u.Kind {
				case alert.Opened:
					opened++
				case alert.Ended:
					opened--
				case alert.Changed:
					if opened != 1 {
						t.Fatalf("day %d: a change of an alert that was not told", d)
					}
				}
				if u.Kind != 0 && u.Kind != alert.Ended && u.Alert.State == alert.Silenced && u.Alert.Told == nil {
					t.Fatalf("day %d: what is silenced is told: %+v", d, u)
				}
				if u.Alert.State != alert.Resolved {
					open = append(open, u.Alert)
				}
			}
			if len(open) > 1 || opened < 0 || opened > 1 {
				t.Fatalf("day %d: %d alerts are not over, %d told", d, len(open), opened)
			}
			if len(e.Verdicts) > 0 && e.Verdicts[0].Outside && len(open) == 0 {
				t.Fatalf("day %d: nobody notes that the unit is outside", d)
			}
		}
	})
}

func TestEndsOfRules(t *testing.T) {
	t.Parallel()
	open, _ := life(rule(), v(-20))
	u := open[0].End(time.Unix(9, 0))
	if u.Kind != alert.Ended || u.Alert.State != alert.Resolved || u.Alert.Resolution != alert.RuleChanged {
		t.Errorf("%+v", u)
	}
}
