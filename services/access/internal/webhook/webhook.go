// Package webhook tells addresses of organisations what happened: messages signed as Standard Webhooks describes, without personal content,
// sent again until they are taken. It is free of transport of the API and of storage.
package webhook

import "time"

// Event is what happened. The numbers are stored, and are those of the API: they never change.
type Event int16

// The events.
const (
	ResponseAccepted Event = 1
	RefusalRecorded  Event = 2
	PersonErased     Event = 3
	// Ping is sent on request, to every webhook.
	Ping Event = 4
	// AlertOpened, AlertChanged and AlertResolved are what becomes of alerts.
	AlertOpened   Event = 5
	AlertChanged  Event = 6
	AlertResolved Event = 7
	// CaseOpened, CaseDue, CaseBreached and CaseClosed are what becomes of cases.
	CaseOpened   Event = 8
	CaseDue      Event = 9
	CaseBreached Event = 10
	CaseClosed   Event = 11
	// LightChanged is that a light shows another colour.
	LightChanged Event = 12
	// SegmentEntered and SegmentLeft are that a contact belongs to a segment from now on, or no longer.
	SegmentEntered Event = 13
	SegmentLeft    Event = 14
	// ReportDelivered and ReportOverdue are what becomes of reports that are made by themselves.
	ReportDelivered Event = 15
	ReportOverdue   Event = 16
)

// names are the types of the messages of events.
var names = [...]string{
	ResponseAccepted: "response.accepted", RefusalRecorded: "refusal.recorded", PersonErased: "person.erased", Ping: "ping", AlertOpened: "alert.opened",
	AlertChanged: "alert.changed", AlertResolved: "alert.resolved", CaseOpened: "case.opened", CaseDue: "case.due", CaseBreached: "case.breached",
	CaseClosed: "case.closed", LightChanged: "light.changed", SegmentEntered: "segment.entered", SegmentLeft: "segment.left",
	ReportDelivered: "report.delivered", ReportOverdue: "report.overdue",
}

// String is the type of the event's messages.
func (e Event) String() string {
	if e < ResponseAccepted || int(e) >= len(names) {
		return "unknown"
	}
	return names[e]
}

// Events is a set of events, one bit each.
type Events int64

// SetOf makes a set.
func SetOf(events ...Event) Events {
	var set Events
	for _, e := range events {
		set |= 1 << e
	}
	return set
}

// Has tells whether the event is in the set.
func (s Events) Has(e Event) bool { return s&(1<<e) != 0 }

// List returns the events in order.
func (s Events) List() []Event {
	var all []Event
	for e := ResponseAccepted; int(e) < len(names); e++ {
		if s.Has(e) {
			all = append(all, e)
		}
	}
	return all
}

// Log is another service's log of events. The numbers are stored: they never change.
type Log int16

// The logs.
const (
	// Answers is the survey service's change log.
	Answers Log = 1
	// Alerts is the scoring service's log of what becomes of alerts.
	Alerts Log = 2
	// Attention is the segmentation service's log of cases, lights and segments.
	Attention Log = 3
	// Deliveries is the reporting service's log of what becomes of reports that are made by themselves.
	Deliveries Log = 4
)

// Events are those that come from the log.
func (l Log) Events() Events {
	switch l {
	case Answers:
		return SetOf(ResponseAccepted, RefusalRecorded)
	case Alerts:
		return SetOf(AlertOpened, AlertChanged, AlertResolved)
	case Attention:
		return SetOf(CaseOpened, CaseDue, CaseBreached, CaseClosed, LightChanged, SegmentEntered, SegmentLeft)
	case Deliveries:
		return SetOf(ReportDelivered, ReportOverdue)
	}
	return 0
}

// Ref names a webhook.
type Ref struct{ Organization, ID string }

// Webhook is an address to which events are sent.
type Webhook struct {
	Ref
	DisplayName string
	URL         string
	Events      Events
	// Disabled tells that nothing is sent for the time being.
	Disabled bool
	// Version counts the changes from 1.
	Version    int64
	CreateTime time.Time
	// LastSuccessTime and LastFailureTime are zero when there was none. FailingSince is when the first delivery failed after the last one that
	// did not; zero when none has.
	LastSuccessTime, LastFailureTime, FailingSince time.Time
	// Secret is the sealed secret. OldSecret is the one before, by which messages are signed as well until OldSecretEnd; nil when there is none.
	Secret, OldSecret []byte
	OldSecretEnd      time.Time
}

// State is how far a delivery has come. The numbers are stored: they never change.
type State int16

// The states.
const (
	// Pending is to be sent, for the first time or again.
	Pending State = 1
	// Delivered was taken.
	Delivered State = 2
	// Failed was given up.
	Failed State = 3
)

// Delivery is one event on its way to one webhook.
type Delivery struct {
	Webhook Ref
	// ID is the message's webhook-id.
	ID       string
	Event    Event
	Resource string
	State    State
	// Attempts is how often it was sent, or was about to be.
	Attempts   int
	CreateTime time.Time
	// NextTime is when it is sent next; zero when it is not.
	NextTime   time.Time
	LastResult string
	// Person is whom Resource names, if anybody, by the pseudonym: what an erasure finds it by. It is stored and not read.
	Person string
}

// Occurrence is that something happened.
type Occurrence struct {
	Organization string
	Event        Event
	// Resource is the name of what it is about.
	Resource string
	// Position tells occurrences of one event about one thing apart; 0 where there is one at most.
	Position int64
	Time     time.Time
	// Contact is the identifier of the contact that Resource names, Person its pseudonym; empty when it names none.
	Contact, Person string
}

// Outcome is what came of an attempt.
type Outcome struct {
	Delivery Delivery
	// State is Pending when it is to be sent again, at NextTime.
	State    State
	NextTime time.Time
	Result   string
	// Time is when the attempt ended.
	Time time.Time
	// Succeeded tells whether it was taken.
	Succeeded bool
	// Gone tells that the address wants nothing more, ever.
	Gone bool
}

// DisableAfter is how long an address fails before nothing is sent to it any more.
const DisableAfter = 5 * 24 * time.Hour

// After returns the webhook as it is after an outcome: when it was reached last, and whether it is given up.
func (w Webhook) After(o Outcome) Webhook {
	if o.Succeeded {
		w.LastSuccessTime, w.FailingSince = o.Time, time.Time{}
		return w
	}
	w.LastFailureTime = o.Time
	if w.FailingSince.IsZero() {
		w.FailingSince = o.Time
	}
	if !w.Disabled && (o.Gone || o.Time.Sub(w.FailingSince) >= DisableAfter) {
		w.Disabled = true
		w.Version++
	}
	return w
}
