package relational

import (
	"cmp"
	"context"
	"iter"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	// Ranges of an index, as each begins where the one before ended.
	sqlAnswersByContact = `SELECT ` + answerColumns + ` FROM answers WHERE organization = $1 AND contact >= $2 AND
(contact > $2 OR count_time > $3 OR count_time = $3 AND (survey > $4 OR survey = $4 AND response > $5)) ORDER BY contact, count_time, survey, response LIMIT `
)

// Answers implements store.Lights.
func (s *Store) Answers(ctx context.Context, organization string) iter.Seq2[light.Row, error] {
	return func(yield func(light.Row, error) bool) {
		last := light.Row{Time: time.UnixMicro(math.MinInt64)}
		for {
			rows, err := relational.List(ctx, s.db, scanAnswers, sqlAnswersByContact+strconv.Itoa(eachAtOnce), organization, last.Contact, last.Time.UnixMicro(), last.Survey, last.Response)
			if err != nil {
				yield(light.Row{}, s.db.Explain("read answers", err))
				return
			}
			for _, r := range rows {
				if !yield(r, nil) {
					return
				}
				last = r
			}
			if len(rows) < eachAtOnce {
				return
			}
		}
	}
}

// scoreSum adds up the score of a unit.
type scoreSum struct {
	answers     light.Answers
	first, last time.Time
}

// add adds a response that counts.
func (s *scoreSum) add(a light.Answers, at time.Time) {
	s.answers.Count += a.Count
	s.answers.Sum += a.Sum
	if s.first.IsZero() || at.Before(s.first) {
		s.first = at
	}
	if at.After(s.last) {
		s.last = at
	}
}

func (s *scoreSum) of(unit string) store.ScoreOf {
	return store.ScoreOf{Unit: unit, Mean: s.answers.Score(), Answers: s.answers.Count, First: s.first, Last: s.last}
}

// scored reads the answers that count by the policy in a time.
func (s *Store) scored(ctx context.Context, organization string, from, to time.Time, fn func(r *light.Row, a light.Answers) error) error {
	policies, err := s.LightPolicy(ctx, organization)
	if err != nil {
		return err
	}
	for r, err := range s.Answers(ctx, organization) {
		if err != nil {
			return err
		}
		if !from.IsZero() && r.Time.Before(from) || !to.IsZero() && !r.Time.Before(to) {
			continue
		}
		if a := policies.Judging.Answers(r.Survey, r.Answers); a.Count > 0 {
			if err := fn(&r, a); err != nil {
				return err
			}
		}
	}
	return nil
}

// ScoresByContact implements store.Lights.
func (s *Store) ScoresByContact(ctx context.Context, organization string, from, to time.Time, fn func(store.ScoreOf) error) error {
	var now scoreSum
	contact := ""
	finish := func() error {
		if contact == "" {
			return nil
		}
		done := now
		now = scoreSum{}
		return fn(done.of(contact))
	}
	err := s.scored(ctx, organization, from, to, func(r *light.Row, a light.Answers) error {
		if r.Contact != contact {
			if err := finish(); err != nil {
				return err
			}
			contact = r.Contact
		}
		if contact != "" {
			now.add(a, r.Time)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return finish()
}

// ScoresByLocation implements store.Lights.
func (s *Store) ScoresByLocation(ctx context.Context, organization string, from, to time.Time, fn func(store.ScoreOf) error) error {
	all := map[string]*scoreSum{}
	err := s.scored(ctx, organization, from, to, func(r *light.Row, a light.Answers) error {
		if r.Location == "" {
			return nil
		}
		if all[r.Location] == nil {
			all[r.Location] = &scoreSum{}
		}
		all[r.Location].add(a, r.Time)
		return nil
	})
	if err != nil {
		return err
	}
	units := make([]string, 0, len(all))
	for u := range all {
		units = append(units, u)
	}
	slices.SortFunc(units, cmp.Compare[string])
	for _, u := range units {
		if err := fn(all[u].of(u)); err != nil {
			return err
		}
	}
	return nil
}

// AnswerScores implements store.Lights.
func (s *Store) AnswerScores(ctx context.Context, organization string, responses []string) (map[string]float64, error) {
	bySurvey, out := map[string][]string{}, map[string]float64{}
	for _, name := range responses {
		if survey, response, ok := light.ParseResponse(name); ok {
			bySurvey[survey] = append(bySurvey[survey], response)
		}
	}
	err := s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		p := light.Default()
		for survey, ids := range bySurvey {
			found, err := inNames(ctx, r, scanAnswers, sqlAnswersIn, []any{organization, survey}, ids)
			if err != nil {
				return err
			}
			for _, row := range found {
				if a := p.Answers(row.Survey, row.Answers); a.Count > 0 {
					out[light.ResponseName(row.Survey, row.Response)] = a.Score()
				}
			}
		}
		return nil
	})
	return out, s.db.Explain("read scores of answers", err)
}
