package relational

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/light"
)

// contactsChanged has what is worked out of contacts brought up to date: attributes, companies, or what they are known by changed.
func (w *writing) contactsChanged(ctx context.Context, organization string, contacts []string, _ time.Time) error {
	return w.revalue(ctx, organization, light.Contact, contacts)
}

// companiesChanged is contactsChanged for companies.
func (w *writing) companiesChanged(ctx context.Context, organization string, companies []string, _ time.Time) error {
	return w.revalue(ctx, organization, light.Company, companies)
}

// settleDirectory has everything worked out anew that is worked out of attributes.
func (w *writing) settleDirectory(ctx context.Context, organization string, at time.Time) error {
	return w.recountLights(ctx, organization, at)
}
