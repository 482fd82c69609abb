package storetest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"
	"github.com/otklik/otklik/services/segmentation/internal/workorder"
)

// lightCases are about answers and the lights that rest on them.
func lightCases() []testCase {
	return []testCase{
		{"LightsEqualARecount", lightsEqualARecount}, {"LightsAreTold", lightsAreTold}, {"AnswersAreAppliedOnce", answersAreAppliedOnce},
		{"PoliciesOfLights", policiesOfLights}, {"LightsAreOrdered", lightsAreOrdered}, {"LightsOfStaff", lightsOfStaff},
		{"LightsForgetTheErased", lightsForgetTheErased}, {"LightsBelongToOrganizations", lightsBelongToOrganizations}, {"ScoresOfContacts", scoresOfContacts},
		{"LightsFollowMerges", lightsFollowMerges},
	}
}

func lightsEqualARecount(t *testing.T, open Open) {
	s := opened(t, open)
	a, no := &answering{t: t, s: s, now: noon}, 0
	rapid.Check(t, func(rt *rapid.T) {
		if no >= 40 {
			// All run in one database, which need not take longer: these find what there is to find.
			return
		}
		no++
		organization := fmt.Sprintf("org-%d", no)
		var given []store.AnswerChange
		for step := range rapid.IntRange(1, 8).Draw(rt, "steps") {
			switch rapid.IntRange(0, 5).Draw(rt, "what") {
			case 0, 1, 2:
				var batch []store.AnswerChange
				for i := range rapid.IntRange(1, 12).Draw(rt, "answers") {
					c := drawLightAnswer(rt, organization, fmt.Sprintf("r%d-%d", step, i), a.now)
					if len(given) > 0 && rapid.IntRange(0, 5).Draw(rt, "again") == 0 {
						c.Row.Response = rapid.SampledFrom(given).Draw(rt, "which").Row.Response
					}
					batch = append(batch, c)
				}
				given = append(given, batch...)
				a.apply(batch...)
			case 3:
				if len(given) > 0 {
					a.apply(lightRemoval(organization, rapid.SampledFrom(given).Draw(rt, "removed").Row.Response, ""))
				}
			case 4:
				a.now = a.now.AddDate(0, 0, rapid.IntRange(0, 40).Draw(rt, "days"))
				a.count()
			case 5:
				p, err := s.LightPolicy(t.Context(), organization)
				must(t, "read policy", err)
				next := drawLightPolicy(rt)
				next.UpdateTime = a.now
				_, err = s.PutLightPolicy(t.Context(), organization, next, p.Stated.Version)
				must(t, "put policy", err)
				for range rapid.IntRange(0, 3).Draw(rt, "counted") {
					_, err := s.CountLights(t.Context(), a.now)
					must(t, "count", err)
				}
			}
		}
		lightsStand(t, s, organization)
		a.count()
		lightsStand(t, s, organization)
	})
}

func drawLightAnswer(t *rapid.T, organization, response string, now time.Time) store.AnswerChange {
	some := func(label, prefix string) string {
		if i := rapid.IntRange(0, 2).Draw(t, label); i > 0 {
			return fmt.Sprint(prefix, i)
		}
		return ""
	}
	scores := make([]float64, rapid.IntRange(0, 3).Draw(t, "scores"))
	for i := range scores {
		scores[i] = float64(rapid.IntRange(1, 10).Draw(t, "score"))
	}
	c := lightAnswer(organization, response, rapid.IntRange(0, 4).Draw(t, "person"), some("company", "c"),
		now.Add(-time.Duration(rapid.IntRange(0, 60*24).Draw(t, "hours"))*time.Hour), scores...)
	c.Row.Location, c.Row.Region, c.Row.Employee = some("location", "l"), some("region", "g"), some("employee", "e")
	return c
}

func drawLightPolicy(t *rapid.T) light.Policy {
	p := light.Default()
	p.WindowDays = rapid.SampledFrom([]int{0, 20}).Draw(t, "window")
	p.TrendDays = rapid.SampledFrom([]int{10, 30}).Draw(t, "trend")
	p.Red = rapid.SampledFrom([]float64{3, 5}).Draw(t, "red")
	if rapid.Bool().Draw(t, "single") {
		p.Mode, p.Survey, p.Question = light.SingleQuestion, "visits", "q0"
	}
	if rapid.Bool().Draw(t, "of contacts") {
		p.CompanyScore = light.OfContacts
	}
	return p
}

