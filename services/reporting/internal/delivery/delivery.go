// Package delivery makes reports that are due and sends them: each to each recipient once, with what this recipient may see, however many processes there are and
// however often they start again.
package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/otklik/otklik/libs/chore"
	"github.com/otklik/otklik/libs/mail"
	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/schedule"
	"github.com/otklik/otklik/services/reporting/internal/share"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

const (
	// batch is how many schedules, or old runs, are looked at at a time.
	batch = 20
	// claim is how long a delivery is kept from others who would try it: while its report is made, and again while it is sent.
	claim = 10 * time.Minute
	// kept is how long is remembered what became of runs.
	kept = 2 * 365 * 24 * time.Hour
	// eventsKept is how long what was told of runs can be read, manyEvents how many of these are forgotten at a time.
	eventsKept = 30 * 24 * time.Hour
	manyEvents = 1000
	// unsubscribePath is where the gateway takes secrets of recipients.
	unsubscribePath = "/reports/unsubscribe/"
)

// The permissions that are asked for on behalf of whom a report is made.
const (
	PermissionRender    = "reporting.reports.render"
	PermissionAddresses = "reporting.addresses.send"
	PermissionShare     = "reporting.shares.create"
)

// ErrGone tells that nothing can be done on somebody's behalf any more.
var ErrGone = errors.New("nobody is there on whose behalf it could be done")

// RefusedError is that a report cannot be made.
type RefusedError struct {
	// Permanent tells that trying again will not help.
	Permanent bool
	// Reason is why, in a sentence without anything of persons.
	Reason string
}

// Error says why.
func (e *RefusedError) Error() string { return "make report: " + e.Reason }

// Rights are what a principal may do.
type Rights struct {
	// May tells whether it has a permission.
	May func(permission string) bool
	// Restricted tells that it sees some units only.
	Restricted bool
}

// Behalf returns a context of calls on behalf of a principal, and what it may do now. Errors: ErrGone; others pass away.
type Behalf func(ctx context.Context, organization, principal, resource string) (context.Context, Rights, error)

// Links makes links that show reports to whoever has them.
type Links interface {
	// Link makes a link as the caller of ctx, and returns its name and the address of its page. Errors: *RefusedError; others pass away.
	Link(ctx context.Context, of share.Share) (name, address string, err error)
	// Unlink ends a link that nobody was told of.
	Unlink(ctx context.Context, organization, name string) error
}

// Sender hands e-mails to a mail server; *mail.Sender is one.
type Sender interface {
	Send(ctx context.Context, m mail.Mail) error
}

// Envelope opens addresses and secrets; seal.Envelope is one.
type Envelope interface {
	Open(ctx context.Context, organization string, sealed []byte) (string, error)
}

// Members knows the addresses of members.
type Members interface {
	// Address returns the address of `members/{member}`; false when there is no such enabled member, empty when the member has none.
	Address(ctx context.Context, organization, member string) (address string, ok bool, err error)
}

// Deliverer makes and sends what is due.
type Deliverer struct {
	Store store.Schedules
	// Renderer makes reports. Errors: *RefusedError; others pass away.
	Renderer report.Renderer
	Behalf   Behalf
	// Sender is nil while there is no mail server.
	Sender   Sender
	Envelope Envelope
	Members  Members
	Links    Links
	// PublicURL is the address of the app; empty where it is not known.
	PublicURL string
	// Domain stands in the identifiers of e-mails.
	Domain string
	Log    *slog.Logger
	Now    func() time.Time
	// Noted is told what became of each attempt.
	Noted func(ctx context.Context, state schedule.DeliveryState)
}

// Run begins the runs that are due, and tries the deliveries that are. One that fails stops no other one; what failed is told at the end.
func (d *Deliverer) Run(ctx context.Context) error {
	// What is begun late is told to be overdue before it is made: nobody could tell while nothing ran.
	return errors.Join(d.beginAll(ctx), d.tellOverdue(ctx), d.tryAll(ctx))
}

// tellOverdue has told of runs that became overdue, once of each: also of those that could not begin because of their owner, and of those that begin only now. Not told is
// of those that were missed, in whose place a later one is made and told; nor of what is due while nobody can say whether its owner is there, until it can be said.
func (d *Deliverer) tellOverdue(ctx context.Context) error {
	for {
		now := d.Now()
		n, err := d.Store.TellOverdue(ctx, now.Add(-schedule.Grace), now, batch)
		if err != nil || n < batch {
			return err
		}
	}
}

