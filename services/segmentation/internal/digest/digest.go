// Package digest says what daily e-mails tell, in which words and when, and hands them to a mail server. They tell numbers and addresses of the app, and nothing
// about persons.
package digest

import (
	"slices"
	"time"
)

// Topic is what a digest tells of. The numbers are stored: they never change.
type Topic uint8

// The topics of digests.
const (
	Cases Topic = iota + 1
	Lights
	Segments
)

// Subscription is a daily digest.
type Subscription struct {
	Organization string `json:"-"`
	ID           string `json:"-"`
	DisplayName  string `json:"display_name"`
	// Language is ru, ky or en.
	Language string `json:"language"`
	// Minute is the time of day in minutes since midnight, Zone the time zone that it is in.
	Minute int    `json:"minute"`
	Zone   string `json:"zone"`
	// Topics are what it tells of; none means all.
	Topics     []Topic     `json:"topics,omitempty"`
	Disabled   bool        `json:"disabled,omitempty"`
	Recipients []Recipient `json:"recipients"`
	CreateTime time.Time   `json:"-"`
	UpdateTime time.Time   `json:"update_time"`
	// NextTime is when it is sent next; zero while it is disabled.
	NextTime time.Time `json:"-"`
	Version  int64     `json:"-"`
}

// Recipient is whom a digest is sent to.
type Recipient struct {
	// Address is the sealed address; Key names the credential by which it is unsubscribed, Secret is that credential, sealed.
	Address []byte `json:"address"`
	Key     string `json:"key"`
	Secret  []byte `json:"secret"`
	// UnsubscribeTime is when it was unsubscribed; zero when it was not.
	UnsubscribeTime time.Time `json:"unsubscribe_time,omitzero"`
}

// Tells tells whether a digest tells of a topic.
func (s Subscription) Tells(t Topic) bool { return len(s.Topics) == 0 || slices.Contains(s.Topics, t) }

// State is what became of a digest to one address on one day. The numbers are stored: they never change.
type State uint8

// The states of deliveries.
const (
	Pending State = iota + 1
	Sent
	Failed
)

// Delivery is a digest to one address on one day.
type Delivery struct {
	Organization, Subscription, ID string
	// Key names the recipient.
	Key string
	// Day is the day in the subscription's time zone, as 2026-01-31.
	Day string
	// From and To are the events that it tells of: after the one position, up to the other. Since and Until are the times of those.
	From, To     int64
	Since, Until time.Time
	State        State
	Attempts     int
	Failure      string
	// NextTime is when it is tried next, or until when a process is trying; zero unless Pending.
	NextTime, SendTime time.Time
}

// pauses are those between attempts: eight attempts in some 20 hours, so that a digest comes before the next.
var pauses = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, time.Hour, 3 * time.Hour, 6 * time.Hour, 10 * time.Hour}

// NextAttempt is the wait after an attempt of that number, from 1; false when it was the last one.
func NextAttempt(attempt int) (time.Duration, bool) {
	if attempt > len(pauses) {
		return 0, false
	}
	return pauses[max(attempt, 1)-1], true
}

// Next is the first time after a moment at which a clock in the zone shows the time of day, in minutes since midnight. A time of day that is left out when clocks
// go forward is that much later; of one that comes twice the first counts or the second, one of them.
func Next(after time.Time, minute int, zone *time.Location) time.Time {
	y, m, d := after.In(zone).Date()
	for n := 0; ; n++ {
		if t := time.Date(y, m, d+n, 0, minute, 0, 0, zone); t.After(after) {
			return t
		}
	}
}

// Day is the day of a time, as deliveries are known by.
func Day(t time.Time, zone *time.Location) string { return t.In(zone).Format(time.DateOnly) }
