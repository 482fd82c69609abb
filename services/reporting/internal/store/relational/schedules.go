package relational

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/otklik/otklik/libs/relational"
	"github.com/otklik/otklik/services/reporting/internal/schedule"
	"github.com/otklik/otklik/services/reporting/internal/store"
)

const (
	scheduleColumns    = `organization, id, owner, next_time, create_time, version, body`
	sqlScheduleTaken   = `SELECT 1 FROM report_schedules WHERE organization = $1 AND id = $2`
	sqlCountSchedules  = `SELECT count(*) FROM report_schedules WHERE organization = $1`
	sqlInsertSchedule  = `INSERT INTO report_schedules (` + scheduleColumns + `) VALUES ($1, $2, $3, $4, $5, 1, $6)`
	sqlSelectSchedule  = `SELECT ` + scheduleColumns + ` FROM report_schedules WHERE organization = $1 AND id = $2`
	sqlListSchedules   = `SELECT ` + scheduleColumns + ` FROM report_schedules WHERE organization = $1 ORDER BY create_time DESC, id DESC LIMIT $2 OFFSET $3`
	sqlListOwned       = `SELECT ` + scheduleColumns + ` FROM report_schedules WHERE organization = $1 AND owner = $4 ORDER BY create_time DESC, id DESC LIMIT $2 OFFSET $3`
	sqlUpdateSchedule  = `UPDATE report_schedules SET owner = $4, next_time = $5, body = $6, version = version + 1 WHERE organization = $1 AND id = $2 AND version = $3`
	sqlDeleteSchedule  = `DELETE FROM report_schedules WHERE organization = $1 AND id = $2`
	sqlDueSchedules    = `SELECT ` + scheduleColumns + ` FROM report_schedules WHERE next_time <= $1 ORDER BY next_time, organization, id LIMIT $2`
	sqlReaders         = `SELECT key, secret, member, address, unsubscribe_time FROM report_recipients WHERE organization = $1 AND schedule = $2 ORDER BY number`
	sqlInsertReader    = `INSERT INTO report_recipients (organization, schedule, number, key, secret, member, address, unsubscribe_time) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`
	sqlDropReaders     = `DELETE FROM report_recipients WHERE organization = $1 AND schedule = $2`
	sqlReaderExists    = `SELECT 1 FROM report_recipients WHERE organization = $1 AND key = $2`
	sqlUnsubscribe     = `UPDATE report_recipients SET unsubscribe_time = COALESCE(unsubscribe_time, $3) WHERE organization = $1 AND key = $2`
	sqlPendingOf       = `SELECT ` + deliveryColumns + ` FROM report_deliveries WHERE organization = $1 AND key = $2 AND state = 1`
	sqlPendingIn       = `SELECT ` + deliveryColumns + ` FROM report_deliveries WHERE organization = $1 AND schedule = $2 AND state = 1`
	sqlDropDeliveries  = `DELETE FROM report_deliveries WHERE organization = $1 AND schedule = $2`
	sqlDropRuns        = `DELETE FROM report_runs WHERE organization = $1 AND schedule = $2`
	failureUnsubscribe = "the recipient unsubscribed"
)

func scanSchedule(row relational.Scanner) (s schedule.Schedule, err error) {
	var next *int64
	var created int64
	var body []byte
	if err = row.Scan(&s.Organization, &s.ID, &s.Owner, &next, &created, &s.Version, &body); err != nil {
		return schedule.Schedule{}, err
	}
	s.NextTime, s.CreateTime = relational.FromNull(next), relational.FromMicro(created)
	if err := json.Unmarshal(body, &s); err != nil {
		return schedule.Schedule{}, fmt.Errorf("decode schedule: %w", err)
	}
	return s, nil
}

func scanReader(row relational.Scanner) (r schedule.Recipient, err error) {
	var unsubscribed *int64
	err = row.Scan(&r.Key, &r.Secret, &r.Member, &r.Address, &unsubscribed)
	r.UnsubscribeTime = relational.FromNull(unsubscribed)
	if len(r.Address) == 0 {
		r.Address = nil
	}
	return r, err
}

