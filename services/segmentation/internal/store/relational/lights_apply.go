package relational

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	answerColumns = `survey, response, contact, company, location, region, employee, count_time, scores`

	sqlAnswersIn  = `SELECT ` + answerColumns + ` FROM answers WHERE organization = $1 AND survey = $2 AND response IN (`
	sqlPutAnswers = `INSERT INTO answers (organization, person, ` + answerColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (organization, survey, response) DO UPDATE SET person = excluded.person, contact = excluded.contact, company = excluded.company,
location = excluded.location, region = excluded.region, employee = excluded.employee, count_time = excluded.count_time, scores = excluded.scores`
	sqlDropAnswers = `DELETE FROM answers WHERE organization = $1 AND survey = $2 AND response = $3`
)

func scanAnswers(row relational.Scanner) (r light.Row, err error) {
	var at int64
	var scores []byte
	if err := row.Scan(&r.Survey, &r.Response, &r.Contact, &r.Company, &r.Location, &r.Region, &r.Employee, &at, &scores); err != nil {
		return r, err
	}
	r.Time = relational.FromMicro(at)
	r.Answers, err = light.Unpack(scores)
	return r, err
}

// ApplyAnswers implements store.Lights.
func (s *Store) ApplyAnswers(ctx context.Context, follower string, batch store.LightBatch) error {
	return s.write(ctx, "apply answers", func(ctx context.Context, w *writing) error {
		if err := w.advance(ctx, follower, batch.From, batch.To); err != nil {
			return err
		}
		changes := slices.Clone(batch.Changes)
		// The order of the log holds within an organisation.
		slices.SortStableFunc(changes, func(a, b store.AnswerChange) int { return strings.Compare(a.Organization, b.Organization) })
		for len(changes) > 0 {
			organization := changes[0].Organization
			end := slices.IndexFunc(changes, func(c store.AnswerChange) bool { return c.Organization != organization })
			if end < 0 {
				end = len(changes)
			}
			if err := w.applyAnswers(ctx, organization, changes[:end], batch.From == store.Unmoved, batch.Now); err != nil {
				return err
			}
			changes = changes[end:]
		}
		return nil
	})
}

// answerKey names a response.
type answerKey struct{ survey, response string }

// appliedAnswers is a response as it was before a batch and is after it; nil where it is not there.
type appliedAnswers struct {
	before, after *light.Row
	person        []byte
	// ordered tells that it has its place in the order in which rows are written.
	ordered bool
}

// applyAnswers applies the changes of one organisation. replayed ones give way to what is there.
func (w *writing) applyAnswers(ctx context.Context, organization string, changes []store.AnswerChange, replayed bool, now time.Time) error {
	rows, err := w.answersNamed(ctx, organization, changes)
	if err != nil {
		return err
	}
	order := make([]answerKey, 0, len(rows))
	contacts := map[string]string{}
	for i := range changes {
		c := &changes[i]
		k := answerKey{c.Row.Survey, c.Row.Response}
		a := rows[k]
		if a == nil {
			a = &appliedAnswers{}
			rows[k] = a
		}
		if !a.ordered {
			a.ordered = true
			order = append(order, k)
		}
		if c.Removed {
			if err := w.removeAnswers(ctx, organization, c, a); err != nil {
				return err
			}
			continue
		}
		if replayed && a.before != nil {
			continue
		}
		r := c.Row
		if len(c.Person) > 0 {
			contact, known := contacts[string(c.Person)]
			if !known {
				if contact, err = contactOf(ctx, w, organization, c.Person); err != nil {
					return err
				}
				contacts[string(c.Person)] = contact
			}
			r.Contact = contact
		}
		a.after, a.person = &r, c.Person
	}
	return w.storeAnswers(ctx, organization, order, rows, now)
}

// answersNamed reads the responses that changes are about, as they are stored.
func (w *writing) answersNamed(ctx context.Context, organization string, changes []store.AnswerChange) (map[answerKey]*appliedAnswers, error) {
	bySurvey := map[string][]string{}
	for _, c := range changes {
		bySurvey[c.Row.Survey] = append(bySurvey[c.Row.Survey], c.Row.Response)
	}
	out := make(map[answerKey]*appliedAnswers, len(changes))
	for survey, ids := range bySurvey {
		slices.Sort(ids)
		found, err := inNames(ctx, w, scanAnswers, sqlAnswersIn, []any{organization, survey}, slices.Compact(ids))
		if err != nil {
			return nil, err
		}
		for i := range found {
			r := &found[i]
			out[answerKey{r.Survey, r.Response}] = &appliedAnswers{before: r, after: r}
		}
	}
	return out, nil
}

// removeAnswers removes a response, and counts it where it goes by an erasure.
func (w *writing) removeAnswers(ctx context.Context, organization string, c *store.AnswerChange, a *appliedAnswers) error {
	if a.after == nil {
		return nil
	}
	a.after = nil
	return w.countErased(ctx, organization, c.Erasure, answersKind, 1)
}

// answersKind is what answers are called in exports and receipts.
const answersKind = "answers"

// storeAnswers stores what became of responses, and counts them.
func (w *writing) storeAnswers(ctx context.Context, organization string, order []answerKey, rows map[answerKey]*appliedAnswers, now time.Time) error {
	var puts, drops [][]any
	var concerned []*light.Row
	persons := map[string][]byte{}
	for _, k := range order {
		a := rows[k]
		if a.before == a.after {
			continue
		}
		concerned = append(concerned, a.before, a.after)
		if r := a.after; r != nil {
			persons[r.Contact] = a.person
			puts = append(puts, []any{
				organization, a.person, r.Survey, r.Response, r.Contact, r.Company, r.Location, r.Region, r.Employee, relational.ToMicro(r.Time), light.Pack(r.Answers),
			})
		} else {
			drops = append(drops, []any{organization, k.survey, k.response})
		}
	}
	if len(concerned) == 0 {
		return nil
	}
	if err := w.many(ctx, sqlDropAnswers, drops); err != nil {
		return err
	}
	if err := w.many(ctx, sqlPutAnswers, puts); err != nil {
		return err
	}
	all, err := w.keptCountings(ctx, organization, now)
	if err != nil {
		return err
	}
	for _, c := range all {
		contacts, units := concerning(concerned...)
		t, err := tallyOf(ctx, w, c, contacts, units)
		if err != nil {
			return err
		}
		t.persons = persons
		for i := 0; i < len(concerned); i += 2 {
			if before := concerned[i]; before != nil {
				t.take(before)
			}
			if after := concerned[i+1]; after != nil {
				t.put(after)
			}
		}
		if err := w.writeTally(ctx, t, now); err != nil {
			return err
		}
	}
	return nil
}

// ClearAnswers implements store.Lights.
func (s *Store) ClearAnswers(ctx context.Context, follower string, from int64) error {
	return s.write(ctx, "clear answers", func(ctx context.Context, w *writing) error {
		if err := w.advance(ctx, follower, from, 0); err != nil {
			return err
		}
		for _, table := range []string{"answers", "lights", "light_parts", "light_counts", "light_countings"} {
			if _, err := w.Exec(ctx, `DELETE FROM `+table); err != nil {
				return err
			}
		}
		return nil
	})
}
