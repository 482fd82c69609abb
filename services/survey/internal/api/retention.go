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
	markInterval      = time.Minute
	// usagePositions is how much of the log is counted in one transaction.
	usagePositions = 10_000
	// retentionBatch is how many submissions are removed or rewritten in one transaction.
	retentionBatch = 200
	// retentionPause lets others have the store between transactions.
	retentionPause = 20 * time.Millisecond

	// How far retention has come is kept under these names.
	progressWords    = "retention.words"
	progressAnswers  = "retention.answers"
	progressRemovals = "retention.removals"

	// removalsKept is the least time for which the log tells of removals: followers that were away for longer begin anew.
	removalsKept = 30 * 24 * time.Hour
)

// Work does what has to be done in the background until ctx ends: retention, settling erasures, counting usage and marking what earlier versions stored. What fails is logged and tried
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
	every(exchangeInterval, "see whether the vault is the one that it was", s.vault.watch)
	every(settleInterval, "settle erasures", s.settleErasures)
	every(usageInterval, "count what is stored", s.countUsage)
	every(markInterval, "note whom submissions of earlier versions are about", s.markUnmarked)
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
		if err := s.passOld(ctx, progressAnswers, s.retention.Answers, isSubmission, s.removeAnswers); err != nil {
			return err
		}
		if err := s.passOld(ctx, progressRemovals, max(s.retention.Answers, removalsKept), isRemoval, s.forgetRemovals); err != nil {
			return err
		}
		if _, err := s.store.DropEmptyMonths(ctx); err != nil {
			return err
		}
	}
	if s.retention.Words > 0 {
		return s.passOld(ctx, progressWords, s.retention.Words, isSubmission, s.removeWords)
	}
	return nil
}

func isSubmission(k store.Kind) bool { return k < store.KindRemoval }

func isRemoval(k store.Kind) bool { return k == store.KindRemoval }

// passOld hands what is of a kind and was received too long ago to do, in batches, in the order of the log, from where it was left.
func (s *Server) passOld(ctx context.Context, name string, kept time.Duration, wanted func(store.Kind) bool, do func(context.Context, []found) error) error {
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
		old, upTo, more, err := oldOf(b.Changes, cut, wanted)
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

// oldOf returns what is wanted and was received before cut, the position up to which all was looked at, and whether all of it was old.
func oldOf(changes []store.Change, cut time.Time, wanted func(store.Kind) bool) (old []found, upTo int64, all bool, err error) {
	for _, c := range changes {
		if wanted(c.Submission.Kind) {
			f, at, err := receivedAt(c.Submission)
			if err != nil {
				return nil, 0, false, err
			}
			if !at.Before(cut) {
				return old, upTo, false, nil
			}
			old = append(old, f)
		}
		upTo = c.Position
	}
	return old, upTo, true, nil
}

// receivedAt reads an entry of the log and tells when it came about.
func receivedAt(v store.Submission) (found, time.Time, error) {
	if v.Kind == store.KindRemoval {
		at, err := removedAt(v.Body)
		return found{record: v}, at, err
	}
	f, err := findIn(v)
	switch {
	case err != nil:
		return found{}, time.Time{}, err
	case f.response != nil:
		return f, f.response.GetReceiveTime().AsTime(), nil
	default:
		return f, f.refusal.GetReceiveTime().AsTime(), nil
	}
}

func (s *Server) forgetRemovals(ctx context.Context, old []found) error {
	for org, batch := range byOrganization(old) {
		positions := make([]int64, len(batch))
		for i, f := range batch {
			positions[i] = f.record.Position
		}
		if err := s.store.ForgetRemovals(ctx, org, positions); err != nil {
			return err
		}
	}
	return nil
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
			body, err := s.removalOf(f.record, f.invitation(), "")
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
