package relational

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/trigger"
)

const (
	sqlKeepResponse = `INSERT INTO case_responses (organization, response, contact, person, time, stored, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (organization, response) DO UPDATE SET contact = excluded.contact, person = excluded.person, time = excluded.time, stored = excluded.stored,
body = excluded.body`
	sqlKeptResponse = `SELECT organization, response, contact, person, time, body FROM case_responses WHERE organization = $1 AND response = $2`
	sqlDropResponse = `DELETE FROM case_responses WHERE organization = $1 AND response = $2`
	sqlOldResponses = `DELETE FROM case_responses WHERE (organization, response) IN (
SELECT organization, response FROM case_responses WHERE stored < $1 ORDER BY stored LIMIT $2)`

	sqlKeepComment = `INSERT INTO case_comments (organization, response, stored, body) VALUES ($1, $2, $3, $4)
ON CONFLICT (organization, response) DO UPDATE SET stored = excluded.stored, body = excluded.body`
	// sqlCommentsToSight reads the first of each organisation, so that those of one keep no other one's waiting.
	sqlCommentsToSight = `SELECT organization, response, body FROM (
SELECT c.organization, c.response, c.body, row_number() OVER (PARTITION BY c.organization ORDER BY c.stored, c.response) AS place
FROM case_comments c JOIN case_responses r ON r.organization = c.organization AND r.response = c.response
) AS waiting WHERE place <= $1 ORDER BY organization, place`
	sqlDropComment = `DELETE FROM case_comments WHERE organization = $1 AND response = $2`
	sqlOldComments = `DELETE FROM case_comments WHERE (organization, response) IN (
SELECT organization, response FROM case_comments WHERE stored < $1 ORDER BY stored LIMIT $2)`
)

// SightCases implements store.Cases.
func (s *Store) SightCases(ctx context.Context, follower string, from, to int64, batch store.CaseBatch) error {
	return s.write(ctx, "sight cases", func(ctx context.Context, w *writing) error {
		if err := w.advance(ctx, follower, from, to); err != nil {
			return err
		}
		calendars := map[string]cases.Calendar{}
		for _, seen := range batch.Sightings {
			if err := w.sight(ctx, seen, round(batch.Now), calendars); err != nil {
				return err
			}
		}
		for _, c := range batch.Comments {
			body, err := encode(c)
			if err != nil {
				return err
			}
			if _, err := w.Exec(ctx, sqlKeepComment, c.Organization, c.Response, relational.ToMicro(batch.Now), body); err != nil {
				return err
			}
		}
		for _, c := range batch.Sighted {
			if _, err := w.Exec(ctx, sqlDropComment, c.Organization, c.Response); err != nil {
				return err
			}
		}
		for _, r := range batch.Removed {
			if err := w.unsight(ctx, r); err != nil {
				return err
			}
		}
		return nil
	})
}

// sight stores what rules saw.
func (w *writing) sight(ctx context.Context, seen store.CaseSighting, now time.Time, calendars map[string]cases.Calendar) (err error) {
	if seen.About.Contact == "" && len(seen.About.Person) > 0 {
		if seen.About.Contact, err = contactOf(ctx, w, seen.Organization, seen.About.Person); err != nil {
			return err
		}
	} else if seen.About.Contact != "" {
		if seen.About.Contact, err = w.standing(ctx, seen.Organization, seen.About.Contact, seen.About.Person); errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
	}
	if seen.Answer {
		if err := w.answered(ctx, seen, now); err != nil {
			return err
		}
	}
	for _, r := range seen.Rules {
		cal, known := calendars[seen.Organization]
		if !known {
			if cal, err = w.calendar(ctx, seen.Organization); err != nil {
				return err
			}
			calendars[seen.Organization] = cal
		}
		if err := w.trigger(ctx, seen, r, now, cal); err != nil {
			return err
		}
	}
	return nil
}

// answered tells whether the contact of a response had an unresolved case, and keeps its circumstances.
func (w *writing) answered(ctx context.Context, seen store.CaseSighting, now time.Time) error {
	had, err := relational.Exists(ctx, w, sqlUnresolvedAt, seen.Organization, seen.About.Contact, relational.ToMicro(seen.Time))
	if err != nil {
		return err
	}
	if had {
		body, err := store.EncodeBody(store.ResponseCase{Unresolved: true})
		if err != nil {
			return err
		}
		if err := w.untell(ctx, seen.Organization, store.CaseOfResponse, seen.Resource); err != nil {
			return err
		}
		if err := w.tell(ctx, seen.Organization, store.Event{
			Kind: store.CaseOfResponse, Resource: seen.Resource, Contact: seen.About.Contact, Person: seen.About.Person, Company: seen.About.Company,
			Location: seen.About.Location, Region: seen.About.Region, Employee: seen.About.Employee, Body: body, Time: now,
		}); err != nil {
			return err
		}
	}
	if !seen.Keep {
		return nil
	}
	body, err := encode(store.CaseResponse{Received: seen.Received, About: seen.About, Survey: seen.Survey, Touchpoint: seen.Touchpoint, Channel: seen.Channel})
	if err != nil {
		return err
	}
	_, err = w.Exec(ctx, sqlKeepResponse, seen.Organization, seen.Resource, seen.About.Contact, seen.About.Person, relational.ToMicro(seen.Time), relational.ToMicro(now), body)
	return err
}

