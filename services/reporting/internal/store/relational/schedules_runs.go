package relational

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/reporting/internal/schedule"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

const (
	runColumns       = `organization, schedule, id, report, time, state, caught_up, manual, whole, begin_time, end_time, failure`
	deliveryColumns  = `organization, schedule, run, key, state, attempts, failure, next_time, send_time, fingerprint, share`
	sqlMoveSchedule  = `UPDATE report_schedules SET next_time = $4 WHERE organization = $1 AND id = $2 AND next_time = $3`
	sqlInsertRun     = `INSERT INTO report_runs (` + runColumns + `, told) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0) ON CONFLICT DO NOTHING`
	sqlInsertPending = `INSERT INTO report_deliveries (` + deliveryColumns + `) VALUES ($1, $2, $3, $4, 1, 0, '', $5, NULL, '', '') ON CONFLICT DO NOTHING`
	sqlSelectRun     = `SELECT ` + runColumns + ` FROM report_runs WHERE organization = $1 AND schedule = $2 AND id = $3`
	sqlListRuns      = `SELECT ` + runColumns + ` FROM report_runs WHERE organization = $1 AND schedule = $2 ORDER BY time DESC, id DESC LIMIT $3 OFFSET $4`
	sqlLastOfRuns    = `SELECT ` + runColumns + ` FROM report_runs WHERE organization = $1 AND schedule = $2 AND manual = 0 AND state IN (3, 4) ORDER BY time DESC LIMIT 1`
	sqlLateOfRuns    = `SELECT ` + runColumns + ` FROM report_runs WHERE organization = $1 AND schedule = $2 AND manual = 0 AND state IN (1, 2, 5) AND time > $3 ORDER BY time LIMIT 1`
	sqlCountLate     = `SELECT count(*) FROM report_schedules s WHERE s.next_time IS NOT NULL AND (s.next_time < $1 OR EXISTS (
SELECT 1 FROM report_runs r WHERE r.organization = s.organization AND r.schedule = s.id AND r.manual = 0 AND r.state IN (1, 2, 5) AND r.time < $1 AND NOT EXISTS (
SELECT 1 FROM report_runs d WHERE d.organization = s.organization AND d.schedule = s.id AND d.manual = 0 AND d.state IN (3, 4) AND d.time > r.time)))`
	sqlLastDelivered = `SELECT ` + runColumns + ` FROM report_runs WHERE organization = $1 AND report = $2 AND state IN (3, 4) AND whole = 1 ORDER BY time DESC LIMIT 1`
	sqlOldRuns       = `SELECT organization, schedule, id FROM report_runs WHERE time < $1 AND end_time IS NOT NULL ORDER BY time LIMIT $2`
	sqlDeleteRun     = `DELETE FROM report_runs WHERE organization = $1 AND schedule = $2 AND id = $3`
	sqlDeleteOfRun   = `DELETE FROM report_deliveries WHERE organization = $1 AND schedule = $2 AND run = $3`

	sqlWaiting      = `SELECT organization FROM report_deliveries WHERE next_time <= $1 GROUP BY organization ORDER BY min(next_time), organization`
	sqlDueReports   = `SELECT ` + deliveryColumns + ` FROM report_deliveries WHERE organization = $3 AND next_time <= $1 ORDER BY next_time, schedule, run, key LIMIT $2`
	sqlClaimReport  = `UPDATE report_deliveries SET next_time = $6 WHERE organization = $1 AND schedule = $2 AND run = $3 AND key = $4 AND next_time = $5 AND state = 1`
	sqlSettleReport = `UPDATE report_deliveries SET state = $6, failure = $7, next_time = $8, send_time = $9, fingerprint = $10, attempts = $11, share = $12
WHERE organization = $1 AND schedule = $2 AND run = $3 AND key = $4 AND next_time = $5 AND state = 1`
	sqlListOfRun  = `SELECT ` + deliveryColumns + ` FROM report_deliveries WHERE organization = $1 AND schedule = $2 AND run = $3 ORDER BY key LIMIT $4 OFFSET $5`
	sqlCountOfRun = `SELECT state, count(*) FROM report_deliveries WHERE organization = $1 AND schedule = $2 AND run = $3 GROUP BY state`
	sqlSetRun     = `UPDATE report_runs SET state = $4, end_time = $5, failure = $6 WHERE organization = $1 AND schedule = $2 AND id = $3`
	sqlHoldRun    = `UPDATE report_runs SET state = state WHERE organization = $1 AND schedule = $2 AND id = $3`
	failureNobody = "nobody was left to send it to"
)

func scanRun(row relational.Scanner) (r schedule.Run, err error) {
	var at, caughtUp, manual, whole int64
	var began, ended *int64
	err = row.Scan(&r.Organization, &r.Schedule, &r.ID, &r.Report, &at, &r.State, &caughtUp, &manual, &whole, &began, &ended, &r.Failure)
	r.Time, r.BeginTime, r.EndTime = relational.FromMicro(at), relational.FromNull(began), relational.FromNull(ended)
	r.CaughtUp, r.Manual, r.Whole = caughtUp != 0, manual != 0, whole != 0
	return r, err
}

func scanReport(row relational.Scanner) (d schedule.Delivery, err error) {
	var next, sent *int64
	err = row.Scan(&d.Organization, &d.Schedule, &d.Run, &d.Key, &d.State, &d.Attempts, &d.Failure, &next, &sent, &d.Fingerprint, &d.Share)
	d.NextTime, d.SendTime = relational.FromNull(next), relational.FromNull(sent)
	d.Claim = d.NextTime
	return d, err
}

