package relational

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/retention"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

const (
	sqlCurrencies = `SELECT currency, COUNT(*) FROM purchases WHERE organization = $1 GROUP BY currency ORDER BY 2 DESC, 1`

	sumColumns = `contact, MIN(CASE WHEN amount >= 0 THEN time END), MAX(CASE WHEN amount >= 0 THEN time END), COUNT(CASE WHEN amount >= 0 THEN 1 END),
CAST(SUM(amount) AS bigint)`
	sqlSums = `SELECT ` + sumColumns + ` FROM purchases WHERE organization = $1 AND currency = $2 AND time < $3 GROUP BY contact ORDER BY contact`

	// $3 is when outcomes begin, $4 when they end.
	sqlOutcomes = `SELECT contact, MAX(CASE WHEN amount >= 0 AND time < $3 THEN time END), COUNT(CASE WHEN amount >= 0 AND time >= $3 THEN 1 END),
CAST(SUM(CASE WHEN time < $3 THEN amount ELSE 0 END) AS bigint), CAST(SUM(CASE WHEN time >= $3 THEN amount ELSE 0 END) AS bigint)
FROM purchases WHERE organization = $1 AND currency = $2 AND time < $4 GROUP BY contact`
	sqlDepartures = `SELECT contact, MAX(CASE WHEN time < $2 THEN time END), COUNT(CASE WHEN time >= $2 THEN 1 END) FROM churns
WHERE organization = $1 AND time < $3 GROUP BY contact`
)

// PurchaseCurrencies implements store.Purchases.
func (s *Store) PurchaseCurrencies(ctx context.Context, organization string) ([]store.CurrencyCount, error) {
	out, err := relational.List(ctx, s.db, func(row relational.Scanner) (c store.CurrencyCount, err error) {
		err = row.Scan(&c.Currency, &c.Purchases)
		return c, err
	}, sqlCurrencies, organization)
	return out, s.db.Explain("count purchases by currency", err)
}

func scanPurchaseSum(row relational.Scanner) (p store.PurchaseSum, err error) {
	var first, last *int64
	err = row.Scan(&p.Contact, &first, &last, &p.Purchases, &p.Amount)
	p.First, p.Last = relational.FromNull(first), relational.FromNull(last)
	return p, err
}

// PurchaseSums implements store.Purchases.
func (s *Store) PurchaseSums(ctx context.Context, organization, currency string, before time.Time, fn func(store.PurchaseSum) error) error {
	err := s.db.View(ctx, func(ctx context.Context, r relational.Reader) (err error) {
		rows, err := r.Query(ctx, sqlSums, organization, currency, relational.ToMicro(before))
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, rows.Close()) }()
		for rows.Next() {
			sum, err := scanPurchaseSum(rows)
			if err != nil {
				return err
			}
			if err := fn(sum); err != nil {
				return err
			}
		}
		return rows.Err()
	})
	return s.db.Explain("add up purchases", err)
}

// Outcomes implements store.Purchases.
func (s *Store) Outcomes(ctx context.Context, organization, currency string, periods retention.Periods) (map[string]retention.Customer, error) {
	out, last := map[string]retention.Customer{}, map[string]int64{}
	start, end := relational.ToMicro(periods.OutcomeStart), relational.ToMicro(periods.OutcomeEnd)
	err := s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		_, err := relational.List(ctx, r, func(row relational.Scanner) (none struct{}, err error) {
			var contact string
			var bought *int64
			var c retention.Customer
			err = row.Scan(&contact, &bought, &c.Purchases, &c.Past, &c.Value)
			if bought != nil {
				c.BoughtBefore, last[contact] = true, *bought
			}
			out[contact] = c
			return none, err
		}, sqlOutcomes, organization, currency, start, end)
		if err != nil {
			return err
		}
		_, err = relational.List(ctx, r, func(row relational.Scanner) (none struct{}, err error) {
			var contact string
			var left *int64
			var within int64
			err = row.Scan(&contact, &left, &within)
			c := out[contact]
			// Who bought after leaving came back.
			bought, ever := last[contact]
			c.Gone = left != nil && (!ever || bought <= *left)
			c.Left = within > 0
			out[contact] = c
			return none, err
		}, sqlDepartures, organization, start, end)
		return err
	})
	if err != nil {
		return nil, s.db.Explain("add up outcomes", err)
	}
	return out, nil
}
