package ingest

import (
	"context"

	"github.com/otklik/otklik/services/segmentation/internal/follow"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/recovery"
	"github.com/otklik/otklik/services/segmentation/internal/store"
)

// The followers of what this service tells itself that open interviews and recoveries.
const (
	interviewsFollower = "interviews"
	recoveryFollower   = "recovery"
)

// RedListStore is what RedList keeps interviews in.
type RedListStore interface {
	store.Outbox
	ApplyRedList(ctx context.Context, follower string, from, to int64, turns []store.LightTurn) error
}

// RedList opens interviews with contacts whose lights turn red.
type RedList struct{ Store RedListStore }

// Follow makes the follower.
func (r *RedList) Follow() follow.Follower { return follow.Own(interviewsFollower, r.Store, r.apply) }

// apply looks at lights of contacts that changed.
func (r *RedList) apply(ctx context.Context, events []store.Event, from, to int64) error {
	var turns []store.LightTurn
	for _, e := range events {
		if e.Kind != store.LightChanged {
			continue
		}
		var change store.LightChange
		if err := store.DecodeBody(e, &change); err != nil {
			return &follow.Unfit{Reason: "its body cannot be read"}
		}
		// Another policy opens nothing, so that it lets nothing lapse either: taken back, it leaves all as it was.
		if change.Of != light.Contact.String() || change.Rejudged {
			continue
		}
		turns = append(turns, store.LightTurn{
			Organization: e.Organization, Contact: change.Unit, Person: e.Person, Company: e.Company, Location: e.Location, Region: e.Region,
			Red: change.Colour == light.Red.String(), Score: change.Mean, Stake: change.Stake, Position: e.Position, Time: e.Time,
		})
	}
	return r.Store.ApplyRedList(ctx, interviewsFollower, from, to, turns)
}

// RecoveryStore is what Recovery keeps recoveries in.
type RecoveryStore interface {
	store.Outbox
	ApplyClosings(ctx context.Context, follower string, from, to int64, closings []store.Closing) error
	ApplyRecoveryAnswers(ctx context.Context, follower string, from, to int64, answers []store.RecoveryAnswer) error
}

// Recovery asks after cases that were closed, and hears what is answered.
type Recovery struct {
	Store     RecoveryStore
	Revisions Revisions
}

// closings looks at cases that were closed, and at those that were opened again.
func (r *Recovery) closings(ctx context.Context, events []store.Event, from, to int64) error {
	var closings []store.Closing
	for _, e := range events {
		id, ok := casesName(e.Resource)
		if !ok || e.Kind != store.CaseClosed && e.Kind != store.CaseOpened {
			continue
		}
		closings = append(closings, store.Closing{
			Organization: e.Organization, Case: id, Contact: e.Contact, Person: e.Person, Time: e.Time, Reopened: e.Kind == store.CaseOpened,
		})
	}
	return r.Store.ApplyClosings(ctx, recoveryFollower, from, to, closings)
}

// scored are the answers to rated questions on 1..10.
func scored(answers []light.Answer) []recovery.Scored {
	out := make([]recovery.Scored, len(answers))
	for n, a := range answers {
		out[n] = recovery.Scored{Question: a.Question, Value: a.Value.Score()}
	}
	return out
}
