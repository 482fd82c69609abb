package relational

import (
	"context"
	"errors"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	sqlEachContact = `SELECT contact, company, location, attributes FROM contacts WHERE organization = $1 AND contact > $2 AND merged_into = ''
ORDER BY contact LIMIT $3`
	sqlEachCompany   = `SELECT ` + unitColumns + ` FROM units WHERE organization = $1 AND kind = $2 AND id > $3 ORDER BY id LIMIT $4`
	sqlRegionOf      = `SELECT parent FROM units WHERE organization = $1 AND kind = $2 AND id = $3`
	sqlLocations     = `SELECT id, parent FROM units WHERE organization = $1 AND kind = $2`
	sqlEmployeeNames = `SELECT ` + unitColumns + ` FROM units WHERE organization = $1 AND kind = $2 ORDER BY id`
)

// rowsAtOnce is how many rows are read at a time, so that a long walk keeps no database from tidying up.
const rowsAtOnce = 50_000

// EachContact implements store.Contacts.
func (s *Store) EachContact(ctx context.Context, organization, after string, fn func(store.ContactRow) error) error {
	regions, err := regionsOf(ctx, s.db, organization)
	if err != nil {
		return s.db.Explain("read locations", err)
	}
	for {
		n := 0
		rows, err := s.db.Query(ctx, sqlEachContact, organization, after, rowsAtOnce)
		if err != nil {
			return s.db.Explain("read contacts", err)
		}
		for rows.Next() {
			var c store.ContactRow
			if err = rows.Scan(&c.ID, &c.Company, &c.Location, (*[]byte)(&c.Attributes)); err != nil {
				break
			}
			c.Region, after = regions[c.Location], c.ID
			n++
			if err = fn(c); err != nil {
				return errors.Join(err, rows.Close())
			}
		}
		if err = errors.Join(err, rows.Err(), rows.Close()); err != nil || n < rowsAtOnce {
			return s.db.Explain("read contacts", err)
		}
	}
}

// regionsOf are the regions of locations.
func regionsOf(ctx context.Context, r relational.Reader, organization string) (map[string]string, error) {
	out := map[string]string{}
	_, err := relational.List(ctx, r, func(row relational.Scanner) (none struct{}, err error) {
		var id, region string
		err = row.Scan(&id, &region)
		out[id] = region
		return none, err
	}, sqlLocations, organization, int64(attribute.Location))
	return out, err
}

// regionOf is the region of a location; empty when that is not known.
func regionOf(ctx context.Context, r relational.Reader, organization, location string) (string, error) {
	if location == "" {
		return "", nil
	}
	region, err := relational.One(ctx, r, relational.Value[string], sqlRegionOf, organization, int64(attribute.Location), location)
	if errors.Is(err, relational.ErrNoRow) {
		return "", nil
	}
	return region, err
}

// EachCompany implements store.Directory.
func (s *Store) EachCompany(ctx context.Context, organization, after string, fn func(store.CompanyRow) error) error {
	for {
		all, err := relational.List(ctx, s.db, scanUnit, sqlEachCompany, organization, int64(attribute.Company), after, rowsAtOnce)
		if err != nil {
			return s.db.Explain("read companies", err)
		}
		for _, u := range all {
			after = u.ID
			if err := fn(companyOf(u)); err != nil {
				return err
			}
		}
		if len(all) < rowsAtOnce {
			return nil
		}
	}
}

func companyOf(u directory.Unit) store.CompanyRow {
	return store.CompanyRow{ID: u.ID, DisplayName: u.DisplayName, Attributes: u.Attributes}
}

// companyRow is a company as rules see it. Errors: store.ErrNotFound.
func companyRow(ctx context.Context, r relational.Reader, organization, id string) (store.CompanyRow, error) {
	u, err := relational.One(ctx, r, scanUnit, sqlSelectUnit, organization, int64(attribute.Company), id)
	return companyOf(u), notFound(err)
}

// EmployeeNames implements store.Directory.
func (s *Store) EmployeeNames(ctx context.Context, organization string) (names []store.EmployeeName, err error) {
	all, err := relational.List(ctx, s.db, scanUnit, sqlEmployeeNames, organization, int64(attribute.Employee))
	for _, u := range all {
		names = append(names, store.EmployeeName{ID: u.ID, DisplayName: u.DisplayName})
	}
	return names, s.db.Explain("list names of employees", err)
}