func lightsAreTold(t *testing.T, open Open) {
	s := opened(t, open)
	a := &answering{t: t, s: s, now: noon}
	a.apply(lightAnswer(acme, "r1", 1, "good", noon, 9), lightAnswer(acme, "r2", 2, "bad", noon, 2))
	contact, err := s.ContactOf(t.Context(), acme, lightPerson(2))
	must(t, "find contact", err)
	equal(t, "told", lightsTold(t, s), []string{"company bad: >red", "contact " + contact + ": >red"})
	a.now = noon.Add(time.Hour)
	a.apply(lightAnswer(acme, "r3", 2, "bad", noon, 10))
	equal(t, "told", lightsTold(t, s)[2:], []string{"company bad: red>amber", "contact " + contact + ": red>amber"})
	l, err := s.GetLight(t.Context(), acme, nil, light.Unit{Kind: light.Contact, ID: contact})
	must(t, "get", err)
	equal(t, "light", l.Colour, light.Amber)
	equal(t, "previous", l.Previous, light.Red)
	equal(t, "since", l.Since, a.now)
	equal(t, "company", l.Company, "bad")
	records, err := s.ListPerson(t.Context(), acme, lightPerson(2))
	must(t, "list person", err)
	var remembered int
	for _, r := range records {
		if r.Kind == "timeline_entries" {
			body, err := timeline.Decode(timeline.LightKind, r.Content)
			must(t, "decode", err)
			if body.(timeline.Light).Colour > 0 {
				remembered++
			}
		}
	}
	equal(t, "entries of the timeline", remembered, 2)
	want(t, "of nobody", lastError(s.GetLight(t.Context(), acme, nil, light.Unit{Kind: light.Company, ID: "other"})), store.ErrNotFound)
}

func lastError[T any](_ T, err error) error { return err }

func answersAreAppliedOnce(t *testing.T, open Open) {
	s := opened(t, open)
	a := &answering{t: t, s: s, now: noon}
	a.apply(lightAnswer(acme, "r1", 1, "c", noon, 9))
	err := s.ApplyAnswers(t.Context(), lightsFollower, store.LightBatch{From: 0, To: 1, Now: noon, Changes: []store.AnswerChange{lightAnswer(acme, "r2", 1, "c", noon, 2)}})
	want(t, "apply from where it is not", err, store.ErrLost)
	replay := func(c store.AnswerChange) {
		must(t, "replay", s.ApplyAnswers(t.Context(), lightsFollower, store.LightBatch{
			From: store.Unmoved, To: store.Unmoved, Now: noon, Changes: []store.AnswerChange{c},
		}))
	}
	replay(lightAnswer(acme, "r1", 1, "c", noon, 2))
	l, err := s.GetLight(t.Context(), acme, nil, light.Unit{Kind: light.Company, ID: "c"})
	equal(t, "mean after what is there was replayed", got(t, l, err).Mean, 9)
	replay(lightAnswer(acme, "r3", 1, "c", noon, 7))
	l, err = s.GetLight(t.Context(), acme, nil, light.Unit{Kind: light.Company, ID: "c"})
	equal(t, "mean after what was missing was replayed", got(t, l, err).Mean, 8)
	scores, err := s.AnswerScores(t.Context(), acme, []string{"surveys/visits/responses/r1", "surveys/visits/responses/none"})
	equal(t, "scores", got(t, scores, err), map[string]float64{"surveys/visits/responses/r1": 9})
	lightsStand(t, s, acme)
}

