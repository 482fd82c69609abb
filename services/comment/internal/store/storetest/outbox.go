package storetest

import (
	"testing"

	"github.com/otklik/otklik/services/comment/internal/store"
)

// outboxCases are about what other services are told.
func outboxCases() []testCase {
	return []testCase{{"Outbox", outbox}, {"EventOfAResponse", eventOfResponse}}
}

// events are all events of all organisations.
func (w *world) events() []store.Event {
	w.t.Helper()
	events, _, err := w.s.OutboxEvents(w.t.Context(), "", 0, 10_000)
	must(w.t, err)
	return events
}

// event is what is told of a response.
func (w *world) event(r store.Response) store.Event {
	w.t.Helper()
	var out []store.Event
	for _, e := range w.events() {
		if e.Organization == r.Organization && e.Survey == r.Survey && e.Response == r.ID {
			out = append(out, e)
		}
	}
	if len(out) != 1 {
		w.t.Fatalf("%d events of %s, want 1", len(out), r.ID)
	}
	return out[0]
}

func outbox(t *testing.T, open Open) {
	w := begin(t, open)
	ctx := t.Context()
	events, head, err := w.s.OutboxEvents(ctx, "", 0, 10)
	must(t, err)
	equal(t, "events", len(events), 0)
	equal(t, "head", head, store.Head{})
	first, second, third := w.response(acme, visits, "r1"), w.response(globex, visits, "r1"), w.response(acme, calls, "r1")
	w.apply(first, second)
	w.apply(third)
	events, head, err = w.s.OutboxEvents(ctx, "", 0, 10)
	must(t, err)
	equal(t, "events", len(events), 3)
	equal(t, "head", head, store.Head{Position: events[2].Position, Last: events[2].Position})
	var before int64
	for i, r := range []store.Response{first, second, third} {
		e := events[i]
		if e.Position <= before || e.Time.IsZero() {
			t.Fatalf("event %+v after position %d", e, before)
		}
		before = e.Position
		equal(t, "organization", e.Organization, r.Organization)
		equal(t, "survey", e.Survey, r.Survey)
	}
	page, _, err := w.s.OutboxEvents(ctx, "", events[0].Position, 1)
	must(t, err)
	same(t, "a page", page, events[1:2])
	page, head2, err := w.s.OutboxEvents(ctx, acme, events[0].Position, 5)
	must(t, err)
	same(t, "of an organisation", page, events[2:])
	equal(t, "head", head2, head)
	_, head2, err = w.s.OutboxEvents(ctx, globex, 0, 5)
	must(t, err)
	equal(t, "head of another organisation", head2, store.Head{Position: events[1].Position, Last: head.Last})
	_, head2, err = w.s.OutboxEvents(ctx, "nobody", 0, 5)
	must(t, err)
	equal(t, "head of nobody", head2, store.Head{Last: head.Last})
	// What is told anew takes the place of what was told before.
	again := w.response(acme, visits, "r1")
	w.apply(again)
	after, _, err := w.s.OutboxEvents(ctx, "", 0, 10)
	must(t, err)
	equal(t, "events", len(after), 3)
	same(t, "what was not touched", after[:2], events[1:])
	equal(t, "what was told anew", after[2].Position > head.Last, true)
}

func eventOfResponse(t *testing.T, open Open) {
	w := begin(t, open)
	say := func(sentiments ...store.Sentiment) store.Event {
		r := w.response(acme, visits, "r1")
		r.Comments = nil
		for i, s := range sentiments {
			c := Comment(w.rand, r, string(rune('a'+i)))
			c.Text = "одно и то же"
			c.Analysis.Sentiment, c.Analysis.Language = s, store.Russian
			c.Analysis.Aspects = []store.AspectMention{{Aspect: "staff", Sentiment: s, Probability: float32(i+1) / 8, Evidence: store.Span{Start: 1, End: 2}}}
			if i > 0 {
				c.Text = "длиннее, чем всё остальное вместе, что здесь написано"
				c.Analysis.Language = store.Kyrgyz
				c.Analysis.Aspects = append(c.Analysis.Aspects, store.AspectMention{Aspect: "app", Sentiment: store.Neutral, Probability: 1})
			}
			r.Comments = append(r.Comments, c)
		}
		w.apply(r)
		return w.event(r)
	}
	one := say(store.Positive)
	equal(t, "sentiment", one.Sentiment, store.Positive)
	equal(t, "language", one.Language, store.Russian)
	equal(t, "model", one.Model, "one")
	same(t, "aspects", one.Aspects, []store.AspectMention{{Aspect: "staff", Sentiment: store.Positive, Probability: 0.125}})
	two := say(store.Negative, store.Positive)
	equal(t, "sentiment of praise and blame", two.Sentiment, store.Mixed)
	equal(t, "language of most", two.Language, store.Kyrgyz)
	same(t, "aspects of both", two.Aspects, []store.AspectMention{
		{Aspect: "app", Sentiment: store.Neutral, Probability: 1}, {Aspect: "staff", Sentiment: store.Mixed, Probability: 0.25},
	})
	for _, c := range []struct {
		of   []store.Sentiment
		want store.Sentiment
	}{
		{[]store.Sentiment{store.Neutral, store.Negative}, store.Negative}, {[]store.Sentiment{store.Positive, store.NoSentiment}, store.Positive},
		{[]store.Sentiment{store.Mixed, store.Neutral}, store.Mixed}, {[]store.Sentiment{store.NoSentiment, store.Neutral}, store.Neutral},
		{[]store.Sentiment{store.NoSentiment}, store.NoSentiment},
	} {
		equal(t, "sentiment", say(c.of...).Sentiment, c.want)
	}
}
