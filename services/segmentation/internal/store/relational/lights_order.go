package relational

import (
	"context"
	"errors"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// WorkOrder implements store.Lights.
func (s *Store) WorkOrder(ctx context.Context, q store.LightQuery, contacts int) (out []store.WorkEntry, more bool, err error) {
	q.Kind, q.Colour = light.Company, light.Red
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		out = nil
		c, err := judgingOf(ctx, r, q.Organization)
		if errors.Is(err, relational.ErrNoRow) {
			return nil
		}
		if err != nil {
			return err
		}
		var companies []store.Light
		if companies, more, err = c.list(ctx, r, q); err != nil {
			return err
		}
		for _, company := range companies {
			e := store.WorkEntry{Company: company}
			// Who may see a company may see its contacts.
			of := store.LightQuery{Kind: light.Contact, Colour: light.Red, Company: company.Unit.ID, Limit: contacts}
			var further bool
			if e.Contacts, further, err = c.list(ctx, r, of); err != nil {
				return err
			}
			if e.RedContacts = int64(len(e.Contacts)); further {
				counts, err := c.count(ctx, r, of)
				if err != nil {
					return err
				}
				e.RedContacts = counts[light.Red]
			}
			out = append(out, e)
		}
		return nil
	})
	return out, more, s.db.Explain("read work order", err)
}
