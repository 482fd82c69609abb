package relational

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	sqlIsMerged   = `SELECT 1 FROM contacts WHERE organization = $1 AND contact = $2 AND merged_into <> ''`
	sqlLastAnswer = `SELECT max(count_time) FROM answers WHERE organization = $1 AND contact = $2`
)

// ContactFacts implements store.SegmentFacts.
func (s *Store) ContactFacts(ctx context.Context, organization, currency string, asOf time.Time, contacts []string) (out []store.ContactFacts, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		companies := map[string]companyFacts{}
		for _, id := range contacts {
			row, err := contactRow(ctx, r, organization, id)
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			if merged, err := relational.Exists(ctx, r, sqlIsMerged, organization, id); err != nil {
				return err
			} else if merged {
				continue
			}
			company, read := companies[row.Company]
			if !read && row.Company != "" {
				if company, err = companyFactsOf(ctx, r, organization, row.Company); err != nil {
					return err
				}
				companies[row.Company] = company
			}
			f := store.ContactFacts{
				ContactRow: row, CompanyAttributes: company.row.Attributes, CompanyLight: company.light,
			}
			if f.Light, err = lightFacts(ctx, r, organization, light.Unit{Kind: light.Contact, ID: id}); err != nil {
				return err
			}
			if f.Purchases, _, err = purchaseSumOf(ctx, r, organization, currency, id, asOf); err != nil {
				return err
			}
			out = append(out, f)
		}
		return nil
	})
	if err != nil {
		return nil, s.db.Explain("read what rules may ask of contacts", err)
	}
	return out, nil
}

// companyFacts are what rules may ask of a company.
type companyFacts struct {
	row   store.CompanyRow
	light store.LightSummary
}

func companyFactsOf(ctx context.Context, r relational.Reader, organization, id string) (f companyFacts, err error) {
	if f.row, err = companyRow(ctx, r, organization, id); err != nil && !errors.Is(err, store.ErrNotFound) {
		return f, err
	}
	f.light, err = lightFacts(ctx, r, organization, light.Unit{Kind: light.Company, ID: id})
	return f, err
}

// lightFacts is a light in short; without a colour and answers where there is none.
func lightFacts(ctx context.Context, r relational.Reader, organization string, unit light.Unit) (store.LightSummary, error) {
	l, err := lightOf(ctx, r, organization, unit)
	if errors.Is(err, relational.ErrNoRow) {
		return store.LightSummary{}, nil
	}
	if err != nil {
		return store.LightSummary{}, err
	}
	out := store.LightSummary{Unit: unit.ID, Colour: l.Colour, Mean: l.Mean, Answers: l.Answers}
	if unit.Kind == light.Contact {
		last, err := relational.One(ctx, r, relational.Value[*int64], sqlLastAnswer, organization, unit.ID)
		if err != nil {
			return out, err
		}
		out.Last = relational.FromNull(last)
	}
	return out, nil
}
