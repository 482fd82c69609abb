package alert

import (
	"slices"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/metric"
)

// Subject is what a rule watches.
type Subject struct {
	Survey   string
	Metric   metric.ID
	Variant  metric.Variant
	Question string
	// UnitKey is the key whose values are the units; empty for one unit.
	UnitKey string
	Filter  string
	// Population says who was asked.
	Population fact.Population
	// Grain is the length of periods, TimeZone where they begin.
	Grain    calendar.Grain
	TimeZone string
}

// Silence is a time in which alerts are noted but not told.
type Silence struct {
	Start, End time.Time
	// Units are those that are silent; none means all.
	Units     []string
	Reason    string
	CreatedBy string
}

// holds tells whether a unit is silent in the period that ends at a moment: whether its last moment lies within the silence.
func (s Silence) holds(unit string, end time.Time) bool {
	return s.Start.Before(end) && !s.End.Before(end) && (len(s.Units) == 0 || slices.Contains(s.Units, unit))
}

// Rule says what is watched, and how. It is stored as JSON: its fields, and those of what it holds, keep their names.
type Rule struct {
	Organization, ID string
	DisplayName      string
	Subject
	Params
	Silences []Silence
	Disabled bool
	// Revision counts the changes from 1.
	Revision               int64
	CreateTime, UpdateTime time.Time
	// UpdatedBy is who changed it last.
	UpdatedBy string
}

// Silent tells whether a unit is silent in the period that ends at a moment.
func (r *Rule) Silent(unit string, end time.Time) bool {
	return slices.ContainsFunc(r.Silences, func(s Silence) bool { return s.holds(unit, end) })
}

// Hush says what becomes at once of alerts that are open when a silence is entered at a moment.
func (r *Rule) Hush(current []Alert, now time.Time) []Update {
	var updates []Update
	for _, a := range current {
		if a.State != Open {
			continue
		}
		// The present moment belongs to a silence that begins with it.
		if next, kind := a.hushed(r.Silent(a.Unit, now.Add(1)), now); kind != 0 {
			updates = append(updates, Update{Alert: next, Kind: kind})
		}
	}
	return updates
}

// mostHistory bounds how many periods before an evaluation are looked at beyond what a chart needs.
const mostHistory = 2000

// Window is the time whose periods an evaluation of the period that ends at a moment needs: from the start of the baseline's first period on for first
// periods, else as many periods as the chart remembers.
func (r *Rule) Window(end time.Time, loc *time.Location) (start time.Time) {
	if !r.Baseline.Fixed() && r.Baseline.Value == nil {
		return r.Baseline.Start
	}
	floor := end
	for range mostHistory {
		// The moment before the start of a period lies in the one before.
		floor = calendar.StepStart(floor.Add(-1), r.Grain, loc)
		if r.Baseline.Fixed() && !floor.After(r.Baseline.End) {
			return latest(floor, r.Baseline.End)
		}
	}
	return floor
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