func policiesOfLights(t *testing.T, open Open) {
	s := opened(t, open)
	a := &answering{t: t, s: s, now: noon}
	p, err := s.LightPolicy(t.Context(), acme)
	equal(t, "policy", got(t, p, err).Stated, light.Default())
	for i := range 1200 {
		a.apply(lightAnswer(acme, fmt.Sprintf("r%04d", i), 1+i%3, fmt.Sprintf("c%d", i%2), noon, 6+float64(i%2)))
	}
	next := light.Default()
	next.Red, next.UpdateTime = 6.5, noon
	next, err = s.PutLightPolicy(t.Context(), acme, next, 0)
	must(t, "put", err)
	equal(t, "version", next.Version, 1)
	want(t, "put over another's", lastError(s.PutLightPolicy(t.Context(), acme, next, 0)), store.ErrChanged)
	p, err = s.LightPolicy(t.Context(), acme)
	equal(t, "counting", got(t, p, err).Counting, true)
	equal(t, "judged by the one before", lightColours(t, s, light.Company), map[string]string{"c0": "amber", "c1": "amber"})
	_, err = s.CountLights(t.Context(), noon)
	must(t, "count", err)
	// What comes meanwhile counts once, wherever the counting is.
	a.apply(lightAnswer(acme, "r0000", 1, "c0", noon, 6), lightAnswer(acme, "zz", 1, "c1", noon, 7), lightAnswer(acme, "a", 2, "c0", noon, 6), lightRemoval(acme, "r0003", ""), lightRemoval(acme, "r1190", ""))
	equal(t, "told before", lightsTold(t, s), nil)
	a.count()
	p, err = s.LightPolicy(t.Context(), acme)
	equal(t, "counting", got(t, p, err).Counting, false)
	equal(t, "judging", p.Judging.Version, 1)
	equal(t, "lights", lightColours(t, s, light.Company), map[string]string{"c0": "red", "c1": "amber"})
	equal(t, "told of companies", slices.DeleteFunc(lightsTold(t, s), func(told string) bool { return !strings.HasPrefix(told, "company") }),
		[]string{"company c0: amber>red by another policy"})
	l, err := s.GetLight(t.Context(), acme, nil, light.Unit{Kind: light.Company, ID: "c0"})
	equal(t, "previous", got(t, l, err).Previous, light.Amber)
	l, err = s.GetLight(t.Context(), acme, nil, light.Unit{Kind: light.Company, ID: "c1"})
	equal(t, "previous of what did not change", got(t, l, err).Previous, light.NoColour)
	lightsStand(t, s, acme)
}

func lightsAreOrdered(t *testing.T, open Open) {
	s := opened(t, open)
	a := &answering{t: t, s: s, now: noon}
	var batch []store.AnswerChange
	for i := range 60 {
		c := lightAnswer(acme, fmt.Sprint("r", i), 1+i%20, fmt.Sprint("c", i%7), noon, float64(1+i%10))
		c.Row.Location, c.Row.Region = fmt.Sprint("l", i%11), fmt.Sprint("g", i%11%2)
		batch = append(batch, c)
	}
	a.apply(batch...)
	for _, kind := range []light.Kind{light.Company, light.Contact, light.Location} {
		q := store.LightQuery{Organization: acme, Kind: kind, Limit: 3}
		var all []store.Light
		for more := true; more; {
			var page []store.Light
			var err error
			page, more, err = s.ListLights(t.Context(), q)
			must(t, "list", err)
			all = append(all, page...)
			if len(page) > 0 {
				key := page[len(page)-1].Key()
				q.After = &key
			}
		}
		equal(t, "in order", slices.IsSortedFunc(all, func(a, b store.Light) int {
			if a.Colour != b.Colour {
				return int(a.Colour) - int(b.Colour)
			}
			return workorder.Compare(orderOf(a), orderOf(b))
		}), true)
		equal(t, "all of them", len(all), len(lightColours(t, s, kind)))
		counts, err := s.CountLightColours(t.Context(), q)
		must(t, "count", err)
		byColour := map[light.Colour]int64{}
		for _, l := range all {
			byColour[l.Colour]++
		}
		equal(t, "counts", counts, byColour)
	}
	within := func(q store.LightQuery) (ids []string) {
		q.Organization, q.Limit = acme, 100
		page, _, err := s.ListLights(t.Context(), q)
		must(t, "list", err)
		for _, l := range page {
			ids = append(ids, l.Unit.ID)
		}
		slices.Sort(ids)
		return ids
	}
	equal(t, "of a region", within(store.LightQuery{Kind: light.Location, Region: "g1"}), []string{"l1", "l3", "l5", "l7", "l9"})
	equal(t, "of a caller's region", within(store.LightQuery{Kind: light.Location, Units: store.Units{"region": {"g1"}, "location": {"l2"}}}),
		[]string{"l1", "l2", "l3", "l5", "l7", "l9"})
	equal(t, "of a caller's companies", within(store.LightQuery{Kind: light.Company, Units: store.Units{"company": {"c2", "none"}}}), []string{"c2"})
	equal(t, "of a caller's locations", within(store.LightQuery{Kind: light.Company, Units: store.Units{"location": {"l1"}}}), nil)
	of := within(store.LightQuery{Kind: light.Contact, Company: "c1"})
	equal(t, "of a company by units", within(store.LightQuery{Kind: light.Contact, Units: store.Units{"company": {"c1"}}}), of)
	equal(t, "of one colour", len(within(store.LightQuery{Kind: light.Contact, Colour: light.Red})) < 20, true)
}

