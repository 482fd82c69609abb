package relational

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/interview"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// joined is what a merge of contacts brings together beside giving rows to another one, so that it can be taken apart again.
type joined struct {
	// Lapsed is the interview with From that was to be held, and how far it had come, where To has one: there is one with a contact.
	Lapsed      string          `json:"lapsed,omitempty"`
	LapsedState interview.State `json:"lapsed_state,omitempty"`
	// Cases are those that were taken into another one about the same.
	Cases []joinedCase `json:"cases,omitempty"`
}

// joinedCase is a case as it was before it was taken into another one.
type joinedCase struct {
	Case  string      `json:"case"`
	Into  string      `json:"into"`
	State cases.State `json:"state"`
	Clock cases.Clock `json:"clock"`
}

const (
	sqlUnresolvedOf = `SELECT ` + caseColumns + ` FROM cases WHERE organization = $1 AND contact = $2 AND contact <> '' AND open = 1 AND unresolved = 1
ORDER BY create_time, id`
	sqlReturnEntries = `UPDATE case_entries SET case_id = $3 WHERE organization = $1 AND case_id = $2 AND origin = $3`
	sqlReturnLinks   = `UPDATE case_links SET case_id = $3 WHERE organization = $1 AND case_id = $2 AND contact = $4`
	sqlRefreshed     = `UPDATE interviews SET company = $3, location = $4, region = $5, stake = $6, score = $7, body = $8, version = version + 1
WHERE organization = $1 AND id = $2`
)

// join gives everything of m.From to m.To, and makes one of what there may be one of with a contact. It tells what is to be kept of that.
func (w *writing) join(ctx context.Context, organization string, m directory.Move) ([]byte, error) {
	var j joined
	held, err := relational.List(ctx, w, scanInterview, `SELECT `+interviewColumns+` FROM interviews WHERE organization = $1 AND contact IN ($2, $3) AND state IN (1, 2)`,
		organization, m.From, m.To)
	if err != nil {
		return nil, err
	}
	for _, i := range held {
		if i.Contact == m.From && len(held) > 1 {
			j.Lapsed, j.LapsedState = i.ID, i.State
		}
	}
	if err := w.moveAll(ctx, organization, m.From, m.To); err != nil {
		return nil, err
	}
	if j.Cases, err = w.joinCases(ctx, organization, m); err != nil {
		return nil, err
	}
	if err := w.refreshInterview(ctx, organization, m.To); err != nil {
		return nil, err
	}
	if j.Lapsed == "" && len(j.Cases) == 0 {
		return nil, nil
	}
	kept, err := json.Marshal(j)
	if err != nil {
		return nil, fmt.Errorf("encode what was joined: %w", err)
	}
	return kept, nil
}

