package relational

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/light"
)

// contactsChanged has what is worked out of contacts brought up to date: attributes, companies, or what they are known by changed.
func (w *writing) contactsChanged(ctx context.Context, organization string, contacts []string, at time.Time) error {
	if err := w.touch(ctx, organization, contacts, at); err != nil {
		return err
	}
	return w.revalue(ctx, organization, light.Contact, contacts)
}

// companiesChanged is contactsChanged for companies.
func (w *writing) companiesChanged(ctx context.Context, organization string, companies []string, at time.Time) error {
	if err := w.touchCompany(ctx, organization, companies, at); err != nil {
		return err
	}
	return w.revalue(ctx, organization, light.Company, companies)
}

// settleDirectory has everything worked out anew that is worked out of attributes.
func (w *writing) settleDirectory(ctx context.Context, organization string, at time.Time) error {
	if err := w.touchAll(ctx, organization); err != nil {
		return err
	}
	return w.recountLights(ctx, organization, at)
}
