package api

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// Retention is how long what is stored is kept after it was received; 0 is for ever.
type Retention struct {
	// Words is how long it is kept who answered, what was written in words, and what was consented to with an answer.
	Words time.Duration
	// Answers is how long responses and refusals are kept at all.
	Answers time.Duration
}

const (
	retentionInterval = time.Hour
	settleInterval    = 5 * time.Second
	usageInterval     = 5 * time.Second
	// usagePositions is how much of the log is counted in one transaction.
	usagePositions = 10_000
	// retentionBatch is how many submissions are removed or rewritten in one transaction.
	retentionBatch = 200
	// retentionPause lets others have the store between transactions.
	retentionPause = 20 * time.Millisecond

	// How far retention has come is kept under these names.
	progressWords   = "retention.words"
	progressAnswers = "retention.answers"
)

// Work does what has to be done in the background until ctx ends: retention, settling erasures and counting usage. What fails is logged and tried
// again.
func (s *Server) Work(ctx context.Context) error {
	var work errgroup.Group
	every := func(interval time.Duration, doing string, step func(context.Context) error) {
		work.Go(func() error {
			for ctx.Err() == nil {
				// Until the schema is brought up to date there is nothing to do.
				if err := step(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrOutdated) {
					s.log.WarnContext(ctx, "cannot "+doing+"; it is tried again", slog.Any("error", err), slog.Duration("after", interval))
				}
				_ = pause.For(ctx, interval) // ctx's end ends the loop
			}
			return nil
		})
	}
	every(retentionInterval, "remove what was kept for long enough", s.retain)
	every(settleInterval, "settle erasures", s.settleErasures)
	every(usageInterval, "count what is stored", s.countUsage)
	return work.Wait()
}

func (s *Server) countUsage(ctx context.Context) error {
	for {
		more, err := s.store.CountUsage(ctx, usagePositions)
		if err != nil || !more {
			return err
		}
	}
}

// retain removes what was kept for long enough.
func (s *Server) retain(ctx context.Context) error {
	if s.retention.Answers > 0 {
		if err := s.passOld(ctx, progressAnswers, s.retention.Answers, s.removeAnswers); err != nil {
			return err
		}
		if _, err := s.store.DropEmptyMonths(ctx); err != nil {
			return err
		}
	}
	if s.retention.Words > 0 {
		return s.passOld(ctx, progressWords, s.retention.Words, s.removeWords)
	}
	return nil
}

// passOld hands what was received too long ago to do, in batches, in the order of the log, from where it was left.
func (s *Server) passOld(ctx context.Context, name string, kept time.Duration, do func(context.Context, []found) error) error {
	cut := s.now().Add(-kept)
	after, err := s.store.Progress(ctx, name)
	if err != nil {
		return err
	}
	for {
		b, err := s.store.ReadChanges(ctx, store.ChangeQuery{After: after, Page: store.Page{Limit: retentionBatch, Bytes: pageBytes}})
		if err != nil {
			return err
		}
		old, upTo, more, err := oldOf(b.Changes, cut)
		if err != nil {
			return err
		}
		if len(old) > 0 {
			if err := do(ctx, old); err != nil {
				return err
			}
		}
		if upTo > after {
			if err := s.store.SetProgress(ctx, name, upTo); err != nil {
				return err
			}
			after = upTo
		}
		if !more || !b.More {
			return nil
		}
		if err := pause.For(ctx, retentionPause); err != nil {
			return err
		}
	}
}

// oldOf returns the submissions that were received before cut, the position up to which all were looked at, and whether all of them were old.
func oldOf(changes []store.Change, cut time.Time) (old []found, upTo int64, all bool, err error) {
	for _, c := range changes {
		if c.Submission.Kind < store.KindRemoval {
			f, err := findIn(c.Submission)
			if err != nil {
				return nil, 0, false, err
			}
			if !f.received().Before(cut) {
				return old, upTo, false, nil
			}
			old = append(old, f)
		}
		upTo = c.Position
	}
	return old, upTo, true, nil
}

func (f found) received() time.Time {
	if f.response != nil {
		return f.response.GetReceiveTime().AsTime()
	}
	return f.refusal.GetReceiveTime().AsTime()
}

// byOrganization divides submissions by their organisations, whose data is never changed together.
func byOrganization(all []found) map[string][]found {
	out := make(map[string][]found)
	for _, f := range all {
		out[f.record.Organization] = append(out[f.record.Organization], f)
	}
	return out
}

func (s *Server) removeAnswers(ctx context.Context, old []found) error {
	for org, batch := range byOrganization(old) {
		r := store.Removals{Organization: org}
		for _, f := range batch {
			body, err := removalOf(f.record, f.invitation(), "")
			if err != nil {
				return err
			}
			r.Items = append(r.Items, store.Removal{Position: f.record.Position, Body: body})
		}
		if _, err := s.store.Remove(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// removeWords leaves the answers without what says who gave them. A pseudonym stays, so that an erasure still finds them.
func (s *Server) removeWords(ctx context.Context, old []found) error {
	for org, batch := range byOrganization(old) {
		var bodies []store.NewBody
		for _, f := range batch {
			body, changed, err := s.withoutWords(ctx, org, f)
			if err != nil {
				return err
			}
			if changed {
				bodies = append(bodies, store.NewBody{Position: f.record.Position, Body: body})
			}
		}
		if len(bodies) == 0 {
			continue
		}
		if err := s.store.Rewrite(ctx, org, bodies); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) withoutWords(ctx context.Context, org string, f found) (body []byte, changed bool, err error) {
	dropped := parts{takenOut: true}
	if f.parts.takenOut {
		if len(f.parts.sealed) == 0 {
			return nil, false, nil
		}
		if f.response != nil {
			body, err = encodeStored(f.response, dropped)
		} else {
			body, err = encodeStored(f.refusal, dropped)
		}
		return body, true, err
	}
	pseudonym, err := s.pseudonymOf(ctx, org, f.respondent())
	if err != nil {
		return nil, false, err
	}
	if f.refusal != nil {
		if pseudonym == "" {
			return nil, false, nil
		}
		body, err = encodeStored(takeOutOfRefusal(f.refusal, pseudonym), dropped)
		return body, true, err
	}
	rest, personal := takeOut(f.response, pseudonym)
	if personal == nil {
		return nil, false, nil
	}
	body, err = encodeStored(rest, dropped)
	return body, true, err
}
