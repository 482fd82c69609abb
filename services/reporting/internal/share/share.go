// Package share is about links by which a report is read without logging in: what they show, on whose behalf, and for how long.
package share

import (
	"time"

	"github.com/otklik/otklik/services/reporting/internal/report"
)

const (
	// Longest is how long a link may lead to a report.
	Longest = 90 * 24 * time.Hour
	// Usual is how long it does unless told otherwise.
	Usual = 30 * 24 * time.Hour
	// Kept is how long is remembered that there was a link whose time is over.
	Kept = 30 * 24 * time.Hour
)

// Share is a link. Its secret is not among what is kept: the access service knows its digest.
type Share struct {
	Organization string `json:"-"`
	ID           string `json:"-"`
	DisplayName  string `json:"display_name,omitempty"`
	// Key names the credential that the secret is, Hint are the last characters of the secret.
	Key  string `json:"-"`
	Hint string `json:"hint"`
	// Creator is the principal who made the link, or owns the schedule that did, and has to be allowed to as long as it is read.
	Creator string `json:"-"`
	// Behalf is the principal on whose behalf the report is made; empty for Creator.
	Behalf string `json:"behalf,omitempty"`
	// Schedule is `reportSchedules/{schedule}` where a schedule made it.
	Schedule string `json:"schedule,omitempty"`
	// Recipient is the credential of the recipient whom the schedule mailed it to; empty where none did.
	Recipient string `json:"-"`
	// Rendition is the fingerprint of the report that is shown; empty where Report says it.
	Rendition string `json:"rendition,omitempty"`
	// Report is `reports/{report}`, perhaps with a version.
	Report string `json:"report,omitempty"`
	// Survey, Subject and Filter narrow it, as in report.Slice.
	Survey   string `json:"survey,omitempty"`
	Subject  string `json:"subject,omitempty"`
	Filter   string `json:"filter,omitempty"`
	Language string `json:"language,omitempty"`
	// Start and End are what it covers; zero for what the rule of the report says when it is read.
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`
	// Formats are the forms in which it may be taken away.
	Formats    []report.Format `json:"formats,omitempty"`
	CreateTime time.Time       `json:"-"`
	ExpireTime time.Time       `json:"-"`
	// Views is how often it was read or taken away, ViewTime when last.
	Views    int64     `json:"-"`
	ViewTime time.Time `json:"-"`
}

// Principal is on whose behalf the report is made.
func (s *Share) Principal() string {
	if s.Behalf != "" {
		return s.Behalf
	}
	return s.Creator
}

// Ended tells whether the time of the link is over.
func (s *Share) Ended(now time.Time) bool { return !now.Before(s.ExpireTime) }
