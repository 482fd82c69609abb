package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/schedule"
)

// Schedules keeps reports that are made by themselves: when, for whom, and what became of each.
type Schedules interface {
	// CreateSchedule stores a new schedule under version 1. Errors: ErrExists; ErrTooMany when the organisation has as many as there may be.
	CreateSchedule(ctx context.Context, s schedule.Schedule, most int) (schedule.Schedule, error)
	// GetSchedule returns a schedule. Errors: ErrNotFound.
	GetSchedule(ctx context.Context, organization, id string) (schedule.Schedule, error)
	// ListSchedules returns schedules, those created last first, and whether there are more. An owner narrows them; empty for all.
	ListSchedules(ctx context.Context, organization, owner string, offset, limit int) (list []schedule.Schedule, more bool, err error)
	// UpdateSchedule stores a schedule over the version s.Version and returns it with the next version. Recipients that unsubscribed meanwhile stay so. Errors:
	// ErrNotFound, ErrChanged.
	UpdateSchedule(ctx context.Context, s schedule.Schedule) (schedule.Schedule, error)
	// DeleteSchedule removes a schedule with its runs and returns it. Errors: ErrNotFound.
	DeleteSchedule(ctx context.Context, organization, id string) (schedule.Schedule, error)
	// UnsubscribeReport notes that the recipient of a key wants no more reports, and forgets what was on its way; a second time changes nothing. Errors: ErrNotFound.
	UnsubscribeReport(ctx context.Context, organization, key string, at time.Time) error

	// DueSchedules returns schedules of all organisations with an occurrence at a time or before, those due first first.
	DueSchedules(ctx context.Context, now time.Time, limit int) ([]schedule.Schedule, error)
	// BeginRuns stores the runs of a schedule that is due, with a delivery to each recipient of those that are to be made, and moves its next time. It does so once:
	// ErrLost when the schedule has another next time by now or is gone.
	BeginRuns(ctx context.Context, s schedule.Schedule, runs []schedule.Run, next time.Time) error
	// AddRun stores a run of a schedule beside its calendar, with a delivery to each recipient. Where there is a run of the identifier it is returned as it is. Errors:
	// ErrNotFound.
	AddRun(ctx context.Context, run schedule.Run) (schedule.Run, error)
	// ListRuns returns the runs of a schedule, the latest first, and whether there are more.
	ListRuns(ctx context.Context, organization, id string, offset, limit int) (list []schedule.Run, more bool, err error)
	// GetRun returns a run. Errors: ErrNotFound.
	GetRun(ctx context.Context, organization, id, run string) (schedule.Run, error)
	// LateRuns returns for each of the schedules the earliest run of the calendar that is not delivered, after the last one that was; none where there is none.
	LateRuns(ctx context.Context, organization string, ids []string) (map[string]schedule.Run, error)
	// CountLate counts schedules of all organisations with a run that was due before a time and is not delivered, or an occurrence before it that is not begun.
	CountLate(ctx context.Context, before time.Time) (int64, error)
	// LastDelivered returns for each of the reports that has one the run due last that schedules had by themselves, was of all answers, and reached somebody.
	LastDelivered(ctx context.Context, organization string, reports []string) (map[string]schedule.Run, error)
	// SweepRuns removes runs that were due before a time and have ended, with their deliveries, at most limit, and tells how many.
	SweepRuns(ctx context.Context, before time.Time, limit int) (int, error)

	// WaitingForReports returns the organisations with deliveries that are to be tried at a time, those first whose first one has waited longest.
	WaitingForReports(ctx context.Context, now time.Time) ([]string, error)
	// ClaimReports returns deliveries of an organisation that are to be tried at a time, those that have waited longest first, and keeps them from others until a time.
	ClaimReports(ctx context.Context, organization string, now, until time.Time, limit int) ([]schedule.Delivery, error)
	// KeepReport keeps a delivery that was claimed from others until a later time, and returns it with that. Errors: ErrLost as of SettleReport.
	KeepReport(ctx context.Context, d schedule.Delivery, until time.Time) (schedule.Delivery, error)
	// SettleReport stores what became of a delivery that was claimed, and what that makes of its run. Errors: ErrLost when it was claimed again meanwhile, or is gone.
	SettleReport(ctx context.Context, d schedule.Delivery, now time.Time) error
	// PauseSchedule pauses a schedule for a reason and gives up what is on its way, also of one that is paused; its reason stays. That it is gone changes nothing.
	PauseSchedule(ctx context.Context, organization, id, reason string, now time.Time) error
	// ListReportDeliveries returns the deliveries of a run in the order of keys, and whether there are more.
	ListReportDeliveries(ctx context.Context, organization, id, run string, offset, limit int) (list []schedule.Delivery, more bool, err error)

	// TellOverdue notes of runs of the calendar that were due before a time and are not delivered that this is told, at most limit, and tells how many. That a run is
	// delivered is told when it is.
	TellOverdue(ctx context.Context, before, now time.Time, limit int) (int, error)
	// ReportEvents returns what was told after a position, in order, of an organisation or, where it is empty, of all; with the position of the last one, which says
	// the end of what can be read. No event with a position up to that comes later.
	ReportEvents(ctx context.Context, organization string, after int64, limit int) (events []schedule.Event, head int64, err error)
	// SweepReportEvents forgets what was told before a time, at most limit, and tells how many.
	SweepReportEvents(ctx context.Context, before time.Time, limit int) (int, error)
}
