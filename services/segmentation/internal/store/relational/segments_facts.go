package relational

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	sqlStandingFacts = `SELECT contact, company, location, attributes,
(SELECT max(count_time) FROM answers a WHERE a.organization = c.organization AND a.contact = c.contact)
FROM contacts c WHERE organization = $1 AND merged_into = '' AND contact IN (`
	sqlLightFacts = `SELECT unit, colour, mean, answers FROM lights WHERE organization = $1 AND generation = $2 AND kind = $3 AND unit IN (`
	sqlSumsIn     = `SELECT ` + sumColumns + ` FROM purchases WHERE organization = $1 AND currency = $2 AND time < $3 AND contact IN (`
)

// ContactFacts implements store.SegmentFacts.
func (s *Store) ContactFacts(ctx context.Context, organization, currency string, asOf time.Time, contacts []string) (out []store.ContactFacts, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		if out, err = standingFacts(ctx, r, organization, contacts); err != nil {
			return err
		}
		if err := lightsFacts(ctx, r, organization, out); err != nil {
			return err
		}
		bought, err := inNamesBy(ctx, r, scanPurchaseSum, sqlSumsIn, ` GROUP BY contact`, []any{organization, currency, relational.ToMicro(asOf)}, contacts)
		if err != nil {
			return err
		}
		sums := make(map[string]store.PurchaseSum, len(bought))
		for _, b := range bought {
			sums[b.Contact] = b
		}
		companies := map[string]store.CompanyRow{}
		for i := range out {
			f := &out[i]
			f.Purchases = sums[f.ID]
			if f.Company == "" {
				continue
			}
			company, read := companies[f.Company]
			if !read {
				if company, err = companyRow(ctx, r, organization, f.Company); err != nil && !errors.Is(err, store.ErrNotFound) {
					return err
				}
				companies[f.Company] = company
			}
			f.CompanyAttributes = company.Attributes
		}
		return nil
	})
	if err != nil {
		return nil, s.db.Explain("read what rules may ask of contacts", err)
	}
	return out, nil
}

// standingFacts are contacts that were not merged into others, in the order of their names, with when they answered last.
func standingFacts(ctx context.Context, r relational.Reader, organization string, contacts []string) ([]store.ContactFacts, error) {
	out, err := inNamesBy(ctx, r, func(row relational.Scanner) (f store.ContactFacts, err error) {
		var last *int64
		err = row.Scan(&f.ID, &f.Company, &f.Location, (*[]byte)(&f.Attributes), &last)
		f.Light.Last = relational.FromNull(last)
		return f, err
	}, sqlStandingFacts, ` ORDER BY contact`, []any{organization}, contacts)
	regions := map[string]string{}
	for i := range out {
		f := &out[i]
		region, read := regions[f.Location]
		if !read && err == nil {
			region, err = regionOf(ctx, r, organization, f.Location)
			regions[f.Location] = region
		}
		f.Region = region
	}
	return out, err
}

// lightsFacts enters the lights of contacts and of their companies.
func lightsFacts(ctx context.Context, r relational.Reader, organization string, of []store.ContactFacts) error {
	c, err := judgingOf(ctx, r, organization)
	if errors.Is(err, relational.ErrNoRow) {
		return nil
	}
	if err != nil {
		return err
	}
	var contacts, companies []string
	for i := range of {
		contacts = append(contacts, of[i].ID)
		if of[i].Company != "" {
			companies = append(companies, of[i].Company)
		}
	}
	slices.Sort(companies)
	found := map[light.Unit]store.LightSummary{}
	for kind, ids := range map[light.Kind][]string{light.Contact: contacts, light.Company: slices.Compact(companies)} {
		all, err := inNames(ctx, r, scanLightSummary, sqlLightFacts, []any{organization, c.generation, int64(kind)}, ids)
		if err != nil {
			return err
		}
		for _, l := range all {
			found[light.Unit{Kind: kind, ID: l.Unit}] = l
		}
	}
	for i := range of {
		f := &of[i]
		l := found[light.Unit{Kind: light.Contact, ID: f.ID}]
		// Without a light no answer counts.
		if l.Unit != "" {
			l.Last = f.Light.Last
		}
		f.Light, f.CompanyLight = l, found[light.Unit{Kind: light.Company, ID: f.Company}]
	}
	return nil
}

func scanLightSummary(row relational.Scanner) (l store.LightSummary, err error) {
	err = row.Scan(&l.Unit, &l.Colour, &l.Mean, &l.Answers)
	return l, err
}
