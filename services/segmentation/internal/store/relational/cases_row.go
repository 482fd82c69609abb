package relational

import (
	"context"
	"math"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	caseColumns = `organization, id, state, open, unresolved, queue, owner, subject, unit, contact, person, company, location, region, employee, rank_late, rank_due,
rank_worth, rank_severity, next_time, create_time, update_time, version, body`
	caseOrder = `rank_late, rank_due, rank_worth, rank_severity, id`

	sqlInsertCase = `INSERT INTO cases (` + caseColumns + `)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)`
	sqlUpdateCase = `UPDATE cases SET state = $3, open = $4, unresolved = $5, queue = $6, owner = $7, subject = $8, unit = $9, contact = $10, person = $11, company = $12,
location = $13, region = $14, employee = $15, rank_late = $16, rank_due = $17, rank_worth = $18, rank_severity = $19, next_time = $20, create_time = $21,
update_time = $22, version = $23, body = $24 WHERE organization = $1 AND id = $2`
	sqlSelectCase = `SELECT ` + caseColumns + ` FROM cases WHERE organization = $1 AND id = $2`
)

// casePlaces are where the dimensions of units stand.
var casePlaces = map[string]string{"company": "company", "location": "location", "region": "region", "employee": "employee"}

// never is the rank of what is never due.
const never int64 = math.MaxInt64

// rankDue is where a time until which a case is to be resolved stands in the order.
func rankDue(due time.Time) int64 {
	if due.IsZero() {
		return never
	}
	return relational.ToMicro(due)
}

func scanCase(row relational.Scanner) (c cases.Case, err error) {
	var state, isOpen, unresolved, late, due, severity, created, updated int64
	var unit string
	var worth float64
	var next *int64
	var body []byte
	err = row.Scan(&c.Organization, &c.ID, &state, &isOpen, &unresolved, &c.Queue, &c.Owner, &c.Subject, &unit, &c.About.Contact, &c.About.Person, &c.About.Company,
		&c.About.Location, &c.About.Region, &c.About.Employee, &late, &due, &worth, &severity, &next, &created, &updated, &c.Version, &body)
	if err != nil {
		return cases.Case{}, err
	}
	c.State, c.Severity, c.Value = cases.State(state), cases.Severity(-severity), -worth
	c.CreateTime, c.UpdateTime = relational.FromMicro(created), relational.FromMicro(updated)
	if due != never {
		c.Due = relational.FromMicro(due)
	}
	return c, decode(body, &c)
}

// caseValues are the columns of a case. unit is what it is about where it has no contact.
func caseValues(c *cases.Case, unit string, cal cases.Calendar) ([]any, error) {
	body, err := encode(c)
	if err != nil {
		return nil, err
	}
	return []any{
		c.Organization, c.ID, int64(c.State), flag(c.State.Open()), flag(c.State.Unresolved()), c.Queue, c.Owner, c.Subject, unit, c.About.Contact, c.About.Person,
		c.About.Company, c.About.Location, c.About.Region, c.About.Employee, 1 - flag(c.Late.Any()), rankDue(c.Due), -c.Value, -int64(c.Severity),
		relational.NullMicro(c.Next(cal)), relational.ToMicro(c.CreateTime), relational.ToMicro(c.UpdateTime), c.Version, body,
	}, nil
}

func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// unitOf is what cases without a contact are the same by.
func unitOf(a cases.About) string {
	if a.Contact != "" {
		return ""
	}
	return a.Party()
}

// caseOf reads a case of a caller.
func caseOf(ctx context.Context, r relational.Reader, ref store.CaseRef) (cases.Case, error) {
	c, err := relational.One(ctx, r, scanCase, sqlSelectCase, ref.Organization, ref.ID)
	if err != nil {
		return cases.Case{}, notFound(err)
	}
	if a := c.About; !ref.Units.Within(store.Place{Company: a.Company, Location: a.Location, Region: a.Region, Employee: a.Employee}) {
		return cases.Case{}, store.ErrNotFound
	}
	return c, nil
}

// insertCase stores a case that was opened, with its entry.
func (w *writing) insertCase(ctx context.Context, c *cases.Case, unit string, e cases.Entry, cal cases.Calendar) error {
	c.Version = 1
	values, err := caseValues(c, unit, cal)
	if err != nil {
		return err
	}
	if _, err := w.Exec(ctx, sqlInsertCase, values...); err != nil {
		return err
	}
	if err := w.putDates(ctx, &cases.Case{}, c); err != nil {
		return err
	}
	if err := w.beginSpan(ctx, c); err != nil {
		return err
	}
	return w.happened(ctx, c, []cases.Entry{e})
}

// saveCase stores a case that was changed from before, with what happened.
func (w *writing) saveCase(ctx context.Context, before, c *cases.Case, entries []cases.Entry, cal cases.Calendar) error {
	c.Version = before.Version + 1
	values, err := caseValues(c, unitOf(c.About), cal)
	if err != nil {
		return err
	}
	// What a case without a contact is about was said when it was opened.
	if c.About.Contact == "" {
		if values[8], err = relational.One(ctx, w, relational.Value[string], `SELECT unit FROM cases WHERE organization = $1 AND id = $2`, c.Organization, c.ID); err != nil {
			return err
		}
	}
	if _, err := w.Exec(ctx, sqlUpdateCase, values...); err != nil {
		return err
	}
	if err := w.putDates(ctx, before, c); err != nil {
		return err
	}
	switch was, is := before.State.Unresolved(), c.State.Unresolved(); {
	case was && !is:
		err = w.endSpan(ctx, c)
	case is && !was:
		err = w.beginSpan(ctx, c)
	}
	if err != nil {
		return err
	}
	return w.happened(ctx, c, entries)
}
