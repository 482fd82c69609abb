package relational

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	sqlSameCase = `SELECT ` + caseColumns + ` FROM cases
WHERE organization = $1 AND contact = $2 AND unit = $3 AND subject = $4 AND unresolved = 1 AND create_time > $5 ORDER BY create_time DESC, id LIMIT 1`
	sqlDueCases = `SELECT ` + caseColumns + ` FROM cases WHERE organization = $1 AND next_time IS NOT NULL AND next_time <= $2 ORDER BY next_time LIMIT $3`
	// sqlDueOf names an expression, so that SQLite looks for what is due rather than through all organisations.
	sqlDueOf = `SELECT DISTINCT organization || '' AS due FROM cases WHERE next_time IS NOT NULL AND next_time <= $1 ORDER BY due`
)

// stamped is an entry with what is known of the call.
func stamped(e cases.Entry, by store.By) cases.Entry {
	e.Actor, e.Request, e.Content = by.Actor, by.Request, by.Content
	return e
}

// repeated is the case to which an actor's request did before what it asks now; empty when there was no such request. Errors: store.ErrExists when it asked
// something else.
func (w *writing) repeated(ctx context.Context, organization string, by store.By) (string, error) {
	if by.Request == "" {
		return "", nil
	}
	e, err := relational.One(ctx, w, func(row relational.Scanner) (e cases.Entry, err error) {
		var body []byte
		if err = row.Scan(&e.Origin, &body); err != nil {
			return e, err
		}
		return e, decode(body, &e)
	}, sqlRequestDone, organization, by.Request, by.Actor)
	switch {
	case errors.Is(err, relational.ErrNoRow):
		return "", nil
	case err != nil:
		return "", err
	case !bytes.Equal(e.Content, by.Content):
		return "", store.ErrExists
	}
	return e.Origin, nil
}

// round is a time as it is kept.
func round(t time.Time) time.Time { return relational.FromMicro(relational.ToMicro(t)) }

// OpenCase implements store.Cases.
func (s *Store) OpenCase(ctx context.Context, c cases.Case, links []string, by store.By) (out cases.Case, err error) {
	err = s.write(ctx, "open case", func(ctx context.Context, w *writing) error {
		id, err := w.repeated(ctx, c.Organization, by)
		if err != nil {
			return err
		}
		if id != "" {
			if out, err = caseOf(ctx, w, store.CaseRef{Organization: c.Organization, ID: id, Units: by.Units}); errors.Is(err, store.ErrNotFound) {
				return store.ErrExists
			}
			return err
		}
		out = c
		if err := w.settle(ctx, &out); err != nil {
			return err
		}
		same, err := w.sameCase(ctx, &out, unitOf(out.About), time.Time{})
		if err == nil && out.About.Contact != "" {
			return &store.CaseExists{ID: same.ID}
		}
		if err != nil && !errors.Is(err, relational.ErrNoRow) {
			return err
		}
		cal, err := w.calendar(ctx, out.Organization)
		if err != nil {
			return err
		}
		now := round(by.Time)
		e := out.Open(by.Actor, now, cal)
		for _, resource := range links {
			if _, err := w.link(ctx, &out, out.About, cases.Link{Resource: resource, Time: now}); err != nil {
				return err
			}
		}
		return w.insertCase(ctx, &out, unitOf(out.About), stamped(e, by), cal)
	})
	if err != nil {
		return cases.Case{}, err
	}
	return out, nil
}

// settle fills in what the directory knows of whom a case is about. Errors: store.ErrNotFound when the contact is unknown.
func (w *writing) settle(ctx context.Context, c *cases.Case) (err error) {
	a := &c.About
	if a.Contact != "" {
		if err := w.settleContact(ctx, c.Organization, a); err != nil {
			return err
		}
	}
	if a.Region == "" {
		if a.Region, err = regionOf(ctx, w, c.Organization, a.Location); err != nil {
			return err
		}
	}
	if a.Company != "" {
		c.Value, err = companyValue(ctx, w, c.Organization, a.Company)
	}
	return err
}

// settleContact fills in by what a contact is known, the contact that it was merged into, and where it belongs.
func (w *writing) settleContact(ctx context.Context, organization string, a *cases.About) (err error) {
	if a.Person == nil {
		if a.Person, err = contactPerson(ctx, w, organization, a.Contact); err != nil {
			return err
		}
		if a.Person == nil {
			return store.ErrNotFound
		}
		if a.Contact, err = contactOf(ctx, w, organization, a.Person); err != nil {
			return err
		}
	}
	found, err := contactsIn(ctx, w, organization, []string{a.Contact})
	a.Company, a.Location = cmp.Or(a.Company, found[a.Contact].Company), cmp.Or(a.Location, found[a.Contact].Location)
	return err
}

// sameCase is the unresolved case of the same subject that was opened last, after a time; relational.ErrNoRow when there is none.
func (w *writing) sameCase(ctx context.Context, c *cases.Case, unit string, after time.Time) (cases.Case, error) {
	since := int64(-1 << 62)
	if !after.IsZero() {
		since = relational.ToMicro(after)
	}
	if c.About.Contact == "" && unit == "" {
		return cases.Case{}, relational.ErrNoRow
	}
	return relational.One(ctx, w, scanCase, sqlSameCase, c.Organization, c.About.Contact, unit, c.Subject, since)
}

// ChangeCase implements store.Cases.
func (s *Store) ChangeCase(
	ctx context.Context, ref store.CaseRef, by store.By, change func(c *cases.Case, cal cases.Calendar) ([]cases.Entry, error),
) (out cases.Case, err error) {
	err = s.write(ctx, "change case", func(ctx context.Context, w *writing) error {
		out, err = w.changeCase(ctx, ref, by, change)
		return err
	})
	if err != nil {
		return cases.Case{}, err
	}
	return out, nil
}

