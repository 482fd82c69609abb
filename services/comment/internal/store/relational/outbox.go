package relational

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/comment/internal/store"
)

const (
	eventColumns = `position, organization, survey, response, sentiment, aspects, language, removed, model, time`

	sqlEventOf  = `SELECT ` + eventColumns + ` FROM outbox WHERE (organization, survey, response) IN (`
	sqlPutEvent = `INSERT INTO outbox (` + eventColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (organization, survey, response) DO UPDATE SET position = excluded.position, sentiment = excluded.sentiment, aspects = excluded.aspects,
language = excluded.language, removed = excluded.removed, model = excluded.model, time = excluded.time`
	sqlHead     = `SELECT outbox FROM counters WHERE id = 1`
	sqlHeadOf   = `SELECT COALESCE(max(position), 0) FROM outbox WHERE organization = $1`
	sqlEvents   = `SELECT ` + eventColumns + ` FROM outbox WHERE position > $1 ORDER BY position LIMIT $2`
	sqlEventsOf = `SELECT ` + eventColumns + ` FROM outbox WHERE organization = $3 AND position > $1 ORDER BY position LIMIT $2`
)

func scanEvent(row relational.Scanner) (e store.Event, err error) {
	var aspects string
	var sentiment, language, removed, at int64
	err = row.Scan(&e.Position, &e.Organization, &e.Survey, &e.Response, &sentiment, &aspects, &language, &removed, &e.Model, &at)
	if err != nil {
		return store.Event{}, err
	}
	e.Sentiment, e.Language, e.Removed, e.Time = store.Sentiment(sentiment), store.Language(language), removed != 0, relational.FromMicro(at) //nolint:gosec // they were stored
	if aspects != "" {
		err = decode(aspects, &e.Aspects)
	}
	return e, err
}

// OutboxEvents implements store.Outbox.
func (s *Store) OutboxEvents(ctx context.Context, organization string, after int64, limit int) (events []store.Event, head store.Head, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		if head.Last, err = relational.One(ctx, r, relational.Value[int64], sqlHead); err != nil {
			return err
		}
		if organization == "" {
			head.Position = head.Last
			events, err = relational.List(ctx, r, scanEvent, sqlEvents, after, limit)
		} else {
			if head.Position, err = relational.One(ctx, r, relational.Value[int64], sqlHeadOf, organization); err != nil {
				return err
			}
			events, err = relational.List(ctx, r, scanEvent, sqlEventsOf, after, limit, organization)
		}
		return err
	})
	if err != nil {
		return nil, store.Head{}, s.db.Explain("read outbox", err)
	}
	return events, head, nil
}

// telling is what there is to tell of a response: its comments now.
type telling struct {
	key      responseKey
	comments []store.Comment
}

// tell writes to the outbox what comments of responses say now, where something else was told before.
func (w *writing) tell(ctx context.Context, told []telling) error {
	before, err := w.eventsBefore(ctx, told)
	if err != nil {
		return err
	}
	var rows [][]any
	now := time.Now()
	for _, t := range told {
		e := summarize(t)
		old, was := before[t.key]
		if same(old, e) && was || !was && e.Removed {
			continue
		}
		aspects := ""
		if len(e.Aspects) > 0 {
			if aspects, err = encode(e.Aspects); err != nil {
				return err
			}
		}
		removed := int64(0)
		if e.Removed {
			removed = 1
		}
		rows = append(rows, []any{
			next(&w.outbox), t.key.organization, t.key.survey, t.key.id, int64(e.Sentiment), aspects, int64(e.Language), removed, e.Model, relational.ToMicro(now),
		})
	}
	if len(rows) == 0 {
		return nil
	}
	return w.Many(ctx, sqlPutEvent, rows)
}

// eventsBefore reads what was told of responses.
func (w *writing) eventsBefore(ctx context.Context, told []telling) (map[responseKey]store.Event, error) {
	out := map[responseKey]store.Event{}
	var wanted []responseKey
	for _, t := range told {
		// What was removed was told, too, and may have come again.
		wanted = append(wanted, t.key)
	}
	for part := range slices.Chunk(wanted, knownAtOnce) {
		var where conditions
		events, err := relational.List(ctx, w, scanEvent, sqlEventOf+where.names(part)+`)`, where.args...)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			out[responseKey{e.Organization, e.Survey, e.Response}] = e
		}
	}
	return out, nil
}

// same tells whether two events say the same.
func same(a, b store.Event) bool {
	return a.Removed == b.Removed && a.Model == b.Model && a.Sentiment == b.Sentiment && a.Language == b.Language && slices.Equal(a.Aspects, b.Aspects)
}

// summarize is what comments of a response say together.
func summarize(t telling) store.Event {
	e := store.Event{Removed: len(t.comments) == 0}
	var seen [store.Mixed + 1]bool
	lengths := map[store.Language]int{}
	merged := map[string]store.AspectMention{}
	for _, c := range t.comments {
		holds := c.Effective()
		seen[min(holds.Sentiment, store.Mixed)] = true
		lengths[holds.Language] += utf8.RuneCountInString(c.Text)
		e.Model = max(e.Model, holds.Model)
		for _, m := range holds.Aspects {
			before, twice := merged[m.Aspect]
			if twice && before.Sentiment != m.Sentiment {
				m.Sentiment = store.Mixed
			}
			m.Probability, m.Evidence = max(m.Probability, before.Probability), store.Span{}
			merged[m.Aspect] = m
		}
	}
	switch {
	case seen[store.Mixed], seen[store.Negative] && seen[store.Positive]:
		e.Sentiment = store.Mixed
	case seen[store.Negative]:
		e.Sentiment = store.Negative
	case seen[store.Positive]:
		e.Sentiment = store.Positive
	case seen[store.Neutral]:
		e.Sentiment = store.Neutral
	}
	most := -1
	for language := store.NoLanguage; language <= store.OtherLanguage; language++ {
		if n, isThere := lengths[language]; isThere && n > most {
			e.Language, most = language, n
		}
	}
	for _, m := range merged {
		e.Aspects = append(e.Aspects, m)
	}
	slices.SortFunc(e.Aspects, func(a, b store.AspectMention) int { return cmp.Compare(a.Aspect, b.Aspect) })
	return e
}

// tellAnew tells what comments of responses say now, whatever was changed.
func (w *writing) tellAnew(ctx context.Context, responses []responseKey) error {
	slices.SortFunc(responses, func(a, b responseKey) int {
		return cmp.Or(strings.Compare(a.organization, b.organization), strings.Compare(a.survey, b.survey), strings.Compare(a.id, b.id))
	})
	var told []telling
	for _, k := range slices.Compact(responses) {
		comments, err := w.commentsOf(ctx, k)
		if err != nil {
			return err
		}
		told = append(told, telling{key: k, comments: comments})
	}
	return w.tell(ctx, told)
}
