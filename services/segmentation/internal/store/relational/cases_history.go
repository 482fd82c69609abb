package relational

import (
	"context"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"
)

const caseEntryNumbers counter = "case_entries"

const (
	sqlInsertCaseEntry = `INSERT INTO case_entries (organization, case_id, seq, origin, kind, actor, request, contact, person, time, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`
	caseEntryColumns  = `case_id, seq, origin, kind, actor, request, time, body`
	sqlCaseEntries    = `SELECT ` + caseEntryColumns + ` FROM case_entries WHERE organization = $1 AND case_id = $2 AND seq > $3 ORDER BY seq LIMIT $4`
	sqlEntriesOfPart  = `SELECT ` + caseEntryColumns + ` FROM case_entries WHERE organization = $1 AND origin = $2 AND seq > $3 ORDER BY seq LIMIT $4`
	sqlMoveEntries    = `UPDATE case_entries SET case_id = $3 WHERE organization = $1 AND case_id = $2`
	sqlRequestDone    = `SELECT origin, body FROM case_entries WHERE organization = $1 AND request = $2 AND request <> '' AND actor = $3 ORDER BY seq LIMIT 1`
	sqlInsertCaseLink = `INSERT INTO case_links (organization, case_id, resource, rule, contact, person, time) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (organization, case_id, resource, rule) DO NOTHING`
	sqlCaseLinks = `SELECT resource, rule, time FROM case_links WHERE organization = $1 AND case_id = $2 ORDER BY time, resource, rule LIMIT $3`
	sqlLinked    = `SELECT 1 FROM case_links WHERE organization = $1 AND resource = $2 AND rule = $3`
	sqlMoveLinks = `INSERT INTO case_links (organization, case_id, resource, rule, contact, person, time)
SELECT organization, $3, resource, rule, contact, person, time FROM case_links WHERE organization = $1 AND case_id = $2
ON CONFLICT (organization, case_id, resource, rule) DO NOTHING`
	sqlDropLinks = `DELETE FROM case_links WHERE organization = $1 AND case_id = $2`
	sqlUnlink    = `DELETE FROM case_links WHERE organization = $1 AND resource = $2`
	sqlBeginSpan = `INSERT INTO case_spans (organization, case_id, start_time, end_time, contact, person) VALUES ($1, $2, $3, NULL, $4, $5)
ON CONFLICT (organization, case_id, start_time) DO UPDATE SET end_time = NULL`
	sqlEndSpan      = `UPDATE case_spans SET end_time = $3 WHERE organization = $1 AND case_id = $2 AND end_time IS NULL`
	sqlUnresolvedAt = `SELECT 1 FROM case_spans WHERE organization = $1 AND contact = $2 AND contact <> '' AND start_time < $3 AND (end_time IS NULL OR end_time > $3)`
)

// mostToldLinks bounds the links that an event tells.
const mostToldLinks = 20

// happened enters what happened to a case into its history, tells it, and remembers it of the contact.
func (w *writing) happened(ctx context.Context, c *cases.Case, entries []cases.Entry) error {
	for _, e := range entries {
		seq := w.next(caseEntryNumbers)
		body, err := encode(e)
		if err != nil {
			return err
		}
		if _, err := w.Exec(ctx, sqlInsertCaseEntry, c.Organization, c.ID, seq, c.ID, int64(e.Kind), e.Actor, e.Request, c.About.Contact, c.About.Person,
			relational.ToMicro(e.Time), body); err != nil {
			return err
		}
		if kind := toldOf(e); kind != "" {
			if err := w.tellCase(ctx, c, kind, e); err != nil {
				return err
			}
		}
		if event := rememberedOf(e); event != "" && c.About.Contact != "" {
			if err := w.rememberCase(ctx, c, event, e, seq); err != nil {
				return err
			}
		}
	}
	return nil
}

// toldOf is the event that an entry is told by; empty for none.
func toldOf(e cases.Entry) store.EventKind {
	switch {
	case e.Kind == cases.Opened, e.Kind == cases.Reopened:
		return store.CaseOpened
	case e.Kind == cases.FellDue:
		return store.CaseDue
	case e.Kind == cases.Breached:
		return store.CaseBreached
	case e.State == cases.Closed:
		return store.CaseClosed
	}
	return ""
}

// rememberedOf is what the timeline calls it; empty for what it leaves out.
func rememberedOf(e cases.Entry) string {
	switch {
	case e.Kind == cases.Opened:
		return "opened"
	case e.Kind == cases.Reopened:
		return "reopened"
	case e.State == cases.Resolved:
		return "resolved"
	case e.State == cases.Closed:
		return "closed"
	}
	return ""
}

