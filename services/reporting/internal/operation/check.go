package operation

import (
	"math"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	// LongestShift is how long somebody works at a stretch at most.
	LongestShift = 48 * time.Hour
	// mostCriteria is how many criteria a checklist has at most, mostLocations for how many locations a policy is named at most.
	mostCriteria, mostLocations = 200, 1000
	// mostWeight is the greatest weight of a criterion.
	mostWeight = 1_000_000
)

// earliest is the first time that is taken, as everywhere in the suite.
var earliest = time.Date(1700, 1, 1, 0, 0, 0, 0, time.UTC) //nolint:gochecknoglobals // a constant

// Emotions are the names of emotions.
var Emotions = []string{"joy", "neutral", "sadness", "anger", "surprise", "fear", "disgust"} //nolint:gochecknoglobals // a table

// Check tells what is wrong with a record by itself. zone is where its day begins and ends.
func (r Record) Check(now time.Time, zone *time.Location) []Problem {
	var c checks
	is := r.Kind.about()
	c.key(r, is)
	c.places(r, is)
	c.times(r, is, now, zone)
	switch r.Kind {
	case Visitors:
		c.count("visitors", r.Visitors)
	case Sales:
		c.count("visitors", r.Visitors)
		c.count("receipts", r.Receipts)
		c.amount("revenue", r.Revenue, r.Currency)
		c.quantity("units", r.Units)
		c.sales(r)
	case Receipt:
		c.amount("amount", r.Revenue, r.Currency)
		c.quantity("units", r.Units)
	case Presses:
		c.presses(r)
	case MysteryVisit:
		c.criteria(r.Criteria)
	case Terminal:
		c.terminal(r)
	case Emotion:
		c.emotion(r)
	case PolicyChange:
		if r.Policy == 0 || r.Policy > Other {
			c.add("policy", Missing, "must be prices, assortment, loyalty, standards or other")
		}
		c.text("description", r.Description)
	case Shift:
		c.identifier("role", r.Role)
	}
	return c.found
}

func (c *checks) key(r Record, is about) {
	switch {
	case r.Key == "" && is.named:
		c.add("id", Missing, "must be given: records of this kind are told apart by it")
	case strings.HasPrefix(r.Key, madePrefix) && r.Key != r.MadeKey():
		c.add("id", Malformed, "must not begin with "+madePrefix+", as identifiers do that are made here")
	}
	c.identifier("id", r.Key)
}

func (c *checks) places(r Record, is about) {
	c.identifier("location", r.Location)
	c.identifier("employee", r.Employee)
	c.identifier("device", r.Device)
	for _, l := range r.Locations {
		c.identifier("location", l)
	}
	switch {
	case r.Location == "" && !is.everywhere:
		c.add("location", Missing, "must be given")
	case len(r.Locations) > mostLocations:
		c.add("location", OutOfRange, "must be 1,000 locations at most; none means all")
	}
	if r.Employee == "" && r.Kind == Shift {
		c.add("employee", Missing, "must be given: a shift is somebody's")
	}
}

func (c *checks) times(r Record, is about, now time.Time, zone *time.Location) {
	switch {
	case r.Start.IsZero():
		c.add("start_time", Missing, "must be given")
		return
	case r.Start.Before(earliest):
		c.add("start_time", OutOfRange, "must be in 1700 or later")
	case r.Start.After(now.Add(is.ahead)):
		c.add("start_time", InFuture, "lies in the future")
	}
	switch {
	case r.End.Before(r.Start):
		c.add("end_time", Contradictory, "must not lie before start_time")
	case is.interval && !is.momentary && r.End.Equal(r.Start):
		c.add("end_time", Missing, "must be given and lie after start_time; in a table also by the length of all intervals, or by days without a time")
	case !is.interval && !r.End.Equal(r.Start):
		c.add("end_time", Contradictory, "must be left out: it is of a moment")
	case is.daily && r.End.After((DayOf(r.Start.In(zone)) + 1).In(zone)):
		c.add("end_time", SpansDays, "must lie on the day on which it begins, in the time zone "+zone.String()+": split it at midnight, or state the time zone that its days are of")
	case r.Kind == Shift && r.End.Sub(r.Start) > LongestShift:
		c.add("end_time", OutOfRange, "must lie 48 hours after start_time at most")
	}
}

// sales tells where revenue cannot be traffic × conversion × check. Less than nothing may be taken without a receipt: a return is none.
func (c *checks) sales(r Record) {
	if r.CountsVisitors && r.Visitors == 0 && r.Receipts > 0 {
		c.add("visitors", Inconsistent, "must be greater than 0 where there are receipts: the visitor counter did not count; correct the number, or leave visitors out")
	}
	if r.Receipts == 0 && r.Revenue > 0 {
		c.add("receipts", Inconsistent, "must be greater than 0 where there is revenue: correct the number that is wrong; revenue without a receipt may only be negative, of returns")
	}
}

func (c *checks) presses(r Record) {
	c.count("consultations", r.Consultations)
	c.count("likes", r.Likes)
	c.count("dislikes", r.Dislikes)
	c.count("helps", r.Helps)
	if r.Start.Equal(r.End) && r.Consultations == 0 && r.Likes == 0 && r.Dislikes == 0 && r.Helps == 0 {
		c.add("press", Missing, "must be like, dislike, consultation or help, or their numbers; an interval without any needs its end_time")
	}
}

func (c *checks) criteria(list []Criterion) {
	if len(list) == 0 || len(list) > mostCriteria {
		c.add("criterion", OutOfRange, "must be from 1 to 200 criteria of a visit")
	}
	known := make(map[string]bool, len(list))
	for _, criterion := range list {
		switch {
		case criterion.Name == "":
			c.add("criterion", Missing, "must be given")
		case known[criterion.Name]:
			c.add("criterion", Repeated, "is there twice in the same visit")
		case utf8.RuneCountInString(criterion.Name) > longest || !utf8.ValidString(criterion.Name):
			c.add("criterion", TooLong, "must be UTF-8 of 128 characters at most")
		}
		known[criterion.Name] = true
		if !(criterion.Weight > 0) || criterion.Weight > mostWeight {
			c.add("weight", OutOfRange, "must be greater than 0 and at most 1,000,000")
		}
		if criterion.Outcome == 0 || criterion.Outcome > NotApplicable {
			c.add("outcome", Missing, "must be pass, fail or not_applicable")
		}
	}
}

func (c *checks) terminal(r Record) {
	c.count("shown", r.Shown)
	c.count("begun", r.Begun)
	c.count("completed", r.Completed)
	c.count("in_service_seconds", r.InService)
	if r.Completed > r.Begun {
		c.add("completed", Contradictory, "must not be greater than begun")
	}
	if time.Duration(r.InService)*time.Second > r.End.Sub(r.Start) {
		c.add("in_service_seconds", Contradictory, "must not be longer than the interval")
	}
}

func (c *checks) emotion(r Record) {
	if r.Subject == 0 || r.Subject > Seller {
		c.add("subject", Missing, "must be buyer or seller")
	}
	if r.Subject == Buyer && r.Employee != "" {
		c.add("employee", Contradictory, "must be left out where the subject is a buyer")
	}
	known := false
	for _, e := range Emotions {
		known = known || e == r.Emotion
	}
	if !known {
		c.add("emotion", Malformed, "must be one of "+strings.Join(Emotions, ", "))
	}
	if math.IsNaN(r.Score) || r.Score < 0 || r.Score > 1 {
		c.add("score", OutOfRange, "must lie between 0 and 1")
	}
}
