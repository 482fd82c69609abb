package relational

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	unitColumns = `kind, id, parent_kind, parent, attributes, body, version, create_time, update_time`

	sqlSelectUnit = `SELECT ` + unitColumns + ` FROM units WHERE organization = $1 AND kind = $2 AND id = $3`
	sqlUnitThere  = `SELECT 1 FROM units WHERE organization = $1 AND kind = $2 AND id = $3`
	sqlPutUnit    = `INSERT INTO units (organization, ` + unitColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (organization, kind, id) DO UPDATE SET parent_kind = excluded.parent_kind, parent = excluded.parent, attributes = excluded.attributes, body = excluded.body,
version = excluded.version, update_time = excluded.update_time`
	sqlDeleteUnit   = `DELETE FROM units WHERE organization = $1 AND kind = $2 AND id = $3`
	sqlUnitHolds    = `SELECT ` + unitColumns + ` FROM units WHERE organization = $1 AND parent_kind = $2 AND parent = $3 AND parent <> '' ORDER BY kind, id LIMIT 1`
	sqlCompanyHolds = `SELECT 1 FROM contacts WHERE organization = $1 AND company = $2 AND company <> ''`
	sqlPlaceHolds   = `SELECT 1 FROM contacts WHERE organization = $1 AND location = $2 AND location <> ''`
	sqlParentOf     = `SELECT parent FROM units WHERE organization = $1 AND kind = $2 AND id = $3`
)

// mostDepth is how deep regions may lie in others.
const mostDepth = 64

func scanUnit(row relational.Scanner) (u directory.Unit, err error) {
	var kind, parentKind, created, updated int64
	var attributes []byte
	var body string
	if err := row.Scan(&kind, &u.ID, &parentKind, &u.Parent.ID, &attributes, &body, &u.Version, &created, &updated); err != nil {
		return u, err
	}
	u.Kind, u.Parent.Kind = attribute.Kind(kind), attribute.Kind(parentKind) //nolint:gosec // what was stored
	u.Attributes, u.CreateTime, u.UpdateTime = attributes, relational.FromMicro(created), relational.FromMicro(updated)
	if err := json.Unmarshal([]byte(body), &u.Details); err != nil {
		return u, fmt.Errorf("decode %s %s: %w", u.Kind, u.ID, err)
	}
	return u, nil
}

// GetUnit implements store.Directory.
func (s *Store) GetUnit(ctx context.Context, organization string, ref directory.Ref) (directory.Unit, error) {
	u, err := relational.One(ctx, s.db, scanUnit, sqlSelectUnit, organization, int64(ref.Kind), ref.ID)
	return u, s.db.Explain("get unit", notFound(err))
}

// SeeUnit implements store.Directory.
func (s *Store) SeeUnit(ctx context.Context, organization string, units store.Units, ref directory.Ref) (u directory.Unit, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		of, err := reachOf(ctx, r, organization, units)
		if err != nil {
			return err
		}
		u, err = relational.One(ctx, r, scanUnit, sqlSelectUnit, organization, int64(ref.Kind), ref.ID)
		if err == nil && !of.seesUnit(u) {
			err = store.ErrNotFound
		}
		return notFound(err)
	})
	return u, s.db.Explain("see unit", err)
}

// ListUnits implements store.Directory.
func (s *Store) ListUnits(ctx context.Context, q store.UnitQuery) (out []directory.Unit, more bool, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		of, err := reachOf(ctx, r, q.Organization, q.Units)
		if err != nil {
			return err
		}
		where := of.unitConditions(q)
		out, err = relational.List(ctx, r, scanUnit, `SELECT `+unitColumns+` FROM units WHERE `+where.text.String()+` ORDER BY id LIMIT `+where.arg(q.Limit+1), where.args...)
		return err
	})
	if err != nil {
		return nil, false, s.db.Explain("list units", err)
	}
	out, more = relational.Page(out, q.Limit)
	return out, more, nil
}

// unitConditions are those of a query.
func (r reach) unitConditions(q store.UnitQuery) *conditions {
	where := &conditions{}
	where.and("organization = " + where.arg(q.Organization))
	where.and("kind = " + where.arg(int64(q.Kind)))
	where.and("id > " + where.arg(q.After))
	if !q.Parent.Empty() {
		where.and(where.liesIn(q.Parent.Kind, []string{q.Parent.ID}))
	}
	r.units(where, q.Kind)
	return where
}

// PutUnits implements store.Directory.
func (s *Store) PutUnits(ctx context.Context, organization string, at time.Time, changes []store.UnitChange) (out []store.UnitOutcome, err error) {
	err = s.write(ctx, "put units", func(ctx context.Context, w *writing) error {
		out = make([]store.UnitOutcome, len(changes))
		var companies []string
		var done importCount
		for i, c := range changes {
			if err := w.putUnit(ctx, organization, at, c, &out[i]); err != nil {
				return err
			}
			if !out[i].Changed {
				continue
			}
			done.add(out[i].Created)
			if c.Kind == attribute.Company {
				companies = append(companies, c.ID)
			}
		}
		if err := w.countImported(ctx, organization, done); err != nil || len(companies) == 0 {
			return err
		}
		return w.companiesChanged(ctx, organization, companies, at)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// putUnit changes a unit. What is refused is the outcome, and no error.
func (w *writing) putUnit(ctx context.Context, organization string, at time.Time, c store.UnitChange, out *store.UnitOutcome) error {
	u, err := relational.One(ctx, w, scanUnit, sqlSelectUnit, organization, int64(c.Kind), c.ID)
	if errors.Is(err, relational.ErrNoRow) {
		if !c.AllowMissing {
			out.Err = store.ErrNotFound
			return nil
		}
		u, err, out.Created = directory.Unit{Ref: c.Ref, CreateTime: at}, nil, true
	}
	if err != nil {
		return err
	}
	before := u
	if out.Err = c.Edit(&u); out.Err != nil {
		return nil //nolint:nilerr // it is the outcome
	}
	u.Ref, u.CreateTime, u.Version = c.Ref, before.CreateTime, before.Version
	if out.Err = u.Check(); out.Err != nil {
		return nil //nolint:nilerr // it is the outcome
	}
	if u.Parent != before.Parent && !u.Parent.Empty() {
		if out.Err, err = w.checkParent(ctx, organization, u); err != nil || out.Err != nil {
			return err
		}
	}
	if out.Unit = u; !out.Created && sameUnit(before, u) {
		return nil
	}
	u.Version, u.UpdateTime = u.Version+1, at
	body, err := json.Marshal(u.Details)
	if err != nil {
		return err
	}
	out.Unit, out.Changed = u, true
	_, err = w.Exec(ctx, sqlPutUnit, organization, int64(u.Kind), u.ID, int64(u.Parent.Kind), u.Parent.ID, []byte(u.Attributes), string(body), u.Version,
		relational.ToMicro(u.CreateTime), relational.ToMicro(u.UpdateTime))
	return err
}

// sameUnit tells whether two units say the same.
func sameUnit(a, b directory.Unit) bool {
	pointed := func(d directory.Details) (directory.Details, directory.Point, bool) {
		if d.Point == nil {
			return d, directory.Point{}, false
		}
		p := *d.Point
		d.Point = nil
		return d, p, true
	}
	ad, ap, an := pointed(a.Details)
	bd, bp, bn := pointed(b.Details)
	return a.Parent == b.Parent && string(a.Attributes) == string(b.Attributes) && ad == bd && ap == bp && an == bn
}

// checkParent refuses a parent that does not exist, and a region that would lie in itself.
func (w *writing) checkParent(ctx context.Context, organization string, u directory.Unit) (refusal, err error) {
	there, err := relational.Exists(ctx, w, sqlUnitThere, organization, int64(u.Parent.Kind), u.Parent.ID)
	if err != nil {
		return nil, err
	}
	if !there {
		return directory.Refuse("parent", directory.ParentUnknown, "there is no %s %s", u.Parent.Kind, u.Parent.ID), nil
	}
	if u.Kind != attribute.Region {
		return nil, nil
	}
	at := u.Parent.ID
	for range mostDepth {
		if at == u.ID {
			return directory.Refuse("parent", directory.Circular, "the region would lie in itself: %s lies in it", u.Parent.ID), nil
		}
		at, err = relational.One(ctx, w, relational.Value[string], sqlParentOf, organization, int64(attribute.Region), at)
		if err != nil || at == "" {
			return nil, err
		}
	}
	return directory.Refuse("parent", directory.Invalid, "regions lie in each other at most %d deep", mostDepth), nil
}

// DeleteUnit implements store.Directory.
func (s *Store) DeleteUnit(ctx context.Context, organization string, ref directory.Ref, at time.Time) error {
	return s.write(ctx, "delete unit", func(ctx context.Context, w *writing) error {
		held, err := relational.One(ctx, w, scanUnit, sqlUnitHolds, organization, int64(ref.Kind), ref.ID)
		if err == nil {
			return &store.InUseError{By: held.Ref}
		}
		if !errors.Is(err, relational.ErrNoRow) {
			return err
		}
		used := false
		if err = nil; ref.Kind == attribute.Company {
			used, err = relational.Exists(ctx, w, sqlCompanyHolds, organization, ref.ID)
		}
		if ref.Kind == attribute.Location {
			used, err = relational.Exists(ctx, w, sqlPlaceHolds, organization, ref.ID)
		}
		if err != nil {
			return err
		}
		if used {
			return &store.InUseError{}
		}
		if err := found(w.Exec(ctx, sqlDeleteUnit, organization, int64(ref.Kind), ref.ID)); err != nil || ref.Kind != attribute.Company {
			return err
		}
		return w.companiesChanged(ctx, organization, []string{ref.ID}, at)
	})
}