func (w *writing) changeCase(
	ctx context.Context, ref store.CaseRef, by store.By, change func(c *cases.Case, cal cases.Calendar) ([]cases.Entry, error),
) (cases.Case, error) {
	before, err := caseOf(ctx, w, ref)
	if err != nil {
		return cases.Case{}, err
	}
	switch id, err := w.repeated(ctx, ref.Organization, by); {
	case err != nil:
		return cases.Case{}, err
	case id != "":
		return before, nil
	}
	cal, err := w.calendar(ctx, ref.Organization)
	if err != nil {
		return cases.Case{}, err
	}
	// What time has done to it comes first: nobody resolves in time what is late already.
	c := before.Clone()
	entries := c.Tick(round(by.Time), cal)
	did, err := change(&c, cal)
	if err != nil {
		return cases.Case{}, err
	}
	for _, e := range did {
		entries = append(entries, stamped(e, by))
	}
	if len(entries) == 0 {
		return before, nil
	}
	return c, w.saveCase(ctx, &before, &c, entries, cal)
}

// ClaimFirst implements store.Cases.
func (s *Store) ClaimFirst(ctx context.Context, organization, queue string, units store.Units, owner string, by store.By) (out cases.Case, err error) {
	err = s.write(ctx, "claim case", func(ctx context.Context, w *writing) error {
		q := store.CaseQuery{
			Organization: organization, Units: units, Queue: queue, Unowned: true, Limit: 1,
			States: []cases.State{cases.New, cases.Assigned, cases.InProgress, cases.WaitingCustomer},
		}
		free, err := listCasesOfUnits(ctx, w, q, true)
		if err != nil {
			return err
		}
		if len(free) == 0 {
			return store.ErrNotFound
		}
		out, err = w.changeCase(ctx, store.CaseRef{Organization: organization, ID: free[0].ID}, by, func(c *cases.Case, _ cases.Calendar) ([]cases.Entry, error) {
			e, news, err := c.Claim(owner, by.Actor, round(by.Time))
			if !news {
				return nil, err
			}
			return []cases.Entry{e}, err
		})
		return err
	})
	if err != nil {
		return cases.Case{}, err
	}
	return out, nil
}

// MergeCases implements store.Cases.
func (s *Store) MergeCases(ctx context.Context, into store.CaseRef, sources []string, by store.By) (out cases.Case, err error) {
	err = s.write(ctx, "merge cases", func(ctx context.Context, w *writing) error {
		cal, err := w.calendar(ctx, into.Organization)
		if err != nil {
			return err
		}
		before, err := caseOf(ctx, w, into)
		if err != nil {
			return err
		}
		out = before
		var entries []cases.Entry
		for _, id := range sources {
			source, err := caseOf(ctx, w, store.CaseRef{Organization: into.Organization, ID: id, Units: into.Units})
			if err != nil {
				return err
			}
			e, err := w.mergeCase(ctx, &out, source, by, cal)
			if err != nil {
				return err
			}
			entries = append(entries, e)
		}
		return w.saveCase(ctx, &before, &out, entries, cal)
	})
	if err != nil {
		return cases.Case{}, err
	}
	return out, nil
}

// mergeCase takes a case into another one, which is not stored yet.
func (w *writing) mergeCase(ctx context.Context, into *cases.Case, source cases.Case, by store.By, cal cases.Calendar) (cases.Entry, error) {
	before := source
	here, there, err := into.Merge(&source, by.Actor, round(by.Time), cal)
	if err != nil {
		return cases.Entry{}, err
	}
	if err := w.saveCase(ctx, &before, &source, []cases.Entry{stamped(there, by)}, cal); err != nil {
		return cases.Entry{}, err
	}
	for _, statement := range []string{sqlMoveEntries, sqlMoveLinks} {
		if _, err := w.Exec(ctx, statement, into.Organization, source.ID, into.ID); err != nil {
			return cases.Entry{}, err
		}
	}
	_, err = w.Exec(ctx, sqlDropLinks, into.Organization, source.ID)
	return stamped(here, by), err
}

// TickCases implements store.Cases.
func (s *Store) TickCases(ctx context.Context, now time.Time, limit int) (n int, err error) {
	// A look costs less than a turn, and as a rule there is nothing.
	due, err := relational.List(ctx, s.db, relational.Value[string], sqlDueOf, relational.ToMicro(now))
	if err != nil {
		return 0, s.db.Explain("look for cases that are due", err)
	}
	var errs []error
	for _, organization := range due {
		did, err := s.tickCases(ctx, organization, now, limit)
		if err != nil {
			errs = append(errs, fmt.Errorf("of %s: %w", organization, err))
		}
		if n += did; ctx.Err() != nil {
			break
		}
	}
	return n, errors.Join(errs...)
}

// tickCases does to cases of an organisation what time has done to them.
func (s *Store) tickCases(ctx context.Context, organization string, now time.Time, limit int) (n int, err error) {
	err = s.write(ctx, "tick cases", func(ctx context.Context, w *writing) error {
		due, err := relational.List(ctx, w, scanCase, sqlDueCases, organization, relational.ToMicro(now), limit)
		if err != nil {
			return err
		}
		cal, err := w.calendar(ctx, organization)
		if err != nil {
			return err
		}
		n = len(due)
		for _, before := range due {
			c := before
			// Stored also when the calendar that holds now says that it is not yet time: with the time at which it will be.
			entries := c.Tick(round(now), cal)
			if err := w.saveCase(ctx, &before, &c, entries, cal); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return n, nil
}