// joinCases takes unresolved cases of a contact into the oldest one about the same.
func (w *writing) joinCases(ctx context.Context, organization string, m directory.Move) (out []joinedCase, err error) {
	all, err := relational.List(ctx, w, scanCase, sqlUnresolvedOf, organization, m.To)
	if err != nil {
		return nil, err
	}
	bySubject := map[string][]cases.Case{}
	var subjects []string
	for _, c := range all {
		if len(bySubject[c.Subject]) == 0 {
			subjects = append(subjects, c.Subject)
		}
		bySubject[c.Subject] = append(bySubject[c.Subject], c)
	}
	cal, err := w.calendar(ctx, organization)
	if err != nil {
		return nil, err
	}
	by := store.By{Actor: m.Actor, Time: m.Time}
	for _, subject := range subjects {
		same := bySubject[subject]
		if len(same) == 1 {
			continue
		}
		before, into := same[0], same[0].Clone()
		var entries []cases.Entry
		for _, c := range same[1:] {
			e, err := w.mergeCase(ctx, &into, c.Clone(), by, cal)
			if err != nil {
				return nil, err
			}
			entries = append(entries, e)
			out = append(out, joinedCase{Case: c.ID, Into: into.ID, State: c.State, Clock: c.Clock})
		}
		if err := w.saveCase(ctx, &before, &into, entries, cal); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// refreshInterview brings the interview that is to be held with a contact up to date: where the contact belongs, the score, and what is at stake now.
func (w *writing) refreshInterview(ctx context.Context, organization, contact string) error {
	i, err := relational.One(ctx, w, scanInterview, `SELECT `+interviewColumns+` FROM interviews WHERE organization = $1 AND contact = $2 AND state IN (1, 2)`, organization, contact)
	if errors.Is(err, relational.ErrNoRow) {
		return nil
	}
	if err != nil {
		return err
	}
	all, err := contactsIn(ctx, w, organization, []string{contact})
	if err != nil {
		return err
	}
	of, err := lightOf(ctx, w, organization, light.Unit{Kind: light.Contact, ID: contact})
	if err != nil && !errors.Is(err, relational.ErrNoRow) {
		return err
	}
	// As the light is, which knows by answers what the directory does not say.
	i.Company, i.Location = cmp.Or(all[contact].Company, of.Company), cmp.Or(all[contact].Location, i.Location)
	if i.Origin == interview.RedList && err == nil && of.Answers > 0 {
		i.Score = &of.Mean
	}
	if i.Region, err = regionOf(ctx, w, organization, i.Location); err != nil {
		return err
	}
	if i.Stake, err = w.stakeOf(ctx, store.LightTurn{Organization: organization, Contact: contact, Company: i.Company, Stake: of.Stake}); err != nil {
		return err
	}
	_, body, score, err := interviewValues(i)
	if err != nil {
		return err
	}
	_, err = w.Exec(ctx, sqlRefreshed, organization, i.ID, i.Company, i.Location, i.Region, i.Stake, score, body)
	return err
}

// apart takes apart what a merge joined, after rows went from m.From back to m.To. What became of it meanwhile stays: a case that was resolved together, an
// interview that was opened since.
func (w *writing) apart(ctx context.Context, organization string, kept []byte, m directory.Move) error {
	var j joined
	if len(kept) > 0 {
		if err := json.Unmarshal(kept, &j); err != nil {
			return fmt.Errorf("decode what was joined: %w", err)
		}
	}
	for _, c := range j.Cases {
		if err := w.separateCase(ctx, organization, c, m); err != nil {
			return err
		}
	}
	if err := w.reviveInterview(ctx, organization, j, m); err != nil {
		return err
	}
	return errors.Join(w.refreshInterview(ctx, organization, m.From), w.refreshInterview(ctx, organization, m.To))
}

// separateCase takes a case out of the one that it was taken into.
func (w *writing) separateCase(ctx context.Context, organization string, j joinedCase, m directory.Move) error {
	c, err := caseOf(ctx, w, store.CaseRef{Organization: organization, ID: j.Case})
	if err == nil && c.MergedInto != j.Into {
		return nil
	}
	into := cases.Case{}
	if err == nil {
		into, err = caseOf(ctx, w, store.CaseRef{Organization: organization, ID: j.Into})
	}
	if errors.Is(err, store.ErrNotFound) || err == nil && (!into.State.Unresolved() || into.About.Contact == c.About.Contact) {
		return nil
	}
	if err != nil {
		return err
	}
	cal, err := w.calendar(ctx, organization)
	if err != nil {
		return err
	}
	if _, err := w.Exec(ctx, sqlReturnEntries, organization, into.ID, c.ID); err != nil {
		return err
	}
	if _, err := w.Exec(ctx, sqlReturnLinks, organization, into.ID, c.ID, c.About.Contact); err != nil {
		return err
	}
	before, intoBefore := c.Clone(), into.Clone()
	e := c.Separate(j.State, j.Clock, m.Actor, round(m.Time), cal)
	if err := w.saveCase(ctx, &before, &c, []cases.Entry{e}, cal); err != nil {
		return err
	}
	into.Return(c.Tasks)
	into.UpdateTime = round(m.Time)
	return w.saveCase(ctx, &intoBefore, &into, nil, cal)
}

// reviveInterview has an interview held again that lapsed by a merge, unless there is another one with the contact by now.
func (w *writing) reviveInterview(ctx context.Context, organization string, j joined, m directory.Move) error {
	if j.Lapsed == "" {
		return nil
	}
	held, err := relational.Exists(ctx, w, sqlToBeHeld, organization, m.To)
	if err != nil || held {
		return err
	}
	i, err := relational.One(ctx, w, scanInterview, sqlSelectInterview, organization, j.Lapsed)
	if errors.Is(err, relational.ErrNoRow) || err == nil && (i.Contact != m.To || i.State != interview.Lapsed) {
		return nil
	}
	if err != nil {
		return err
	}
	i.State, i.UpdateTime = j.LapsedState, m.Time
	return w.updateInterview(ctx, roundInterview(i))
}
