package relational

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"
)

const (
	sqlEntry      = `SELECT organization, contact, person, time, kind, resource, body FROM timeline WHERE organization = $1 AND kind = $2 AND resource = $3`
	sqlWaiting    = `SELECT body FROM waiting_comments WHERE organization = $1 AND resource = $2`
	sqlPutWaiting = `INSERT INTO waiting_comments (organization, resource, time, body) VALUES ($1, $2, $3, $4)
ON CONFLICT (organization, resource) DO UPDATE SET time = excluded.time, body = excluded.body`
	sqlDropWaiting = `DELETE FROM waiting_comments WHERE organization = $1 AND resource = $2`
	sqlAnyStale    = `SELECT 1 FROM waiting_comments WHERE time < $1`
	sqlDropStale   = `DELETE FROM waiting_comments WHERE time < $1`
	sqlDropKind    = `DELETE FROM timeline WHERE kind = $1`
	sqlDropAllWait = `DELETE FROM waiting_comments`
	sqlRestart     = `UPDATE followers SET position = 0 WHERE follower = $1`

	// entriesKind is what entries of timelines are called in the receipts of erasures.
	entriesKind = "timeline_entries"
)

// clocksApart is by how much the clocks of the survey service and of the comment service may differ.
const clocksApart = time.Minute

func scanEntry(row relational.Scanner) (e store.TimelineEntry, err error) {
	var at, kind int64
	err = row.Scan(&e.Organization, &e.Contact, &e.Person, &at, &kind, &e.Resource, &e.Body)
	e.Time, e.Kind = relational.FromMicro(at), timeline.Kind(kind) //nolint:gosec // as it was stored
	return e, err
}

// ListTimeline implements store.Timeline.
func (s *Store) ListTimeline(ctx context.Context, q store.TimelineQuery) ([]store.TimelineEntry, bool, error) {
	kinds := q.Kinds
	if len(kinds) == 0 {
		kinds = []timeline.Kind{timeline.NoKind}
	}
	var all []store.TimelineEntry
	err := s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		all = nil
		// Each kind by itself: an index gives the entries of one in order, however few they are among others.
		for _, kind := range kinds {
			found, err := entriesOf(ctx, r, q, kind)
			if err != nil {
				return err
			}
			all = append(all, found...)
		}
		return nil
	})
	if err != nil {
		return nil, false, s.db.Explain("list timeline", err)
	}
	if len(kinds) > 1 {
		slices.SortFunc(all, func(a, b store.TimelineEntry) int {
			order := cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Resource, b.Resource))
			if q.OldestFirst {
				return order
			}
			return -order
		})
	}
	out, more := relational.Page(all, q.Limit)
	return out, more, nil
}

// entriesOf reads a page of entries of a kind, or of all with NoKind, and one more.
func entriesOf(ctx context.Context, r relational.Reader, q store.TimelineQuery, kind timeline.Kind) ([]store.TimelineEntry, error) {
	where := conditions{}
	where.and("organization = " + where.arg(q.Organization))
	where.and("contact = " + where.arg(q.Contact))
	if kind != timeline.NoKind {
		where.and("kind = " + where.arg(int64(kind)))
	}
	if !q.Start.IsZero() {
		where.and("time >= " + where.arg(relational.ToMicro(q.Start)))
	}
	if !q.End.IsZero() {
		where.and("time < " + where.arg(relational.ToMicro(q.End)))
	}
	after, order := "<", "DESC"
	if q.OldestFirst {
		after, order = ">", "ASC"
	}
	if q.After != (store.TimelineMark{}) {
		at := where.arg(relational.ToMicro(q.After.Time))
		// The first says nothing new, but begins the range of the index of one kind.
		where.and("time " + after + "= " + at)
		where.and("(time, kind, resource) " + after + " (" + at + ", " + where.arg(int64(q.After.Kind)) + ", " + where.arg(q.After.Resource) + ")")
	}
	return relational.List(ctx, r, scanEntry, `SELECT organization, contact, person, time, kind, resource, body FROM timeline WHERE `+where.text.String()+
		` ORDER BY time `+order+`, kind `+order+`, resource `+order+` LIMIT `+where.arg(q.Limit+1), where.args...)
}