// orderOf is a light as package workorder orders it.
func orderOf(l store.Light) workorder.Item {
	return workorder.Item{ID: l.Unit.ID, Stake: l.Stake, Value: l.Value, Mean: l.Mean}
}

func lightsOfStaff(t *testing.T, open Open) {
	s := opened(t, open)
	a := &answering{t: t, s: s, now: noon}
	for i := range 5 {
		if i == 4 {
			l, err := s.GetLight(t.Context(), acme, nil, light.Unit{Kind: light.Staff, ID: "ann"})
			equal(t, "of four", got(t, l, err).Reading, light.Reading{Suppressed: true})
			equal(t, "listed of four", lightColours(t, s, light.Staff), map[string]string{})
		}
		c := lightAnswer(acme, fmt.Sprint("r", i), i+1, "", noon, 2)
		c.Row.Employee = "ann"
		a.apply(c)
	}
	equal(t, "listed of five", lightColours(t, s, light.Staff), map[string]string{"ann": "red"})
	told, err := s.DigestContent(t.Context(), acme, 0, 1000)
	for _, n := range got(t, told, err).Lights {
		if n.Kind == light.Staff.String() {
			t.Errorf("digests tell of employees: %+v", n)
		}
	}
	a.apply(lightRemoval(acme, "r0", ""))
	equal(t, "listed of four again", lightColours(t, s, light.Staff), map[string]string{})
}

func lightsForgetTheErased(t *testing.T, open Open) {
	s := opened(t, open)
	a := &answering{t: t, s: s, now: noon}
	a.apply(lightAnswer(acme, "r1", 1, "c", noon, 9), lightAnswer(acme, "r2", 1, "c", noon, 8, 7), lightAnswer(acme, "r3", 2, "c", noon, 5), lightAnswer(acme, "r4", 0, "c", noon, 2))
	before := recountLights(t, s, acme)
	must(t, "erase", s.ErasePerson(t.Context(), acme, "e1", lightPerson(1)))
	l, err := s.GetLight(t.Context(), acme, nil, light.Unit{Kind: light.Company, ID: "c"})
	equal(t, "mean", got(t, l, err).Mean, 3.5)
	equal(t, "lights less", len(recountLights(t, s, acme)), len(before)-1)
	lightsStand(t, s, acme)
	// The survey service removes the responses, too: there is nothing left to remove.
	a.apply(lightRemoval(acme, "r1", "e1"), lightRemoval(acme, "r2", "e1"), lightRemoval(acme, "r3", "e2"))
	lightsStand(t, s, acme)
	for erasure, wanted := range map[string]int64{"e1": 2, "e2": 1} {
		counts, err := s.Erased(t.Context(), acme, erasure)
		must(t, "count", err)
		for _, c := range counts {
			if c.Kind == "answers" {
				equal(t, "answers by "+erasure, c.Count, wanted)
			}
		}
	}
}

func lightsBelongToOrganizations(t *testing.T, open Open) {
	s := opened(t, open)
	a := &answering{t: t, s: s, now: noon}
	a.apply(lightAnswer(acme, "r1", 1, "c", noon, 9), lightAnswer(other, "r1", 1, "c", noon, 2), lightAnswer(acme, "r2", 1, "c", noon, 9))
	l, err := s.GetLight(t.Context(), other, nil, light.Unit{Kind: light.Company, ID: "c"})
	equal(t, "mean", got(t, l, err).Mean, 2)
	a.apply(lightRemoval(other, "r1", ""))
	l, err = s.GetLight(t.Context(), acme, nil, light.Unit{Kind: light.Company, ID: "c"})
	equal(t, "answers", got(t, l, err).Answers, 2)
	want(t, "of the other", lastError(s.GetLight(t.Context(), other, nil, light.Unit{Kind: light.Company, ID: "c"})), store.ErrNotFound)
	lightsStand(t, s, acme)
	lightsStand(t, s, other)
	want(t, "clear from where it is not", s.ClearAnswers(t.Context(), lightsFollower, a.at+1), store.ErrLost)
	must(t, "clear", s.ClearAnswers(t.Context(), lightsFollower, a.at))
	equal(t, "lights after what came was cleared", lightColours(t, s, light.Company), map[string]string{})
	a.at = 0
	a.apply(lightAnswer(acme, "r9", 1, "c", noon, 3))
	lightsStand(t, s, acme)
}

