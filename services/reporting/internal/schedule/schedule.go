package schedule

import (
	"strings"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/report"
)

// CatchUp is what becomes of occurrences that nobody made at their time. The numbers are stored: they never change.
type CatchUp uint8

// What becomes of them.
const (
	// Latest makes the latest one, and notes that those before it were missed.
	Latest CatchUp = iota + 1
	// All makes all of them.
	All
)

// Way is how a report reaches its recipients. The numbers are stored: they never change.
type Way uint8

// The ways.
const (
	// ByMail is by e-mail with the files attached, ByLink by e-mail with a link that shows the report.
	ByMail Way = iota + 1
	ByLink
	// ByWebhook is by the webhook event that it is made, for nobody else.
	ByWebhook
)

// MostCaughtUp is how many occurrences are caught up at most, the latest ones.
const MostCaughtUp = 100

// Grace is how long after its time a report that is not delivered is no more on its way but overdue; what is begun later than that is caught up.
const Grace = time.Hour

// Schedule is a report that is made and sent by itself.
type Schedule struct {
	Organization string `json:"-"`
	ID           string `json:"-"`
	DisplayName  string `json:"display_name"`
	// Report is `reports/{report}`, perhaps with a version.
	Report string `json:"report"`
	// Survey, Subject and Filter narrow it, as in report.Slice.
	Survey     string          `json:"survey,omitempty"`
	Subject    string          `json:"subject,omitempty"`
	Filter     string          `json:"filter,omitempty"`
	Language   string          `json:"language"`
	Formats    []report.Format `json:"formats"`
	Recurrence Recurrence      `json:"recurrence"`
	CatchUp    CatchUp         `json:"catch_up"`
	Way        Way             `json:"way"`
	Paused     bool            `json:"paused,omitempty"`
	// PauseReason says why it was paused, where nobody did it.
	PauseReason string      `json:"pause_reason,omitempty"`
	Recipients  []Recipient `json:"-"`
	// Owner is the identifier of the principal on whose behalf it is made.
	Owner      string    `json:"-"`
	CreateTime time.Time `json:"-"`
	UpdateTime time.Time `json:"update_time"`
	// NextTime is its next occurrence; zero while it is paused.
	NextTime time.Time `json:"-"`
	Version  int64     `json:"-"`
}

// ReportName is `reports/{report}`, without a version.
func (s Schedule) ReportName() string {
	name, _, _ := strings.Cut(s.Report, "@")
	return name
}

// Whole tells whether its reports are made for somebody and of all answers, if the owner sees all of them.
func (s Schedule) Whole() bool {
	wanted := s.Way == ByWebhook
	for _, r := range s.Recipients {
		wanted = wanted || r.UnsubscribeTime.IsZero()
	}
	return wanted && s.Subject == "" && s.Filter == ""
}

// Recipient is whom a report is sent to: a member, or an address.
type Recipient struct {
	// Key names the credential by which it is unsubscribed, and the recipient; Secret is that credential, sealed.
	Key    string
	Secret []byte
	// Member is `members/{member}`; empty where Address is the sealed address.
	Member  string
	Address []byte
	// UnsubscribeTime is when it was unsubscribed; zero when it was not.
	UnsubscribeTime time.Time
}

// RunState is what became of an occurrence. The numbers are stored: they never change.
type RunState uint8

// The states of runs.
const (
	Due RunState = iota + 1
	Running
	Delivered
	PartlyFailed
	Failed
	Missed
)

// Ended tells whether nothing is left to do.
func (s RunState) Ended() bool { return s >= Delivered }

// Run is one occurrence of a schedule.
type Run struct {
	Organization, Schedule, ID string
	// Report is `reports/{report}` without a version.
	Report string
	// Time is when it was due.
	Time  time.Time
	State RunState
	// CaughtUp tells that it was begun late, Manual that somebody had it made.
	CaughtUp, Manual bool
	// Whole tells that it is made for somebody and of all answers: it keeps what is meant to be made at least so often.
	Whole bool
	// BeginTime is when it was begun, also the moment as of which it is made; EndTime when nothing was left to do. Zero before.
	BeginTime, EndTime time.Time
	// Failure is why not all have it.
	Failure string
}

