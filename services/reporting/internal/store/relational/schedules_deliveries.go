package relational

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/reporting/internal/schedule"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

// WaitingForReports implements store.Schedules.
func (s *Store) WaitingForReports(ctx context.Context, now time.Time) ([]string, error) {
	out, err := relational.ListOnce(ctx, s.db, relational.Value[string], sqlWaiting, relational.ToMicro(now))
	return out, s.db.Explain("look for waiting organisations", err)
}

// ClaimReports implements store.Schedules. Each is claimed by itself, over the time that was read: of two processes one gets it.
func (s *Store) ClaimReports(ctx context.Context, organization string, now, until time.Time, limit int) (out []schedule.Delivery, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		out = nil
		due, err := relational.List(ctx, w, scanReport, sqlDueReports, relational.ToMicro(now), limit, organization)
		if err != nil {
			return err
		}
		for _, d := range due {
			d, err := keep(ctx, w, d, until)
			switch {
			case err == nil:
				out = append(out, d)
			case !errors.Is(err, store.ErrLost):
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, s.db.Explain("claim deliveries", err)
	}
	return out, nil
}

// KeepReport implements store.Schedules.
func (s *Store) KeepReport(ctx context.Context, d schedule.Delivery, until time.Time) (out schedule.Delivery, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		out, err = keep(ctx, w, d, until)
		return err
	})
	return out, s.db.Explain("keep delivery", err)
}

// keep keeps a delivery from others until a time. Errors: store.ErrLost when another process has claimed or settled it since it was read.
func keep(ctx context.Context, w relational.Writer, d schedule.Delivery, until time.Time) (schedule.Delivery, error) {
	n, err := w.Exec(ctx, sqlClaimReport, d.Organization, d.Schedule, d.Run, d.Key, relational.ToMicro(d.Claim), relational.ToMicro(until))
	if err != nil {
		return d, err
	}
	if n == 0 {
		return d, store.ErrLost
	}
	d.NextTime = relational.FromMicro(relational.ToMicro(until))
	d.Claim = d.NextTime
	return d, nil
}

// SettleReport implements store.Schedules.
func (s *Store) SettleReport(ctx context.Context, d schedule.Delivery, now time.Time) error {
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error { return settle(ctx, w, d, now) })
	return s.db.Explain("settle delivery", err)
}

// settle stores what became of a delivery and what that makes of its run. The run comes first: who settles another delivery of it waits, so that the last one
// sees what became of all.
func settle(ctx context.Context, w relational.Writer, d schedule.Delivery, now time.Time) error {
	if _, err := w.Exec(ctx, sqlHoldRun, d.Organization, d.Schedule, d.Run); err != nil {
		return err
	}
	n, err := w.Exec(ctx, sqlSettleReport, d.Organization, d.Schedule, d.Run, d.Key, relational.ToMicro(d.Claim), int64(d.State), d.Failure, relational.NullMicro(d.NextTime),
		relational.NullMicro(d.SendTime), d.Fingerprint, d.Attempts, d.Share)
	if err != nil {
		return err
	}
	if n == 0 {
		return store.ErrLost
	}
	return judgeRun(ctx, w, d, now)
}

// judgeRun stores what its deliveries make of a run.
func judgeRun(ctx context.Context, w relational.Writer, d schedule.Delivery, now time.Time) error {
	counts := map[schedule.DeliveryState]int64{}
	_, err := relational.List(ctx, w, func(row relational.Scanner) (none struct{}, err error) {
		var state schedule.DeliveryState
		var n int64
		err = row.Scan(&state, &n)
		counts[state] = n
		return none, err
	}, sqlCountOfRun, d.Organization, d.Schedule, d.Run)
	if err != nil {
		return err
	}
	state, ended := schedule.Running, &now
	switch {
	case counts[schedule.Pending] > 0:
		ended = &time.Time{}
	case counts[schedule.GivenUp] == 0 && counts[schedule.Sent] > 0:
		state = schedule.Delivered
	case counts[schedule.Sent] > 0:
		state = schedule.PartlyFailed
	default:
		state = schedule.Failed
	}
	run, err := relational.One(ctx, w, scanRun, sqlSelectRun, d.Organization, d.Schedule, d.Run)
	if err != nil {
		return err
	}
	failure := run.Failure
	switch {
	case state == schedule.Delivered:
		failure = ""
	case d.Failure != "":
		failure = d.Failure
	}
	if _, err := w.Exec(ctx, sqlSetRun, d.Organization, d.Schedule, d.Run, int64(state), relational.NullMicro(*ended), failure); err != nil {
		return err
	}
	if state != schedule.Delivered && state != schedule.PartlyFailed {
		return nil
	}
	return tell(ctx, w, schedule.ToldDelivered, run, now)
}

// giveUp gives up the deliveries that a query finds.
func giveUp(ctx context.Context, w relational.Writer, reason string, now time.Time, query string, args ...any) error {
	found, err := relational.List(ctx, w, scanReport, query, args...)
	if err != nil {
		return err
	}
	for _, d := range found {
		d.State, d.Failure, d.NextTime = schedule.GivenUp, reason, time.Time{}
		if err := settle(ctx, w, d, now); err != nil {
			return err
		}
	}
	return nil
}

// ListReportDeliveries implements store.Schedules.
func (s *Store) ListReportDeliveries(ctx context.Context, organization, id, run string, offset, limit int) ([]schedule.Delivery, bool, error) {
	all, err := relational.ListOnce(ctx, s.db, scanReport, sqlListOfRun, organization, id, run, limit+1, offset)
	out, more := relational.Page(all, limit)
	return out, more, s.db.Explain("list deliveries", err)
}
