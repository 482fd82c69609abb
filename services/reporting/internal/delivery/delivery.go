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
	"github.com/otklik/otklik/services/reporting/internal/store"
)

const (
	// batch is how many schedules, or old runs, are looked at at a time.
	batch = 20
	// claim is how long a delivery is kept from others who would try it: while its report is made, and again while it is sent.
	claim = 10 * time.Minute
	// kept is how long is remembered what became of runs.
	kept = 2 * 365 * 24 * time.Hour
	// unsubscribePath is where the gateway takes secrets of recipients.
	unsubscribePath = "/reports/unsubscribe/"
)

// The permissions that are asked for on behalf of whom a report is made.
const (
	PermissionRender    = "reporting.reports.render"
	PermissionAddresses = "reporting.addresses.send"
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

// Behalf returns a context of calls on behalf of a principal, and whether it has a permission. Errors: ErrGone; others pass away.
type Behalf func(ctx context.Context, organization, principal, resource string) (context.Context, func(permission string) bool, error)

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
	return errors.Join(d.beginAll(ctx), d.tryAll(ctx))
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
	reason, err := d.hindrance(ctx, s)
	if err != nil {
		return err
	}
	now := d.Now()
	if reason != "" {
		d.Log.WarnContext(ctx, "a report schedule was paused", slog.String("organization", s.Organization), slog.String("schedule", s.ID), slog.String("reason", reason))
		return d.Store.PauseSchedule(ctx, s.Organization, s.ID, reason, now)
	}
	runs, next, err := s.Occurrences(now)
	if err != nil {
		return err
	}
	if err := d.Store.BeginRuns(ctx, s, runs, next); !errors.Is(err, store.ErrLost) {
		return err
	}
	return nil
}

// Reasons for which schedules are paused.
const (
	reasonGone     = "the owner was removed or disabled, or the owner's credential was revoked or has expired; whoever changes the schedule takes it over"
	reasonMayNot   = "the owner may not make reports any more; whoever changes the schedule takes it over"
	reasonOutside  = "the owner may not send reports to addresses of nobody who logs in; take these out, or have somebody change the schedule who may"
	reasonNoServer = "no mail server is configured: set reporting.smtp.host"
)

// hindrance is why a schedule cannot go on; empty when it can.
func (d *Deliverer) hindrance(ctx context.Context, s schedule.Schedule) (string, error) {
	_, may, err := d.Behalf(ctx, s.Organization, s.Owner, nameOf(s))
	switch {
	case errors.Is(err, ErrGone):
		return reasonGone, nil
	case err != nil:
		return "", err
	case !may(PermissionRender):
		return reasonMayNot, nil
	}
	full, err := d.Store.GetSchedule(ctx, s.Organization, s.ID)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	for _, r := range full.Recipients {
		if r.Member == "" && r.UnsubscribeTime.IsZero() && !may(PermissionAddresses) {
			return reasonOutside, nil
		}
	}
	return "", nil
}

// nameOf is the resource name of a schedule.
func nameOf(s schedule.Schedule) string { return "reportSchedules/" + s.ID }

// tryAll tries the deliveries that are due. One of which nothing can be noted is due again when its claim ends.
func (d *Deliverer) tryAll(ctx context.Context) error {
	var errs []error
	made := &making{deliverer: d}
	for {
		now := d.Now()
		// One at a time: making those before it takes nothing off its claim.
		claimed, err := d.Store.ClaimReports(ctx, now, now.Add(claim), 1)
		if err != nil {
			return errors.Join(append(errs, err)...)
		}
		for _, v := range claimed {
			if err := d.try(ctx, v, made); err != nil {
				errs = append(errs, fmt.Errorf("send report of %s of %s: %w", v.Schedule, v.Organization, err))
			}
			if ctx.Err() != nil {
				return errors.Join(errs...)
			}
		}
		if len(claimed) == 0 {
			return errors.Join(errs...)
		}
	}
}

// Sweep forgets what became of runs long ago.
func (d *Deliverer) Sweep(ctx context.Context) error {
	for {
		n, err := d.Store.SweepRuns(ctx, d.Now().Add(-kept), batch)
		if err != nil || n < batch {
			return err
		}
	}
}