func scoresOfContacts(t *testing.T, open Open) {
	s := opened(t, open)
	a := &answering{t: t, s: s, now: noon}
	early := noon.AddDate(0, 0, -10)
	c := lightAnswer(acme, "r2", 1, "c", noon, 4)
	c.Row.Location = "l"
	a.apply(lightAnswer(acme, "r1", 1, "c", early, 7), c, lightAnswer(acme, "r3", 0, "c", noon, 1), lightAnswer(acme, "r4", 2, "c", noon))
	contact, err := s.ContactOf(t.Context(), acme, lightPerson(1))
	must(t, "find contact", err)
	of := func(read func(fn func(store.ScoreOf) error) error) (out []store.ScoreOf) {
		must(t, "read scores", read(func(s store.ScoreOf) error {
			out = append(out, s)
			return nil
		}))
		return out
	}
	equal(t, "of all time", of(func(fn func(store.ScoreOf) error) error {
		return s.ScoresByContact(t.Context(), acme, time.Time{}, time.Time{}, fn)
	}), []store.ScoreOf{{Unit: contact, Mean: 5.5, Answers: 2, First: early, Last: noon}})
	equal(t, "before noon", of(func(fn func(store.ScoreOf) error) error {
		return s.ScoresByContact(t.Context(), acme, time.Time{}, noon, fn)
	}),
		[]store.ScoreOf{{Unit: contact, Mean: 7, Answers: 1, First: early, Last: early}})
	equal(t, "of locations", of(func(fn func(store.ScoreOf) error) error {
		return s.ScoresByLocation(t.Context(), acme, noon, time.Time{}, fn)
	}),
		[]store.ScoreOf{{Unit: "l", Mean: 4, Answers: 1, First: noon, Last: noon}})
	var last time.Time
	must(t, "read lights", s.EachLight(t.Context(), acme, light.Contact, func(l store.LightSummary) error {
		last = l.Last
		return nil
	}))
	equal(t, "last answer", last, noon)
}

func lightsFollowMerges(t *testing.T, open Open) {
	s := opened(t, open)
	a := &answering{t: t, s: s, now: noon}
	a.apply(lightAnswer(acme, "r1", 1, "c", noon, 9, 2), lightAnswer(acme, "r2", 1, "d", noon, 8), lightAnswer(acme, "r3", 2, "c", noon, 5), lightAnswer(acme, "r4", 3, "c", noon, 2))
	before := recountLights(t, s, acme)
	from, err := s.ContactOf(t.Context(), acme, lightPerson(1))
	must(t, "find contact", err)
	to, err := s.ContactOf(t.Context(), acme, lightPerson(2))
	must(t, "find contact", err)
	merge, err := s.MergeContacts(t.Context(), acme, directory.Move{Kind: directory.Merge, From: from, To: to, Actor: "a", Time: noon})
	must(t, "merge", err)
	l, err := s.GetLight(t.Context(), acme, nil, light.Unit{Kind: light.Company, ID: "c"})
	equal(t, "contacts of the company", got(t, l, err).Contacts, 2)
	l, err = s.GetLight(t.Context(), acme, nil, light.Unit{Kind: light.Contact, ID: to})
	equal(t, "answers of both", got(t, l, err).Answers, 4)
	want(t, "of the one that is merged", lastError(s.GetLight(t.Context(), acme, nil, light.Unit{Kind: light.Contact, ID: from})), store.ErrNotFound)
	lightsStand(t, s, acme)
	// What comes by its pseudonym belongs to both.
	a.apply(lightAnswer(acme, "r5", 1, "d", noon, 3), lightRemoval(acme, "r5", ""))
	_, err = s.UndoMerge(t.Context(), acme, merge.ID, directory.Move{Kind: directory.Split, From: to, To: from, Actor: "a", Time: noon})
	must(t, "undo", err)
	lightsStand(t, s, acme)
	equal(t, "lights as before", recountLights(t, s, acme), before)
}