// withReaders reads the recipients of schedules.
func withReaders(ctx context.Context, r relational.Reader, list []schedule.Schedule) (err error) {
	for n := range list {
		if list[n].Recipients, err = relational.List(ctx, r, scanReader, sqlReaders, list[n].Organization, list[n].ID); err != nil {
			return err
		}
	}
	return nil
}

// putReaders stores the recipients of a schedule instead of those before.
func putReaders(ctx context.Context, w relational.Writer, s schedule.Schedule) error {
	if _, err := w.Exec(ctx, sqlDropReaders, s.Organization, s.ID); err != nil {
		return err
	}
	rows := make([][]any, len(s.Recipients))
	for n, r := range s.Recipients {
		address := r.Address
		if address == nil {
			address = []byte{}
		}
		rows[n] = []any{s.Organization, s.ID, n, r.Key, r.Secret, r.Member, address, relational.NullMicro(r.UnsubscribeTime)}
	}
	return w.Many(ctx, sqlInsertReader, rows)
}

// rounded is a schedule with its times as they are kept.
func rounded(s schedule.Schedule) schedule.Schedule {
	for _, t := range []*time.Time{&s.CreateTime, &s.UpdateTime, &s.NextTime} {
		if !t.IsZero() {
			*t = relational.FromMicro(relational.ToMicro(*t))
		}
	}
	return s
}

// CreateSchedule implements store.Schedules.
func (s *Store) CreateSchedule(ctx context.Context, in schedule.Schedule, most int) (schedule.Schedule, error) {
	in = rounded(in)
	in.Version = 1
	body, err := json.Marshal(in)
	if err != nil {
		return schedule.Schedule{}, fmt.Errorf("encode schedule: %w", err)
	}
	err = s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		if taken, err := relational.Exists(ctx, w, sqlScheduleTaken, in.Organization, in.ID); err != nil {
			return err
		} else if taken {
			return store.ErrExists
		}
		if n, err := relational.One(ctx, w, relational.Value[int64], sqlCountSchedules, in.Organization); err != nil {
			return err
		} else if n >= int64(most) {
			return store.ErrTooMany
		}
		if _, err := w.Exec(ctx, sqlInsertSchedule, in.Organization, in.ID, in.Owner, relational.NullMicro(in.NextTime), relational.ToMicro(in.CreateTime), body); err != nil {
			return err
		}
		return putReaders(ctx, w, in)
	})
	return in, s.db.Explain("create schedule", err)
}

// GetSchedule implements store.Schedules.
func (s *Store) GetSchedule(ctx context.Context, organization, id string) (out schedule.Schedule, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		out, err = readSchedule(ctx, r, organization, id)
		return err
	})
	return out, s.db.Explain("get schedule", err)
}

func readSchedule(ctx context.Context, r relational.Reader, organization, id string) (schedule.Schedule, error) {
	found, err := relational.One(ctx, r, scanSchedule, sqlSelectSchedule, organization, id)
	if errors.Is(err, relational.ErrNoRow) {
		return schedule.Schedule{}, store.ErrNotFound
	}
	if err != nil {
		return schedule.Schedule{}, err
	}
	list := []schedule.Schedule{found}
	err = withReaders(ctx, r, list)
	return list[0], err
}

// ListSchedules implements store.Schedules.
func (s *Store) ListSchedules(ctx context.Context, organization, owner string, offset, limit int) (out []schedule.Schedule, more bool, err error) {
	query, args := sqlListSchedules, []any{organization, limit + 1, offset}
	if owner != "" {
		query, args = sqlListOwned, append(args, owner)
	}
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		all, err := relational.List(ctx, r, scanSchedule, query, args...)
		if err != nil {
			return err
		}
		out, more = relational.Page(all, limit)
		return withReaders(ctx, r, out)
	})
	return out, more, s.db.Explain("list schedules", err)
}