// tellCase tells what became of a case.
func (w *writing) tellCase(ctx context.Context, c *cases.Case, kind store.EventKind, e cases.Entry) error {
	links, err := relational.List(ctx, w, scanCaseLink, sqlCaseLinks, c.Organization, c.ID, mostToldLinks)
	if err != nil {
		return err
	}
	told := store.CaseChanged{Queue: c.Queue, Owner: c.Owner, Severity: c.Severity.String(), ResolutionDue: c.Due, RootCause: c.Cause.String()}
	// What a rule is called is told; what a person wrote is not.
	if c.Rule != "" {
		told.DisplayName = c.DisplayName
	}
	if c.FirstTime.IsZero() {
		told.FirstResponseDue = c.FirstDue
	}
	for _, l := range links {
		told.Links = append(told.Links, l.Resource)
	}
	body, err := store.EncodeBody(told)
	if err != nil {
		return err
	}
	return w.tell(ctx, c.Organization, store.Event{
		Kind: kind, Resource: "cases/" + c.ID, Contact: c.About.Contact, Person: c.About.Person, Company: c.About.Company, Location: c.About.Location,
		Region: c.About.Region, Employee: c.About.Employee, Body: body, Time: e.Time,
	})
}

// rememberCase enters what became of a case into the timeline of its contact.
func (w *writing) rememberCase(ctx context.Context, c *cases.Case, event string, e cases.Entry, seq int64) error {
	body, err := timeline.Encode(timeline.Case{
		Units: timeline.Units{Company: c.About.Company, Location: c.About.Location, Region: c.About.Region, Employee: c.About.Employee},
		Event: event, State: c.State.String(), Severity: int(c.Severity), Subject: c.Subject,
	})
	if err != nil {
		return err
	}
	return w.remember(ctx, store.TimelineEntry{
		Organization: c.Organization, Contact: c.About.Contact, Person: c.About.Person, Time: e.Time, Kind: timeline.CaseKind,
		Resource: fmt.Sprintf("cases/%s#%d", c.ID, seq), Body: body,
	})
}

// link links a case with something; what is linked already stays.
func (w *writing) link(ctx context.Context, c *cases.Case, about cases.About, l cases.Link) (bool, error) {
	n, err := w.Exec(ctx, sqlInsertCaseLink, c.Organization, c.ID, l.Resource, l.Rule, about.Contact, about.Person, relational.ToMicro(l.Time))
	return n > 0, err
}

// beginSpan notes that a case is unresolved from the time of its change on.
func (w *writing) beginSpan(ctx context.Context, c *cases.Case) error {
	_, err := w.Exec(ctx, sqlBeginSpan, c.Organization, c.ID, relational.ToMicro(c.UpdateTime), c.About.Contact, c.About.Person)
	return err
}

// endSpan notes that it was until then.
func (w *writing) endSpan(ctx context.Context, c *cases.Case) error {
	_, err := w.Exec(ctx, sqlEndSpan, c.Organization, c.ID, relational.ToMicro(c.UpdateTime))
	return err
}

func scanCaseLink(row relational.Scanner) (l cases.Link, err error) {
	var at int64
	err = row.Scan(&l.Resource, &l.Rule, &at)
	l.Time = relational.FromMicro(at)
	return l, err
}

// scanCaseEntry reads caseEntryColumns. An entry has an origin where that is another case.
func scanCaseEntry(row relational.Scanner) (e cases.Entry, err error) {
	var id string
	var kind, at int64
	var body []byte
	if err = row.Scan(&id, &e.Seq, &e.Origin, &kind, &e.Actor, &e.Request, &at, &body); err != nil {
		return cases.Entry{}, err
	}
	e.Kind, e.Time = cases.Happening(kind), relational.FromMicro(at)
	if e.Origin == id {
		e.Origin = ""
	}
	return e, decode(body, &e)
}

// CaseLinks implements store.Cases.
func (s *Store) CaseLinks(ctx context.Context, organization, id string, limit int) ([]cases.Link, error) {
	links, err := relational.List(ctx, s.db, scanCaseLink, sqlCaseLinks, organization, id, limit)
	return links, s.db.Explain("read links of case", err)
}

// CaseEntries implements store.Cases. What happened to a case that was merged lies with the other one, and is found by its origin.
func (s *Store) CaseEntries(ctx context.Context, ref store.CaseRef, after int64, limit int) (out []cases.Entry, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		c, err := caseOf(ctx, r, ref)
		if err != nil {
			return err
		}
		query := sqlCaseEntries
		if c.MergedInto != "" {
			query = sqlEntriesOfPart
		}
		if out, err = relational.List(ctx, r, scanCaseEntry, query, ref.Organization, ref.ID, after, limit); err != nil {
			return err
		}
		for i := range out {
			if out[i].Origin == ref.ID {
				out[i].Origin = ""
			}
		}
		return nil
	})
	if err != nil {
		return nil, s.db.Explain("read history of case", err)
	}
	return out, nil
}

// UnresolvedAt implements store.Cases.
func (s *Store) UnresolvedAt(ctx context.Context, organization, contact string, at time.Time) (bool, error) {
	there, err := relational.Exists(ctx, s.db, sqlUnresolvedAt, organization, contact, relational.ToMicro(at))
	return there, s.db.Explain("look for unresolved cases", err)
}