// RememberAnswers implements store.Timeline.
func (s *Store) RememberAnswers(ctx context.Context, batch store.RememberedAnswers) error {
	return s.write(ctx, "remember answers", func(ctx context.Context, w *writing) error {
		if err := w.advance(ctx, store.TimelineFollower, batch.From, batch.To); err != nil {
			return err
		}
		for _, e := range batch.Events {
			if err := w.rememberAnswer(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// rememberAnswer enters an answer, and what was written in it, or takes them out.
func (w *writing) rememberAnswer(ctx context.Context, e store.RememberedAnswer) error {
	if e.Removed {
		return w.forgetAnswer(ctx, e)
	}
	contact, err := contactOf(ctx, w, e.Organization, e.Person)
	if err != nil {
		return err
	}
	c := customer{contact, e.Person}
	if e.Invitation != nil {
		if err := w.enter(ctx, e.Organization, c, e.Time, e.Resource, *e.Invitation); err != nil {
			return err
		}
	}
	if e.Answer == nil {
		return nil
	}
	if err := w.enter(ctx, e.Organization, c, e.Time, e.Resource, *e.Answer); err != nil {
		return err
	}
	body, err := relational.One(ctx, w, relational.Value[[]byte], sqlWaiting, e.Organization, e.Resource)
	if errors.Is(err, relational.ErrNoRow) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := w.Exec(ctx, sqlDropWaiting, e.Organization, e.Resource); err != nil {
		return err
	}
	var comment timeline.Comment
	if err := decode(body, &comment); err != nil {
		return err
	}
	comment.Units = e.Answer.Units
	return w.enter(ctx, e.Organization, c, e.Time, e.Resource, comment)
}

// forgetAnswer takes everything of a response or refusal out of timelines.
func (w *writing) forgetAnswer(ctx context.Context, e store.RememberedAnswer) error {
	var gone int64
	for _, kind := range []timeline.Kind{timeline.InvitationKind, timeline.AnswerKind, timeline.CommentKind} {
		n, err := w.Exec(ctx, sqlForget, e.Organization, int64(kind), e.Resource)
		if err != nil {
			return err
		}
		gone += n
	}
	if _, err := w.Exec(ctx, sqlDropWaiting, e.Organization, e.Resource); err != nil {
		return err
	}
	return w.countErased(ctx, e.Organization, e.Erasure, entriesKind, gone)
}

// RememberComments implements store.Timeline.
func (s *Store) RememberComments(ctx context.Context, batch store.RememberedComments) error {
	return s.write(ctx, "remember comments", func(ctx context.Context, w *writing) error {
		if err := w.advance(ctx, store.TimelineCommentFollower, batch.From, batch.To); err != nil {
			return err
		}
		for _, e := range batch.Events {
			if err := w.rememberComment(ctx, e); err != nil {
				return err
			}
		}
		return nil
	})
}

// rememberComment enters what was written in an answer, has it wait for the answer, or takes it out.
func (w *writing) rememberComment(ctx context.Context, e store.RememberedComment) error {
	if e.Comment == nil {
		if _, err := w.Exec(ctx, sqlDropWaiting, e.Organization, e.Resource); err != nil {
			return err
		}
		return w.forget(ctx, e.Organization, timeline.CommentKind, e.Resource)
	}
	answer, err := relational.One(ctx, w, scanEntry, sqlEntry, e.Organization, int64(timeline.AnswerKind), e.Resource)
	if errors.Is(err, relational.ErrNoRow) {
		body, err := encode(*e.Comment)
		if err != nil {
			return err
		}
		_, err = w.Exec(ctx, sqlPutWaiting, e.Organization, e.Resource, relational.ToMicro(e.Time), body)
		return err
	}
	if err != nil {
		return err
	}
	var said timeline.Answer
	if err := decode(answer.Body, &said); err != nil {
		return err
	}
	comment := *e.Comment
	comment.Units = said.Units
	return w.enter(ctx, e.Organization, customer{answer.Contact, answer.Person}, answer.Time, e.Resource, comment)
}

// DropWaitingComments implements store.Timeline.
func (s *Store) DropWaitingComments(ctx context.Context, asOf time.Time) error {
	until := relational.ToMicro(asOf.Add(-clocksApart))
	// A look costs less than a turn, and as a rule there is nothing.
	there, err := relational.Exists(ctx, s.db, sqlAnyStale, until)
	if err != nil || !there {
		return s.db.Explain("look for comments that wait", err)
	}
	return s.write(ctx, "drop comments that wait", func(ctx context.Context, w *writing) error {
		_, err := w.Exec(ctx, sqlDropStale, until)
		return err
	})
}

// RestartAnswers implements store.Timeline.
func (s *Store) RestartAnswers(ctx context.Context, from int64) error {
	return s.write(ctx, "begin timelines anew", func(ctx context.Context, w *writing) error {
		if err := w.advance(ctx, store.TimelineFollower, from, 0); err != nil {
			return err
		}
		if _, err := w.Exec(ctx, sqlRestart, store.TimelineCommentFollower); err != nil {
			return err
		}
		return w.dropKinds(ctx, timeline.InvitationKind, timeline.AnswerKind, timeline.CommentKind)
	})
}

// RestartComments implements store.Timeline.
func (s *Store) RestartComments(ctx context.Context, from int64) error {
	return s.write(ctx, "begin comments of timelines anew", func(ctx context.Context, w *writing) error {
		if err := w.advance(ctx, store.TimelineCommentFollower, from, 0); err != nil {
			return err
		}
		return w.dropKinds(ctx, timeline.CommentKind)
	})
}

// dropKinds removes all entries of some kinds, and what waits.
func (w *writing) dropKinds(ctx context.Context, kinds ...timeline.Kind) error {
	for _, kind := range kinds {
		if _, err := w.Exec(ctx, sqlDropKind, int64(kind)); err != nil {
			return err
		}
	}
	_, err := w.Exec(ctx, sqlDropAllWait)
	return err
}
