package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// lightsFollower is a follower that stores answers.
const lightsFollower = "lights"

// answering stores answers as a follower does.
type answering struct {
	t   testing.TB
	s   store.Store
	now time.Time
	at  int64
}

// apply stores a batch.
func (a *answering) apply(changes ...store.AnswerChange) {
	a.t.Helper()
	must(a.t, "apply answers", a.s.ApplyAnswers(a.t.Context(), lightsFollower, store.LightBatch{From: a.at, To: a.at + 1, Now: a.now, Changes: changes}))
	a.at++
}

// count counts what is to be counted, until nothing is.
func (a *answering) count() {
	a.t.Helper()
	for range 10_000 {
		more, err := a.s.CountLights(a.t.Context(), a.now)
		must(a.t, "count lights", err)
		if !more {
			return
		}
	}
	a.t.Fatal("counting lights does not end")
}

// ofScore is the value of a score on 1..10.
func ofScore(score float64) light.Value { return light.Value((score - 1) / 9 * light.Resolution) }

// lightPerson is the pseudonym of a person.
func lightPerson(n int) []byte { return fmt.Appendf(nil, "person-%09d", n) }

// lightAnswer is that a person answered about a company, with scores of a survey's questions.
func lightAnswer(organization, response string, person int, company string, at time.Time, scores ...float64) store.AnswerChange {
	c := store.AnswerChange{Organization: organization, Row: light.Row{Survey: "visits", Response: response, Company: company, Time: at}}
	if person > 0 {
		c.Person = lightPerson(person)
	}
	for i, s := range scores {
		c.Row.Answers = append(c.Row.Answers, light.Answer{Question: fmt.Sprint("q", i), Value: ofScore(s)})
	}
	return c
}

// lightRemoval is that a response was removed.
func lightRemoval(organization, response, erasure string) store.AnswerChange {
	return store.AnswerChange{Organization: organization, Row: light.Row{Survey: "visits", Response: response}, Removed: true, Erasure: erasure}
}

// lightColours are those of the lights of a kind, by unit.
func lightColours(t testing.TB, s store.Store, kind light.Kind) map[string]string {
	t.Helper()
	out := map[string]string{}
	must(t, "read lights", s.EachLight(t.Context(), acme, kind, func(l store.LightSummary) error {
		if l.Colour != light.NoColour {
			out[l.Unit] = l.Colour.String()
		}
		return nil
	}))
	return out
}

// lightsTold are the events of lights, as `kind unit: previous>colour`.
func lightsTold(t testing.TB, s store.Store) []string {
	t.Helper()
	events, _, err := s.OutboxEvents(t.Context(), acme, 0, 1000)
	must(t, "read outbox", err)
	var out []string
	for _, e := range events {
		if e.Kind != store.LightChanged {
			continue
		}
		var body store.LightChange
		must(t, "decode", store.DecodeBody(e, &body))
		told := fmt.Sprintf("%s %s: %s>%s", body.Of, body.Unit, body.Previous, body.Colour)
		if body.Rejudged {
			told += " by another policy"
		}
		out = append(out, told)
	}
	return out
}

// recountLights judges all answers of an organisation by counting them.
func recountLights(t testing.TB, s store.Store, organization string) map[light.Unit]light.Reading {
	t.Helper()
	p, err := s.LightPolicy(t.Context(), organization)
	must(t, "read policy", err)
	out := map[light.Unit]light.Reading{}
	must(t, "recount", light.Recount(p.Judging, p.Edges, s.Answers(t.Context(), organization), func(u light.Unit, sums *light.Periods) error {
		r, err := p.Judging.Judge(u.Kind, sums)
		out[u] = r
		return err
	}))
	return out
}

// lightsStand fails the test where the lights of an organisation are not what a recount says.
func lightsStand(t testing.TB, s store.Store, organization string) {
	t.Helper()
	want, have := recountLights(t, s, organization), map[light.Unit]light.Reading{}
	for _, kind := range light.Kinds() {
		must(t, "read lights", s.EachLight(t.Context(), organization, kind, func(l store.LightSummary) error {
			u := light.Unit{Kind: kind, ID: l.Unit}
			full, err := s.GetLight(t.Context(), organization, nil, u)
			have[u] = full.Reading
			if l.Colour != full.Colour || l.Mean != full.Mean || l.Answers != full.Answers {
				t.Errorf("%v is chosen by %+v and shown as %+v", u, l, full.Reading)
			}
			return err
		}))
	}
	equal(t, "lights", have, want)
	for _, kind := range light.Kinds() {
		byColour := map[light.Colour]int64{}
		for u, r := range have {
			if u.Kind == kind && r.Colour != light.NoColour {
				byColour[r.Colour]++
			}
		}
		counts, err := s.CountLightColours(t.Context(), store.LightQuery{Organization: organization, Kind: kind})
		equal(t, "counts of "+kind.String(), got(t, counts, err), byColour)
	}
}
