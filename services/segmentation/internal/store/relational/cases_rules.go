package relational

import (
	"context"
	"errors"
	"slices"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/trigger"
	"github.com/otklik/otklik/services/segmentation/internal/worktime"
)

const (
	sqlCaseRules      = `SELECT organization, id, create_time, update_time, version, body FROM case_rules WHERE organization = $1 ORDER BY id`
	sqlInsertCaseRule = `INSERT INTO case_rules (organization, id, create_time, update_time, version, body) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlUpdateCaseRule = `UPDATE case_rules SET create_time = $3, update_time = $4, version = $5, body = $6 WHERE organization = $1 AND id = $2`
	sqlDeleteCaseRule = `DELETE FROM case_rules WHERE organization = $1 AND id = $2`

	sqlWorkCalendar    = `SELECT organization, update_time, updated_by, version, body FROM work_calendars WHERE organization = $1`
	sqlPutWorkCalendar = `INSERT INTO work_calendars (organization, update_time, updated_by, version, body) VALUES ($1, $2, $3, $4, $5)
ON CONFLICT (organization) DO UPDATE SET update_time = excluded.update_time, updated_by = excluded.updated_by, version = excluded.version, body = excluded.body`
)

func scanCaseRule(row relational.Scanner) (r trigger.Rule, err error) {
	var created, updated int64
	var body []byte
	if err = row.Scan(&r.Organization, &r.ID, &created, &updated, &r.Version, &body); err != nil {
		return trigger.Rule{}, err
	}
	r.CreateTime, r.UpdateTime = relational.FromMicro(created), relational.FromMicro(updated)
	return r, decode(body, &r)
}

// CaseRules implements store.Cases.
func (s *Store) CaseRules(ctx context.Context, organization string) ([]trigger.Rule, error) {
	rules, err := relational.List(ctx, s.db, scanCaseRule, sqlCaseRules, organization)
	return rules, s.db.Explain("list case rules", err)
}

// PutCaseRule implements store.Cases.
func (s *Store) PutCaseRule(ctx context.Context, r trigger.Rule, check func(others []trigger.Rule) error) (out trigger.Rule, err error) {
	err = s.write(ctx, "put case rule", func(ctx context.Context, w *writing) error {
		rules, err := relational.List(ctx, w, scanCaseRule, sqlCaseRules, r.Organization)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(rules, func(other trigger.Rule) bool { return other.ID == r.ID })
		switch {
		case r.Version == 0 && at >= 0:
			return store.ErrExists
		case r.Version != 0 && at < 0:
			return store.ErrNotFound
		case at >= 0 && rules[at].Version != r.Version:
			return store.ErrChanged
		case at >= 0:
			rules = slices.Delete(rules, at, at+1)
		}
		if err := check(rules); err != nil {
			return err
		}
		out = r
		out.CreateTime, out.UpdateTime, out.Version = round(r.CreateTime), round(r.UpdateTime), r.Version+1
		body, err := encode(out)
		if err != nil {
			return err
		}
		statement := sqlUpdateCaseRule
		if at < 0 {
			statement = sqlInsertCaseRule
		}
		_, err = w.Exec(ctx, statement, r.Organization, r.ID, relational.ToMicro(r.CreateTime), relational.ToMicro(r.UpdateTime), out.Version, body)
		return err
	})
	if err != nil {
		return trigger.Rule{}, err
	}
	return out, nil
}

// DeleteCaseRule implements store.Cases.
func (s *Store) DeleteCaseRule(ctx context.Context, organization, id string) error {
	return s.write(ctx, "delete case rule", func(ctx context.Context, w *writing) error {
		return found(w.Exec(ctx, sqlDeleteCaseRule, organization, id))
	})
}

func scanWorkCalendar(row relational.Scanner) (c store.WorkCalendar, err error) {
	var updated int64
	var body []byte
	if err = row.Scan(&c.Organization, &updated, &c.UpdatedBy, &c.Version, &body); err != nil {
		return store.WorkCalendar{}, err
	}
	c.UpdateTime = relational.FromMicro(updated)
	return c, decode(body, &c.Calendar)
}

// workCalendar is the calendar of an organisation.
func workCalendar(ctx context.Context, r relational.Reader, organization string) (store.WorkCalendar, error) {
	c, err := relational.One(ctx, r, scanWorkCalendar, sqlWorkCalendar, organization)
	if errors.Is(err, relational.ErrNoRow) {
		return store.WorkCalendar{Organization: organization, Calendar: worktime.Always()}, nil
	}
	return c, err
}

// calendar is the clock of an organisation's calendar.
func (w *writing) calendar(ctx context.Context, organization string) (cases.Calendar, error) {
	c, err := workCalendar(ctx, w, organization)
	if err != nil {
		return nil, err
	}
	return c.Compile()
}

// WorkCalendar implements store.Cases.
func (s *Store) WorkCalendar(ctx context.Context, organization string) (store.WorkCalendar, error) {
	c, err := workCalendar(ctx, s.db, organization)
	return c, s.db.Explain("get work calendar", err)
}

// PutWorkCalendar implements store.Cases.
func (s *Store) PutWorkCalendar(ctx context.Context, c store.WorkCalendar) (out store.WorkCalendar, err error) {
	err = s.write(ctx, "put work calendar", func(ctx context.Context, w *writing) error {
		now, err := workCalendar(ctx, w, c.Organization)
		if err != nil {
			return err
		}
		if now.Version != c.Version {
			return store.ErrChanged
		}
		out = c
		out.UpdateTime, out.Version = round(c.UpdateTime), c.Version+1
		body, err := encode(out.Calendar)
		if err != nil {
			return err
		}
		_, err = w.Exec(ctx, sqlPutWorkCalendar, out.Organization, relational.ToMicro(out.UpdateTime), out.UpdatedBy, out.Version, body)
		return err
	})
	if err != nil {
		return store.WorkCalendar{}, err
	}
	return out, nil
}
