package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// The survey that is filled: a network of 200 places over a year, open 14 hours a day.
const (
	organization = "acme"
	survey       = "network"
	openingHour  = 7
	hoursOpen    = 14
	days         = 364
)

// firstDay is a Monday.
var firstDay = time.Date(2025, 1, 6, 0, 0, 0, 0, time.UTC)

// key is something to cut by, with the number of its values.
type key struct {
	name, column string
	values       int
}

// keys are those of every response. The region follows from the location; the others are independent, smaller codes more frequent.
var keys = []key{
	{"location", "location", 200}, {"region", "region", 8}, {"channel", "channel", 4}, {"touchpoint", "touchpoint", 6}, {"language", "language", 3},
	{"revision", "revision", 1}, {"attributes.age", "age", 7}, {"attributes.format", "format", 5}, {"attributes.gender", "gender", 3},
	{"attributes.sector", "sector", 12}, {"attributes.tariff", "tariff", 9}, {"attributes.vip", "vip", 2},
}

// Indices of keys.
const (
	location = 0
	region   = 1
	channel  = 2
	touch    = 3
	language = 4
	revision = 5
	age      = 6
)

// value is what a code of a key means.
func (k key) value(code uint8) string {
	if k.name == "revision" {
		return "1"
	}
	return fmt.Sprintf("%s-%d", k.column, code)
}

// asked is a question: all but the last are scored.
type asked struct {
	id    string
	kind  question.Kind
	scale question.Scale
	steps int
}

// questions are those of every response; one answer in twenty is missing.
var questions = []asked{
	{"nps", question.NPS, question.Scale0To10, 11}, {"csat", question.CSAT, question.Scale1To5, 5}, {"ces", question.CES, question.Scale1To7, 7},
	{"service", question.Rating, question.Scale1To10, 10}, {"why", question.Choice, question.Scale{}, 6},
}

// response is one row by its codes.
type response struct {
	at      time.Time
	keys    [12]uint8
	answers [5]int8 // steps from the scale's least value, or the option; -1 without an answer
}

// made is how many rows are made from one seed, so that any part of them can be made alone.
const made = 10_000

// generate makes rows first to end-1 of n, in the order of time. Both sides are filled by it.
func generate(n, first, end int, f func(i int, r *response) error) error {
	var random *rand.Rand
	var r response
	for i := first; i < end; i++ {
		if random == nil || i%made == 0 {
			random = rand.New(rand.NewPCG(6, uint64(i/made))) //nolint:gosec // the same rows every time
			for range i % made {
				r.draw(random)
			}
		}
		r.draw(random)
		at := float64(i) / float64(n) * days
		day := int(at)
		r.at = firstDay.AddDate(0, 0, day).Add(openingHour*time.Hour + time.Duration((at-float64(day))*hoursOpen*float64(time.Hour))).Truncate(time.Second)
		if err := f(i, &r); err != nil {
			return err
		}
	}
	return nil
}

func (r *response) draw(random *rand.Rand) {
	for i, k := range keys {
		r.keys[i] = uint8(min(random.IntN(k.values), random.IntN(k.values)))
	}
	r.keys[location] = uint8(random.IntN(keys[location].values))
	r.keys[region] = r.keys[location] % uint8(keys[region].values)
	for i, q := range questions {
		r.answers[i] = int8(max(random.IntN(q.steps), random.IntN(q.steps)))
		if random.IntN(20) == 0 {
			r.answers[i] = -1
		}
	}
}

// score is the answer to a scored question.
func (r *response) score(i int) question.Centi {
	return questions[i].scale.Min + question.Centi(r.answers[i])*questions[i].scale.Step
}

// option is the answer to the choice.
func option(code int8) string { return fmt.Sprintf("option-%d", code) }

// fact is the row as the service keeps it.
func (r *response) fact(i int) *fact.Fact {
	f := &fact.Fact{
		ID: fmt.Sprintf("r-%d", i), Survey: survey, Revision: 1, Population: fact.Customer, CountTime: r.at, ReceiveTime: r.at, Weight: 1, Respondent: fmt.Sprintf("p-%d", i),
		Context: fact.Context{
			Location: keys[location].value(r.keys[location]), Region: keys[region].value(r.keys[region]), Channel: keys[channel].value(r.keys[channel]),
			Touchpoint: keys[touch].value(r.keys[touch]), Language: keys[language].value(r.keys[language]),
		},
	}
	for k := age; k < len(keys); k++ {
		f.Context.Attributes = append(f.Context.Attributes, fact.Attribute{Name: keys[k].column, Value: keys[k].value(r.keys[k])})
	}
	for k, q := range questions {
		if r.answers[k] < 0 {
			continue
		}
		a := fact.Answer{Question: q.id, Kind: q.kind, Scale: q.scale, Present: true}
		if q.kind == question.Choice {
			a.Options, a.Present = []string{option(r.answers[k])}, false
		} else {
			a.Value = r.score(k)
		}
		f.Answers = append(f.Answers, a)
	}
	return f
}

// all is the period of all rows.
func all() calendar.Period {
	return calendar.Period{First: calendar.BucketOf(firstDay), End: calendar.BucketOf(firstDay.AddDate(0, 0, days))}
}