func number(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// insertRun stores a run, and where it is to be made a delivery to each recipient who wants it, or one to nobody where there are no recipients at all.
func insertRun(ctx context.Context, w relational.Writer, r schedule.Run, readers []schedule.Recipient) error {
	n, err := w.Exec(ctx, sqlInsertRun, r.Organization, r.Schedule, r.ID, r.Report, relational.ToMicro(r.Time), int64(r.State), number(r.CaughtUp), number(r.Manual),
		number(r.Whole), relational.NullMicro(r.BeginTime), relational.NullMicro(r.EndTime), r.Failure)
	if err != nil || n == 0 || r.State.Ended() {
		return err
	}
	keys := []string{""}
	if len(readers) > 0 {
		keys = nil
		for _, reader := range readers {
			if reader.UnsubscribeTime.IsZero() {
				keys = append(keys, reader.Key)
			}
		}
	}
	rows := make([][]any, len(keys))
	for i, key := range keys {
		rows[i] = []any{r.Organization, r.Schedule, r.ID, key, relational.ToMicro(r.BeginTime)}
	}
	if err := w.Many(ctx, sqlInsertPending, rows); err != nil {
		return err
	}
	if len(keys) == 0 {
		return judgeRun(ctx, w, schedule.Delivery{Organization: r.Organization, Schedule: r.Schedule, Run: r.ID, Failure: failureNobody}, r.BeginTime)
	}
	return nil
}

// BeginRuns implements store.Schedules.
func (s *Store) BeginRuns(ctx context.Context, in schedule.Schedule, runs []schedule.Run, next time.Time) error {
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		n, err := w.Exec(ctx, sqlMoveSchedule, in.Organization, in.ID, relational.ToMicro(in.NextTime), relational.NullMicro(next))
		if err != nil {
			return err
		}
		if n == 0 {
			return store.ErrLost
		}
		readers, err := relational.List(ctx, w, scanReader, sqlReaders, in.Organization, in.ID)
		if err != nil {
			return err
		}
		for _, r := range runs {
			if err := insertRun(ctx, w, r, readers); err != nil {
				return err
			}
		}
		return nil
	})
	return s.db.Explain("begin runs", err)
}

// AddRun implements store.Schedules.
func (s *Store) AddRun(ctx context.Context, run schedule.Run) (out schedule.Run, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		there, err := readSchedule(ctx, w, run.Organization, run.Schedule)
		if err != nil {
			return err
		}
		if err := insertRun(ctx, w, run, there.Recipients); err != nil {
			return err
		}
		out, err = relational.One(ctx, w, scanRun, sqlSelectRun, run.Organization, run.Schedule, run.ID)
		return err
	})
	return out, s.db.Explain("add run", err)
}

// ListRuns implements store.Schedules.
func (s *Store) ListRuns(ctx context.Context, organization, id string, offset, limit int) ([]schedule.Run, bool, error) {
	all, err := relational.ListOnce(ctx, s.db, scanRun, sqlListRuns, organization, id, limit+1, offset)
	out, more := relational.Page(all, limit)
	return out, more, s.db.Explain("list runs", err)
}

// GetRun implements store.Schedules.
func (s *Store) GetRun(ctx context.Context, organization, id, run string) (out schedule.Run, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		out, err = relational.One(ctx, r, scanRun, sqlSelectRun, organization, id, run)
		return err
	})
	if errors.Is(err, relational.ErrNoRow) {
		err = store.ErrNotFound
	}
	return out, s.db.Explain("get run", err)
}

// LateRuns implements store.Schedules.
func (s *Store) LateRuns(ctx context.Context, organization string, ids []string) (map[string]schedule.Run, error) {
	out := map[string]schedule.Run{}
	err := s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		clear(out)
		for _, id := range ids {
			after := int64(0)
			last, err := relational.One(ctx, r, scanRun, sqlLastOfRuns, organization, id)
			switch {
			case err == nil:
				after = relational.ToMicro(last.Time)
			case !errors.Is(err, relational.ErrNoRow):
				return err
			}
			late, err := relational.One(ctx, r, scanRun, sqlLateOfRuns, organization, id, after)
			switch {
			case err == nil:
				out[id] = late
			case !errors.Is(err, relational.ErrNoRow):
				return err
			}
		}
		return nil
	})
	return out, s.db.Explain("look for late runs", err)
}

// CountLate implements store.Schedules.
func (s *Store) CountLate(ctx context.Context, before time.Time) (n int64, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		n, err = relational.One(ctx, r, relational.Value[int64], sqlCountLate, relational.ToMicro(before))
		return err
	})
	return n, s.db.Explain("count late schedules", err)
}

// LastDelivered implements store.Schedules.
func (s *Store) LastDelivered(ctx context.Context, organization string, reports []string) (map[string]schedule.Run, error) {
	out := map[string]schedule.Run{}
	err := s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		clear(out)
		for _, name := range reports {
			last, err := relational.One(ctx, r, scanRun, sqlLastDelivered, organization, name)
			switch {
			case err == nil:
				out[name] = last
			case !errors.Is(err, relational.ErrNoRow):
				return err
			}
		}
		return nil
	})
	return out, s.db.Explain("look for deliveries", err)
}

// SweepRuns implements store.Schedules.
func (s *Store) SweepRuns(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		old, err := relational.List(ctx, w, func(row relational.Scanner) (k [3]string, err error) {
			err = row.Scan(&k[0], &k[1], &k[2])
			return k, err
		}, sqlOldRuns, relational.ToMicro(before), limit)
		if err != nil {
			return err
		}
		n = len(old)
		rows := make([][]any, n)
		for i, k := range old {
			rows[i] = []any{k[0], k[1], k[2]}
		}
		return errors.Join(w.Many(ctx, sqlDeleteOfRun, rows), w.Many(ctx, sqlDeleteRun, rows))
	})
	return n, s.db.Explain("sweep runs", err)
}