// OverdueSince is since when the run is overdue at a time; zero when it is not.
func (r Run) OverdueSince(now time.Time) time.Time {
	if r.State == Delivered || r.State == PartlyFailed || r.State == Missed || now.Sub(r.Time) < Grace {
		return time.Time{}
	}
	return r.Time.Add(Grace)
}

// EventKind is what is told of a run. The numbers are stored: they never change.
type EventKind uint8

// The kinds.
const (
	// ToldDelivered is that somebody has its report, and nothing is left to do; ToldOverdue that it was not delivered in time.
	ToldDelivered EventKind = iota + 1
	ToldOverdue
)

// Event is what became of a run, for whoever wants to be told.
type Event struct {
	// Position is its place in the order of commits, from 1.
	Position     int64
	Organization string
	Time         time.Time
	Kind         EventKind
	// Run is `reportSchedules/{schedule}/runs/{run}`, Report `reports/{report}`.
	Run, Report string
}

// DeliveryState is what became of a report to a recipient. The numbers are stored: they never change.
type DeliveryState uint8

// The states of deliveries.
const (
	Pending DeliveryState = iota + 1
	Sent
	GivenUp
)

// Delivery is a report to one recipient.
type Delivery struct {
	Organization, Schedule, Run string
	// Key names the recipient; empty for the one delivery of a run without recipients, which is made for whoever asks for it by its fingerprint.
	Key   string
	State DeliveryState
	// Attempts are those of which is known what became.
	Attempts int
	Failure  string
	// NextTime is when it is tried next, or until when a process is trying; zero unless Pending.
	NextTime, SendTime time.Time
	// Claim is the NextTime that is stored: whoever claims it stores a later one, and whoever claimed it before has lost it.
	Claim time.Time
	// Fingerprint is that of what was sent, Share `reportShares/{share}` of the link that was.
	Fingerprint, Share string
}

// pauses are those between attempts: eight attempts in some 20 hours.
var pauses = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 10 * time.Hour}

// NextAttempt is the wait after an attempt of that number, from 1; false when it was the last one.
func NextAttempt(attempt int) (time.Duration, bool) {
	if attempt > len(pauses) {
		return 0, false
	}
	return pauses[max(attempt, 1)-1], true
}

// runID is how occurrences are known: by their time, so that each is there once.
const runID = "20060102t150405z"

// Occurrences are the runs of a schedule that are due at a time, in order, and when the one after them is due. Those that are left out by the policy are among
// them, as missed.
func (s Schedule) Occurrences(now time.Time) (runs []Run, next time.Time, err error) {
	at := s.NextTime
	for !at.After(now) {
		runs = append(runs, Run{
			Organization: s.Organization, Schedule: s.ID, ID: at.UTC().Format(runID), Report: s.ReportName(), Time: at, State: Due, BeginTime: now,
			CaughtUp: now.Sub(at) >= Grace,
		})
		if at, err = s.Recurrence.Next(at); err != nil {
			return nil, time.Time{}, err
		}
		if len(runs) > mostNoted {
			runs = runs[1:]
		}
	}
	keep := 1
	if s.CatchUp == All {
		keep = MostCaughtUp
	}
	for i := range runs[:max(0, len(runs)-keep)] {
		runs[i].State, runs[i].CaughtUp, runs[i].BeginTime, runs[i].EndTime = Missed, false, time.Time{}, now
		runs[i].Failure = "nothing ran at its time, and a later one is made instead"
	}
	return runs, at, nil
}

// mostNoted is how many occurrences that were missed are noted at most, the latest ones: a year of days.
const mostNoted = 366