// UpdateSchedule implements store.Schedules.
func (s *Store) UpdateSchedule(ctx context.Context, in schedule.Schedule) (schedule.Schedule, error) {
	in = rounded(in)
	body, err := json.Marshal(in)
	if err != nil {
		return schedule.Schedule{}, fmt.Errorf("encode schedule: %w", err)
	}
	err = s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		there, err := readSchedule(ctx, w, in.Organization, in.ID)
		if err != nil {
			return err
		}
		if there.Version != in.Version {
			return store.ErrChanged
		}
		for n, r := range in.Recipients {
			for _, was := range there.Recipients {
				if was.Key == r.Key {
					in.Recipients[n].UnsubscribeTime = was.UnsubscribeTime
				}
			}
		}
		n, err := w.Exec(ctx, sqlUpdateSchedule, in.Organization, in.ID, in.Version, in.Owner, relational.NullMicro(in.NextTime), body)
		if err != nil {
			return err
		}
		if n == 0 {
			return store.ErrChanged
		}
		return putReaders(ctx, w, in)
	})
	in.Version++
	return in, s.db.Explain("update schedule", err)
}

// DeleteSchedule implements store.Schedules.
func (s *Store) DeleteSchedule(ctx context.Context, organization, id string) (out schedule.Schedule, err error) {
	err = s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		if out, err = readSchedule(ctx, w, organization, id); err != nil {
			return err
		}
		for _, statement := range []string{sqlDeleteSchedule, sqlDropReaders, sqlDropDeliveries, sqlDropRuns} {
			if _, err := w.Exec(ctx, statement, organization, id); err != nil {
				return err
			}
		}
		return nil
	})
	return out, s.db.Explain("delete schedule", err)
}

// UnsubscribeReport implements store.Schedules.
func (s *Store) UnsubscribeReport(ctx context.Context, organization, key string, at time.Time) error {
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		known, err := relational.Exists(ctx, w, sqlReaderExists, organization, key)
		if err != nil {
			return err
		}
		if !known {
			return store.ErrNotFound
		}
		if _, err := w.Exec(ctx, sqlUnsubscribe, organization, key, relational.ToMicro(at)); err != nil {
			return err
		}
		return giveUp(ctx, w, failureUnsubscribe, at, sqlPendingOf, organization, key)
	})
	return s.db.Explain("unsubscribe", err)
}

// PauseSchedule implements store.Schedules.
func (s *Store) PauseSchedule(ctx context.Context, organization, id, reason string, now time.Time) error {
	err := s.db.Update(ctx, func(ctx context.Context, w relational.Writer) error {
		there, err := readSchedule(ctx, w, organization, id)
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		// What is on its way is given up also where somebody paused the schedule before: it may have been begun by hand since.
		if err := giveUp(ctx, w, reason, now, sqlPendingIn, organization, id); err != nil || there.Paused {
			return err
		}
		there.Paused, there.PauseReason, there.NextTime = true, reason, time.Time{}
		body, err := json.Marshal(there)
		if err != nil {
			return fmt.Errorf("encode schedule: %w", err)
		}
		n, err := w.Exec(ctx, sqlUpdateSchedule, organization, id, there.Version, there.Owner, nil, body)
		if err != nil {
			return err
		}
		if n == 0 {
			return store.ErrChanged
		}
		return nil
	})
	return s.db.Explain("pause schedule", err)
}

// DueSchedules implements store.Schedules.
func (s *Store) DueSchedules(ctx context.Context, now time.Time, limit int) (out []schedule.Schedule, err error) {
	err = s.db.View(ctx, func(ctx context.Context, r relational.Reader) error {
		out, err = relational.List(ctx, r, scanSchedule, sqlDueSchedules, relational.ToMicro(now), limit)
		return err
	})
	return out, s.db.Explain("look for schedules", err)
}