// beginAll begins the runs that are due.
func (d *Deliverer) beginAll(ctx context.Context) error {
	return chore.EachDue(ctx, batch, func(ctx context.Context, limit int) ([]schedule.Schedule, error) {
		return d.Store.DueSchedules(ctx, d.Now(), limit)
	}, func(s schedule.Schedule) [2]string { return [2]string{s.Organization, s.ID} }, func(ctx context.Context, s schedule.Schedule) error {
		if err := d.begin(ctx, s); err != nil {
			return fmt.Errorf("begin report schedule %s of %s: %w", s.ID, s.Organization, err)
		}
		return nil
	})
}

// begin begins the runs of a schedule, or pauses it where its owner is gone or may not make the report any more.
func (d *Deliverer) begin(ctx context.Context, s schedule.Schedule) error {
	reason, whole, err := d.hindrance(ctx, s)
	if err != nil {
		return err
	}
	now := d.Now()
	runs, next, err := s.Occurrences(now)
	if err != nil {
		return err
	}
	for i := range runs {
		runs[i].Whole = whole
		if reason != "" && !runs[i].State.Ended() {
			// It stands among the runs, and is told to be overdue when it is.
			runs[i].State, runs[i].Failure, runs[i].EndTime = schedule.Failed, reason, now
		}
	}
	err = d.Store.BeginRuns(ctx, s, runs, next)
	switch {
	case errors.Is(err, store.ErrLost):
		return nil
	case err != nil || reason == "":
		return err
	}
	d.Log.WarnContext(ctx, "a report schedule was paused", slog.String("organization", s.Organization), slog.String("schedule", s.ID), slog.String("reason", reason))
	return d.Store.PauseSchedule(ctx, s.Organization, s.ID, reason, now)
}

// Reasons for which schedules are paused.
const (
	reasonGone     = "the owner was removed or disabled, or the owner's credential was revoked or has expired; whoever changes the schedule takes it over"
	reasonMayNot   = "the owner may not make reports any more; whoever changes the schedule takes it over"
	reasonOutside  = "the owner may not send reports to addresses of nobody who logs in; take these out, or have somebody change the schedule who may"
	reasonShare    = "the owner may not make links that show reports; send the files instead, or have somebody change the schedule who may"
	reasonNoServer = "no mail server is configured: set reporting.smtp.host"
)

// hindrance is why a schedule cannot go on; empty when it can, and then whether its reports are of all answers.
func (d *Deliverer) hindrance(ctx context.Context, s schedule.Schedule) (reason string, whole bool, err error) {
	_, rights, err := d.Behalf(ctx, s.Organization, s.Owner, nameOf(s))
	switch {
	case errors.Is(err, ErrGone):
		return reasonGone, false, nil
	case err != nil:
		return "", false, err
	case !rights.May(PermissionRender):
		return reasonMayNot, false, nil
	case s.Way == schedule.ByLink && !rights.May(PermissionShare):
		return reasonShare, false, nil
	}
	full, err := d.Store.GetSchedule(ctx, s.Organization, s.ID)
	if errors.Is(err, store.ErrNotFound) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	for _, r := range full.Recipients {
		if r.Member == "" && r.UnsubscribeTime.IsZero() && !rights.May(PermissionAddresses) {
			return reasonOutside, false, nil
		}
	}
	return "", full.Whole() && !rights.Restricted, nil
}

// nameOf is the resource name of a schedule.
func nameOf(s schedule.Schedule) string { return "reportSchedules/" + s.ID }

// Sweep forgets what became of runs long ago.
func (d *Deliverer) Sweep(ctx context.Context) error {
	for {
		n, err := d.Store.SweepRuns(ctx, d.Now().Add(-kept), batch)
		if err != nil {
			return err
		}
		if n < batch {
			break
		}
	}
	for {
		n, err := d.Store.SweepReportEvents(ctx, d.Now().Add(-eventsKept), manyEvents)
		if err != nil || n < manyEvents {
			return err
		}
	}
}
