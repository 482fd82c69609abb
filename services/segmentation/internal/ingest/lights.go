// Package ingest makes of what other services tell what this one keeps of it.
package ingest

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/follow"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/surveys"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// lightsFollower is what the follower is called that keeps lights current.
const lightsFollower = "lights"

// LightStore is what Lights keeps answers in.
type LightStore interface {
	ApplyAnswers(ctx context.Context, follower string, batch store.LightBatch) error
	ClearAnswers(ctx context.Context, follower string, from int64) error
	CountLights(ctx context.Context, now time.Time) (more bool, err error)
}

// Revisions tells what must be known of revisions; *surveys.Catalog is one.
type Revisions interface {
	Revision(ctx context.Context, organization, name string) (surveys.Revision, error)
}

// Lights keeps lights current from the survey service's change log.
type Lights struct {
	Store     LightStore
	Revisions Revisions
	Now       func() time.Time

	asOf atomic.Pointer[time.Time]
}

// AsOf is the time up to which everything that was answered is counted, as far as this process knows: zero when another one leads.
func (l *Lights) AsOf() time.Time {
	if at := l.asOf.Load(); at != nil {
		return *at
	}
	return time.Time{}
}

// Follow makes the follower. conn is the connection to the survey service.
func (l *Lights) Follow(conn grpc.ClientConnInterface) follow.Follower {
	f := follow.Survey(lightsFollower, conn, l.apply)
	f.Restart = func(ctx context.Context, from int64) error { return l.Store.ClearAnswers(ctx, lightsFollower, from) }
	f.Reached = func(_ context.Context, asOf time.Time) { l.asOf.Store(&asOf) }
	return f
}

// Count counts what is to be counted now, until nothing is. What fails for an organisation stops no other one; it is told at the end.
func (l *Lights) Count(ctx context.Context) (failed error) {
	for more := true; more && ctx.Err() == nil; {
		var err error
		if more, err = l.Store.CountLights(ctx, l.Now()); err != nil {
			failed = err
		}
	}
	return cmp.Or(failed, ctx.Err())
}

// apply stores what events say.
func (l *Lights) apply(ctx context.Context, events []*surveyv1.Event, from, to int64) error {
	batch := store.LightBatch{From: from, To: to, Now: l.Now()}
	for _, e := range events {
		c, concerns, err := l.change(ctx, e)
		if err != nil {
			return err
		}
		if concerns {
			batch.Changes = append(batch.Changes, c)
		}
	}
	return l.Store.ApplyAnswers(ctx, lightsFollower, batch)
}

// change is what an event says; false when it says nothing of lights. Errors: *follow.Unfit.
func (l *Lights) change(ctx context.Context, e *surveyv1.Event) (c store.AnswerChange, concerns bool, err error) {
	c.Organization = e.GetOrganization()
	if r := e.GetRemoved(); r != nil {
		c.Row.Survey, c.Row.Response, concerns = light.ParseResponse(r.GetName())
		c.Removed, c.Erasure = true, strings.TrimPrefix(r.GetErasure(), "erasures/")
		return c, concerns, nil
	}
	m := e.GetResponse()
	if m == nil || e.GetPopulationProtected() {
		return c, false, nil
	}
	var named bool
	if c.Row.Survey, c.Row.Response, named = light.ParseResponse(m.GetName()); !named {
		return c, false, &follow.Unfit{Reason: "it names no response"}
	}
	revision, err := l.Revisions.Revision(ctx, c.Organization, m.GetRevision())
	switch {
	case errors.Is(err, surveys.ErrFault):
		return c, false, &follow.Unfit{Reason: "the survey service cannot tell what was asked", Err: err}
	case err != nil:
		return c, false, err
	case revision.Scales == nil:
		return c, false, &follow.Unfit{Reason: "the survey service does not know what was asked"}
	case revision.Population != typev1.Population_POPULATION_CUSTOMER:
		return c, false, nil
	}
	if c.Row.Answers, err = surveys.Rated(revision.Scales, m.GetAnswers()); err != nil {
		return c, false, &follow.Unfit{Reason: "an answer is not on the scale of its question", Err: err}
	}
	if m.GetRespondent() != "" {
		var known bool
		if c.Person, known = seal.ParsePseudonym(m.GetRespondent()); !known {
			return c, false, &follow.Unfit{Reason: "its respondent has no pseudonym"}
		}
	}
	at := m.GetContext()
	c.Row.Company, c.Row.Location, c.Row.Region, c.Row.Employee = at.GetCompany(), at.GetLocation(), at.GetRegion(), at.GetEmployee()
	c.Row.Time = m.GetCountTime().AsTime()
	return c, true, nil
}
