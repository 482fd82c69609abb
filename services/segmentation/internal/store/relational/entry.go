package relational

import (
	"context"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/timeline"
)

const (
	sqlRemember = `INSERT INTO timeline (organization, kind, resource, contact, person, time, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (organization, kind, resource) DO UPDATE SET contact = excluded.contact, person = excluded.person, time = excluded.time, body = excluded.body`
	sqlForget = `DELETE FROM timeline WHERE organization = $1 AND kind = $2 AND resource = $3`
)

// remember enters something into the timeline of a contact.
func (w *writing) remember(ctx context.Context, e store.TimelineEntry) error {
	_, err := w.Exec(ctx, sqlRemember, e.Organization, int64(e.Kind), e.Resource, e.Contact, e.Person, relational.ToMicro(e.Time), e.Body)
	return err
}

// forget takes something out of the timeline of whose it is.
func (w *writing) forget(ctx context.Context, organization string, kind timeline.Kind, resource string) error {
	_, err := w.Exec(ctx, sqlForget, organization, int64(kind), resource)
	return err
}
