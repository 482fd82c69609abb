package alert

import (
	"slices"
	"time"

	"github.com/otklik/otklik/libs/stat"
)

// State is how an alert stands. The numbers are stored, and are those of the API: they never change.
type State uint8

// States.
const (
	// Open: the score is off its baseline.
	Open State = 1
	// Silenced: the score is off its baseline in a time of silence.
	Silenced State = 2
	// Resolved: it is over.
	Resolved State = 3
)

// Direction is which way a score changed. The numbers are stored, and are those of the API: they never change.
type Direction uint8

// Directions.
const (
	Up   Direction = 1
	Down Direction = 2
)

// Resolution is why an alert is over. The numbers are stored, and are those of the API: they never change.
type Resolution uint8

// Resolutions.
const (
	// Back: the statistic was within its limits as often as the rule asks.
	Back Resolution = 1
	// Reversed: the score changed the other way, of which another alert tells.
	Reversed Resolution = 2
	// RuleChanged: the rule watches something else by now, or is gone.
	RuleChanged Resolution = 3
	// SilentUnit: the unit was not judged for so long that nothing is known of it.
	SilentUnit Resolution = 4
)

// idleAfter is after how many evaluations in a row in which its unit was not judged an alert is over.
const idleAfter = 30

// mostLife is how many steps of its life an alert keeps.
const mostLife = 100

// Alert is a change that was found. It is stored as JSON: its fields, and those of what it holds, keep their names.
type Alert struct {
	// Number tells alerts apart. It is given by the store, ascending.
	Number int64
	// Subject is what the rule watched.
	Subject    Subject
	Unit       string
	State      State
	Direction  Direction
	Resolution Resolution
	// Verdict is what the last evaluation said that judged the unit and found it outside.
	Verdict Verdict
	// FirstSeen and LastSeen are the ends of the first and the last period in which it was seen, ResolveTime the end of the one with which it was over.
	FirstSeen, LastSeen, ResolveTime time.Time
	// AsOf is up to when answers were counted when it was judged last, Revision the revision of the rule.
	AsOf     time.Time
	Revision int64
	// Inside is how many evaluations in a row found the unit within its limits, Idle how many in a row did not judge it.
	Inside, Idle int
	// Told is the size of the change that was told last; nil when nothing was.
	Told *float64
	// Life is what became of it, the oldest first.
	Life []Step
}

// Step is one step in the life of an alert.
type Step struct {
	State    State
	Time     time.Time
	Change   float64
	Interval *stat.Interval
	P        float64
}

// Kind is what happened to an alert. The numbers are stored, and are those of the API: they never change.
type Kind uint8

// Kinds.
const (
	Opened  Kind = 1
	Changed Kind = 2
	Ended   Kind = 3
)

// Update is an alert that is new or has changed, and what is told of that.
type Update struct {
	Alert Alert
	// Kind is what is told; 0 for nothing.
	Kind Kind
}

// Evaluation is one evaluation of a rule: the period that ended, and what was found in it.
type Evaluation struct {
	// End is the end of the period, AsOf up to when answers were counted.
	End, AsOf time.Time
	Verdicts  []Verdict
}

// Advance says what becomes of the alerts of a rule that are not over with an evaluation. A change is told when it is found, when its size is no longer what
// was told, and when it is over; in silence nothing is, but that a change is over which was told before.
func (r *Rule) Advance(current []Alert, e Evaluation) []Update {
	verdicts := make(map[string]Verdict, len(e.Verdicts))
	for _, v := range e.Verdicts {
		verdicts[v.Unit] = v
	}
	var updates []Update
	covered := make(map[string]bool, len(current))
	for _, a := range current {
		v, judged := verdicts[a.Unit]
		next, kind := r.next(a, v, judged, e)
		updates = append(updates, Update{Alert: next, Kind: kind})
		covered[a.Unit] = next.State != Resolved || next.Resolution != Reversed
	}
	for _, v := range e.Verdicts {
		if v.Outside && !covered[v.Unit] {
			updates = append(updates, r.open(v, e))
		}
	}
	return updates
}

// open is a new alert.
func (r *Rule) open(v Verdict, e Evaluation) Update {
	a := Alert{Subject: r.Subject, Unit: v.Unit, Direction: v.direction(), FirstSeen: e.End, State: Silenced}
	a.see(v, e, r.Revision)
	kind := Kind(0)
	if !r.Silent(v.Unit, e.End) {
		a.State, kind = Open, Opened
		a.Told = &v.Change
	}
	a.live(e.End)
	return Update{Alert: a, Kind: kind}
}

// next is what becomes of one alert, and what is told of it.
func (r *Rule) next(a Alert, v Verdict, judged bool, e Evaluation) (Alert, Kind) {
	switch {
	case !judged:
		if a.Idle++; a.Idle >= idleAfter {
			return a.resolve(SilentUnit, e.End)
		}
		return r.hush(a, e.End)
	case v.Outside && v.direction() != a.Direction:
		return a.resolve(Reversed, e.End)
	case !v.Outside:
		a.Idle = 0
		if a.Inside++; a.Inside >= r.ResolveAfter {
			return a.resolve(Back, e.End)
		}
		return r.hush(a, e.End)
	}
	a.Inside, a.Idle = 0, 0
	a.see(v, e, r.Revision)
	if a, kind := r.hush(a, e.End); kind != 0 {
		return a, kind
	}
	if a.State == Open && a.Told != nil && v.Interval != nil && !v.Interval.Contains(*a.Told) {
		a.Told = &v.Change
		a.live(e.End)
		return a, Changed
	}
	return a, 0
}

// hush silences an alert in a time of silence, and opens one that is no longer in one.
func (r *Rule) hush(a Alert, end time.Time) (Alert, Kind) {
	return a.hushed(r.Silent(a.Unit, end), end)
}

// hushed is the alert silenced or open, and what is told of that: nothing when a change was never told and is not now.
func (a Alert) hushed(silent bool, at time.Time) (Alert, Kind) {
	switch {
	case silent && a.State == Open:
		a.State = Silenced
		a.live(at)
		return a, Changed
	case !silent && a.State == Silenced && a.Inside == 0:
		kind := Changed
		if a.Told == nil {
			kind = Opened
		}
		a.State, a.Told = Open, &a.Verdict.Change
		a.live(at)
		return a, kind
	}
	return a, 0
}

// see notes what an evaluation found.
func (a *Alert) see(v Verdict, e Evaluation, revision int64) {
	a.Verdict, a.LastSeen, a.AsOf, a.Revision = v, e.End, e.AsOf, revision
}

// resolve ends an alert. It is told when the alert was.
func (a Alert) resolve(why Resolution, at time.Time) (Alert, Kind) {
	a.State, a.Resolution, a.ResolveTime = Resolved, why, at
	a.live(at)
	if a.Told == nil {
		return a, 0
	}
	return a, Ended
}

// End ends an alert because its rule watches something else, or is gone.
func (a Alert) End(at time.Time) Update {
	next, kind := a.resolve(RuleChanged, at)
	return Update{Alert: next, Kind: kind}
}

// live adds a step to the life of an alert.
func (a *Alert) live(at time.Time) {
	life := append(slices.Clone(a.Life), Step{State: a.State, Time: at, Change: a.Verdict.Change, Interval: a.Verdict.Interval, P: a.Verdict.P})
	a.Life = life[max(0, len(life)-mostLife):]
}

func (v Verdict) direction() Direction {
	if v.Change < 0 {
		return Down
	}
	return Up
}
