package ingest

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/follow"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/trigger"
)

// red is the colour of lights that open cases, and staff the kind of light that never does: cases blame nobody.
const (
	red   = "red"
	staff = "staff"
)

// lights looks at lights that turned red.
func (c *Cases) lights(ctx context.Context, events []store.Event, from, to int64) error {
	batch, book := store.CaseBatch{Now: c.Now()}, c.rulebook()
	for _, e := range events {
		if e.Kind != store.LightChanged {
			continue
		}
		var body store.LightChange
		if err := store.DecodeBody(e, &body); err != nil {
			return &follow.Unfit{Reason: "what it tells of a light cannot be decoded", Err: err}
		}
		if body.Colour != red || body.Previous == red || body.Of == staff || body.Rejudged {
			continue
		}
		rules, err := book.of(ctx, e.Organization)
		if err != nil {
			return err
		}
		o := trigger.Occurrence{
			Kinds: []trigger.Kind{trigger.Light}, Resource: e.Resource, Time: e.Time, Light: body.Of, Unit: e.Resource,
			About: cases.About{Contact: e.Contact, Person: e.Person, Company: e.Company, Location: e.Location, Region: e.Region},
		}
		if chosen := choose(rules, o, o.Time); len(chosen) > 0 {
			// Each time that it turns red is another thing that rules see.
			o.Resource += "#" + e.Time.UTC().Format(time.RFC3339Nano)
			batch.Sightings = append(batch.Sightings, store.CaseSighting{Organization: e.Organization, Occurrence: o, Rules: chosen})
		}
	}
	return c.Store.SightCases(ctx, caseLightsFollower, from, to, batch)
}
