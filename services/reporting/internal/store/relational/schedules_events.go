package relational

import (
	"context"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/reporting/internal/schedule"
)

const (
	eventColumns     = `position, organization, time, kind, run, report`
	sqlNextPosition  = `UPDATE report_counter SET position = position + 1 WHERE one = 1 RETURNING position`
	sqlLastPosition  = `SELECT position FROM report_counter WHERE one = 1`
	sqlInsertEvent   = `INSERT INTO report_events (` + eventColumns + `) VALUES ($1, $2, $3, $4, $5, $6)`
	sqlReportEvents  = `SELECT ` + eventColumns + ` FROM report_events WHERE position > $1 AND position <= $2 ORDER BY position LIMIT $3`
	sqlEventsOf      = `SELECT ` + eventColumns + ` FROM report_events WHERE organization = $4 AND position > $1 AND position <= $2 ORDER BY position LIMIT $3`
	sqlSweepEvents   = `DELETE FROM report_events WHERE position IN (SELECT position FROM report_events WHERE time < $1 ORDER BY time LIMIT $2)`
	sqlUntoldOverdue = `SELECT ` + runColumns + ` FROM report_runs WHERE state IN (1, 2, 5) AND manual = 0 AND told = 0 AND time < $1 ORDER BY time LIMIT $2`
	sqlSetTold       = `UPDATE report_runs SET told = 1 WHERE organization = $1 AND schedule = $2 AND id = $3 AND told = 0 AND state IN (1, 2, 5)`
)

func scanScheduleEvent(row relational.Scanner) (e schedule.Event, err error) {
	var at int64
	err = row.Scan(&e.Position, &e.Organization, &at, &e.Kind, &e.Run, &e.Report)
	e.Time = relational.FromMicro(at)
	return e, err
}

// tell adds an event of a run. Whoever adds one waits for the others, so that the order of positions is that of commits.
func tell(ctx context.Context, w relational.Writer, kind schedule.EventKind, r schedule.Run, now time.Time) error {
	position, err := relational.One(ctx, w, relational.Value[int64], sqlNextPosition)
	if err != nil {
		return err
	}
	_, err = w.Exec(ctx, sqlInsertEvent, position, r.Organization, relational.ToMicro(now), int64(kind), "reportSchedules/"+r.Schedule+"/runs/"+r.ID, r.Report)
	return err
}

// TellOverdue implements store.Schedules.
func (s *Store) TellOverdue(ctx context.Context, before, now time.Time, limit int) (told int, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		told = 0
		late, err := relational.List(ctx, w, scanRun, sqlUntoldOverdue, relational.ToMicro(before), limit)
		if err != nil {
			return err
		}
		for _, r := range late {
			n, err := w.Exec(ctx, sqlSetTold, r.Organization, r.Schedule, r.ID)
			if err != nil {
				return err
			}
			if n == 0 {
				continue
			}
			told++
			if err := tell(ctx, w, schedule.ToldOverdue, r, now); err != nil {
				return err
			}
		}
		return nil
	})
	return told, s.db.Explain("tell overdue runs", err)
}

// ReportEvents implements store.Schedules.
func (s *Store) ReportEvents(ctx context.Context, organization string, after int64, limit int) (events []schedule.Event, head int64, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		// What is added after the end was read is left for the next call.
		if head, err = relational.One(ctx, r, relational.Value[int64], sqlLastPosition); err != nil {
			return err
		}
		if organization == "" {
			events, err = relational.List(ctx, r, scanScheduleEvent, sqlReportEvents, after, head, limit)
		} else {
			events, err = relational.List(ctx, r, scanScheduleEvent, sqlEventsOf, after, head, limit, organization)
		}
		return err
	})
	return events, head, s.db.Explain("read events", err)
}

// SweepReportEvents implements store.Schedules.
func (s *Store) SweepReportEvents(ctx context.Context, before time.Time, limit int) (n int, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		swept, err := w.Exec(ctx, sqlSweepEvents, relational.ToMicro(before), limit)
		n = int(swept)
		return err
	})
	return n, s.db.Explain("sweep events", err)
}