// trigger opens the case that a rule asks for, or links what it saw with the one that there is. What the rule saw before is seen once.
func (w *writing) trigger(ctx context.Context, seen store.CaseSighting, r trigger.Rule, now time.Time, cal cases.Calendar) error {
	if known, err := relational.Exists(ctx, w, sqlLinked, seen.Organization, seen.Resource, r.ID); err != nil || known {
		return err
	}
	c := r.Case(seen.Occurrence)
	unit := unitOf(c.About)
	if seen.Unit != "" && c.About.Contact == "" {
		unit = seen.Unit
	}
	var since time.Time
	if r.Outcome.Within > 0 {
		since = now.Add(-r.Outcome.Within)
	}
	l := cases.Link{Resource: seen.Resource, Rule: r.ID, Time: now}
	same, err := w.sameCase(ctx, c, unit, since)
	if err == nil {
		return w.linkSame(ctx, same, seen.About, l, cal)
	}
	if !errors.Is(err, relational.ErrNoRow) {
		return err
	}
	if err := w.settle(ctx, c); err != nil {
		return err
	}
	e := c.Open("", now, cal)
	if _, err := w.link(ctx, c, c.About, l); err != nil {
		return err
	}
	return w.insertCase(ctx, c, unit, e, cal)
}

// linkSame links what a rule saw with a case that is there.
func (w *writing) linkSame(ctx context.Context, before cases.Case, about cases.About, l cases.Link, cal cases.Calendar) error {
	news, err := w.link(ctx, &before, about, l)
	if err != nil || !news {
		return err
	}
	c := before
	entries := c.Tick(l.Time, cal)
	c.UpdateTime = l.Time
	return w.saveCase(ctx, &before, &c, append(entries, cases.Entry{Kind: cases.Linked, Time: l.Time, Link: l.Resource, Rule: l.Rule}), cal)
}

// unsight forgets a response that was removed. Cases that it opened stay.
func (w *writing) unsight(ctx context.Context, r store.CaseRemoval) error {
	// What comments said is about nobody.
	if _, err := w.Exec(ctx, sqlDropComment, r.Organization, r.Response); err != nil {
		return err
	}
	for _, gone := range []struct{ statement, kind string }{{sqlDropResponse, "case_responses"}, {sqlUnlink, "case_links"}} {
		n, err := w.Exec(ctx, gone.statement, r.Organization, r.Response)
		if err != nil {
			return err
		}
		if err := w.countErased(ctx, r.Organization, r.Erasure, gone.kind, n); err != nil {
			return err
		}
	}
	return w.untell(ctx, r.Organization, store.CaseOfResponse, r.Response)
}

// CaseResponse implements store.Cases.
func (s *Store) CaseResponse(ctx context.Context, organization, response string) (store.CaseResponse, error) {
	out, err := relational.One(ctx, s.db, func(row relational.Scanner) (r store.CaseResponse, err error) {
		var contact string
		var person, body []byte
		var at int64
		if err = row.Scan(&r.Organization, &r.Response, &contact, &person, &at, &body); err != nil {
			return store.CaseResponse{}, err
		}
		r.Time = relational.FromMicro(at)
		err = decode(body, &r)
		// Whose it is may have changed since.
		r.About.Contact, r.About.Person = contact, person
		return r, err
	}, sqlKeptResponse, organization, response)
	return out, s.db.Explain("read circumstances of response", notFound(err))
}

// CommentsToSight implements store.Cases.
func (s *Store) CommentsToSight(ctx context.Context, limit int) ([]store.CaseComment, error) {
	out, err := relational.List(ctx, s.db, func(row relational.Scanner) (c store.CaseComment, err error) {
		var body []byte
		if err = row.Scan(&c.Organization, &c.Response, &body); err != nil {
			return store.CaseComment{}, err
		}
		return c, decode(body, &c)
	}, sqlCommentsToSight, limit)
	return out, s.db.Explain("look for comments that came early", err)
}

// TidyCases implements store.Cases.
func (s *Store) TidyCases(ctx context.Context, responses, comments time.Time, limit int) error {
	return s.write(ctx, "tidy cases", func(ctx context.Context, w *writing) error {
		if _, err := w.Exec(ctx, sqlOldResponses, relational.ToMicro(responses), limit); err != nil {
			return err
		}
		_, err := w.Exec(ctx, sqlOldComments, relational.ToMicro(comments), limit)
		return err
	})
}
