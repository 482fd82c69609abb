package storetest

import (
	"testing"
	"time"

	"github.com/otklik/otklik/services/comment/internal/register"
	"github.com/otklik/otklik/services/comment/internal/store"
)

// entryCases are about the registers.
func entryCases() []testCase {
	return []testCase{{"Entries", entries}, {"EntriesInOrder", entriesInOrder}, {"EntryOfATheme", entryOfTheme}, {"ActiveSurveys", activeSurveys}}
}

func entry(organization, id string) register.Entry {
	q := 0.03125
	return register.Entry{
		Organization: organization, ID: id, Kind: register.Trend, State: register.Proposed, DisplayName: "Очереди", Description: "queues", Idea: "more tills",
		Likelihood: 2, Impact: 3, Actions: []register.Action{{Text: "look", Owner: "who", Due: noon, Done: true}}, Owner: "who", Survey: visits, Aspect: "wait", Sentiment: 1,
		Phrase: "long queue", Comments: []string{"surveys/visits/responses/r1/comments/a", "odd"}, QValue: &q,
		Changes: []register.Change{{State: register.Proposed, Actor: "who", Time: noon}}, CreateTime: noon, UpdateTime: noon,
	}
}

func entries(t *testing.T, open Open) {
	s := begin(t, open).s
	ctx := t.Context()
	made := entry(acme, "e1")
	made.Version = 1
	same(t, "created", check[register.Entry](t)(s.CreateEntry(ctx, entry(acme, "e1"))), made)
	same(t, "read", check[register.Entry](t)(s.GetEntry(ctx, acme, "e1")), made)
	_, err := s.CreateEntry(ctx, entry(acme, "e1"))
	want(t, "create twice", err, store.ErrExists)
	check[register.Entry](t)(s.CreateEntry(ctx, entry(globex, "e1")))
	made.State, made.Comments = register.Accepted, nil
	changed := check[register.Entry](t)(s.UpdateEntry(ctx, made))
	made.Version = 2
	same(t, "updated", changed, made)
	made.Version = 1
	_, err = s.UpdateEntry(ctx, made)
	want(t, "update over an old version", err, store.ErrChanged)
	_, err = s.UpdateEntry(ctx, entry(acme, "other"))
	want(t, "update what is not there", err, store.ErrNotFound)
	must(t, s.DeleteEntry(ctx, acme, "e1"))
	want(t, "delete twice", s.DeleteEntry(ctx, acme, "e1"), store.ErrNotFound)
	_, err = s.GetEntry(ctx, acme, "e1")
	want(t, "read what was deleted", err, store.ErrNotFound)
	equal(t, "another's", check[register.Entry](t)(s.GetEntry(ctx, globex, "e1")).Version, 1)
}

func entriesInOrder(t *testing.T, open Open) {
	s := begin(t, open).s
	ctx := t.Context()
	for i, e := range []struct {
		id         string
		kind       register.Kind
		state      register.State
		likelihood int
	}{
		{"trend-old", register.Trend, register.Proposed, 5}, {"risk-mild", register.Risk, register.Accepted, 1}, {"risk-grave", register.Risk, register.Proposed, 5},
		{"risk-unknown", register.Risk, register.Proposed, 0}, {"trend-new", register.Trend, register.Done, 0}, {"risk-mild-new", register.Risk, register.Done, 1},
	} {
		made := entry(acme, e.id)
		made.Kind, made.State, made.Likelihood, made.Impact, made.CreateTime = e.kind, e.state, e.likelihood, 4, noon.Add(time.Duration(i)*time.Hour)
		check[register.Entry](t)(s.CreateEntry(ctx, made))
	}
	list := func(q store.EntryQuery) (out []string) {
		t.Helper()
		q.Organization = acme
		for {
			page, more, err := s.ListEntries(ctx, q)
			must(t, err)
			for _, e := range page {
				out = append(out, e.ID)
			}
			if !more {
				return out
			}
			q.Offset += len(page)
		}
	}
	same(t, "all", list(store.EntryQuery{Limit: 2}), []string{"risk-grave", "risk-mild-new", "risk-mild", "risk-unknown", "trend-new", "trend-old"})
	same(t, "trends", list(store.EntryQuery{Limit: 9, Kind: register.Trend}), []string{"trend-new", "trend-old"})
	same(t, "by state", list(store.EntryQuery{Limit: 1, States: []register.State{register.Done, register.Accepted}}), []string{"risk-mild-new", "risk-mild", "trend-new"})
	// What is assessed anew moves.
	e := check[register.Entry](t)(s.GetEntry(ctx, acme, "risk-unknown"))
	e.Likelihood, e.Impact = 5, 5
	check[register.Entry](t)(s.UpdateEntry(ctx, e))
	equal(t, "the first", list(store.EntryQuery{Limit: 9})[0], "risk-unknown")
}

func entryOfTheme(t *testing.T, open Open) {
	s := begin(t, open).s
	ctx := t.Context()
	for i, id := range []string{"e2", "e1"} {
		e := entry(acme, id)
		e.Theme, e.CreateTime = "aspect:wait:negative", noon.Add(time.Duration(i)*time.Hour)
		check[register.Entry](t)(s.CreateEntry(ctx, e))
	}
	check[register.Entry](t)(s.CreateEntry(ctx, entry(acme, "e3")))
	equal(t, "found", check[register.Entry](t)(s.FindEntry(ctx, acme, "aspect:wait:negative")).ID, "e1")
	for _, q := range [][2]string{{globex, "aspect:wait:negative"}, {acme, "aspect:price:negative"}, {acme, ""}} {
		_, err := s.FindEntry(ctx, q[0], q[1])
		want(t, "find in "+q[0]+" "+q[1], err, store.ErrNotFound)
	}
}

func activeSurveys(t *testing.T, open Open) {
	w := begin(t, open)
	put := func(organization, survey string, at time.Time) {
		r := w.response(organization, survey, "r1")
		for i := range r.Comments {
			r.Comments[i].CountTime = at
		}
		w.apply(r)
	}
	put(globex, calls, noon)
	put(acme, visits, soon(noon))
	put(acme, calls, noon)
	put(acme, "walks", noon.Add(-time.Microsecond))
	list := func(since time.Time, after [2]string, limit int) [][2]string {
		t.Helper()
		return check[[][2]string](t)(w.s.ActiveSurveys(t.Context(), since, after, limit))
	}
	same(t, "all", list(noon, [2]string{}, 10), [][2]string{{acme, calls}, {acme, visits}, {globex, calls}})
	same(t, "a page", list(noon, [2]string{}, 2), [][2]string{{acme, calls}, {acme, visits}})
	same(t, "the next", list(noon, [2]string{acme, visits}, 2), [][2]string{{globex, calls}})
	same(t, "since later", list(soon(noon), [2]string{}, 2), [][2]string{{acme, visits}})
}
