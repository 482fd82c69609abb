package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/trigger"
	"github.com/otklik/otklik/services/segmentation/internal/worktime"
)

// Cases keeps what has to be seen to. Cases of units that a caller is restricted to are found; others are ErrNotFound.
type Cases interface {
	// OpenCase stores a case that a person opens, with its clocks set by the calendar. A repeated request returns the case of the first. Errors: ErrNotFound when
	// the contact is unknown, *CaseExists, ErrExists when the request is another one, or of a case beyond by.Units.
	OpenCase(ctx context.Context, c cases.Case, links []string, by By) (cases.Case, error)
	// GetCase returns a case. Errors: ErrNotFound.
	GetCase(ctx context.Context, ref CaseRef) (cases.Case, error)
	// CaseLinks returns what a case is about, the oldest first, at most limit.
	CaseLinks(ctx context.Context, organization, id string, limit int) ([]cases.Link, error)
	// ListCases returns cases in the order of cases.Compare, and whether there are more.
	ListCases(ctx context.Context, q CaseQuery) ([]cases.Case, bool, error)
	// ChangeCase changes a case by a function, which may run again and whose errors pass, and stores what happened. A repeated request changes nothing and returns
	// the case as it is. Nobody else changes the case meanwhile. Errors: ErrNotFound, ErrExists when the request is another one.
	ChangeCase(ctx context.Context, ref CaseRef, by By, change func(c *cases.Case, cal cases.Calendar) ([]cases.Entry, error)) (cases.Case, error)
	// ClaimFirst claims the first case that nobody owns, of a queue or with an empty one of any. However many claim at once, each gets another one. Errors:
	// ErrNotFound when there is none.
	ClaimFirst(ctx context.Context, organization, queue string, units Units, owner string, by By) (cases.Case, error)
	// MergeCases takes cases into another one, all or nothing. Errors: ErrNotFound, *cases.Refusal.
	MergeCases(ctx context.Context, into CaseRef, sources []string, by By) (cases.Case, error)
	// CaseEntries returns what happened to a case after an entry, in order. Errors: ErrNotFound.
	CaseEntries(ctx context.Context, ref CaseRef, after int64, limit int) ([]cases.Entry, error)
	// TickCases does to at most limit cases of each organisation what time has done to them by now, and tells to how many, also when it fails: what fails for an
	// organisation stops no other one.
	TickCases(ctx context.Context, now time.Time, limit int) (int, error)
	// UnresolvedAt tells whether a contact had a case at a time that was opened before it and not resolved.
	UnresolvedAt(ctx context.Context, organization, contact string, at time.Time) (bool, error)
	// CaseDates returns dates of cases that are not closed, in the order of their times.
	CaseDates(ctx context.Context, q DateQuery) ([]CaseDate, error)

	// SightCases stores what rules saw, with the position of the follower that saw it, all or nothing. Errors: ErrLost.
	SightCases(ctx context.Context, follower string, from, to int64, batch CaseBatch) error
	// CaseResponse returns the circumstances of a response. Errors: ErrNotFound.
	CaseResponse(ctx context.Context, organization, response string) (CaseResponse, error)
	// CommentsToSight returns comments that came before their response, whose response is known by now: at most limit of each organisation, and those of one together.
	CommentsToSight(ctx context.Context, limit int) ([]CaseComment, error)
	// TidyCases forgets circumstances and comments stored before a time, at most limit of each.
	TidyCases(ctx context.Context, responses, comments time.Time, limit int) error

	// CaseRules returns the rules of an organisation in order of identifiers.
	CaseRules(ctx context.Context, organization string) ([]trigger.Rule, error)
	// PutCaseRule stores a rule over the version r.Version, 0 for a new one, after check allowed it among the rules as they are. Errors: ErrExists, ErrNotFound,
	// ErrChanged, and those of check.
	PutCaseRule(ctx context.Context, r trigger.Rule, check func(others []trigger.Rule) error) (trigger.Rule, error)
	// DeleteCaseRule removes a rule. Errors: ErrNotFound.
	DeleteCaseRule(ctx context.Context, organization, id string) error
	// WorkCalendar returns the calendar of an organisation; version 0 and worktime.Always where none was set.
	WorkCalendar(ctx context.Context, organization string) (WorkCalendar, error)
	// PutWorkCalendar stores a calendar over the version c.Version. Errors: ErrChanged.
	PutWorkCalendar(ctx context.Context, c WorkCalendar) (WorkCalendar, error)
}

// By says who does something to a case.
type By struct {
	Actor string
	// Request is the actor's identifier of the call; empty for none. Content is a digest of what it asks, by which a repetition is told from another call.
	Request string
	Content []byte
	// Units are those that the actor is restricted to.
	Units Units
	Time  time.Time
}

// CaseRef names a case, as a caller of these units sees it.
type CaseRef struct {
	Organization, ID string
	Units            Units
}

// CaseExists tells that there is an unresolved case of the same subject.
type CaseExists struct{ ID string }

// Error says so.
func (e *CaseExists) Error() string { return "case " + e.ID + " exists" }

// CaseQuery asks for a page of cases.
type CaseQuery struct {
	Organization string
	Units        Units
	// States, none for all that are not closed.
	States []cases.State
	// Queue, Owner, Contact, Company and Location narrow it; empty for any.
	Queue, Owner, Contact, Company, Location string
	Unowned                                  bool
	// After is the last case of the page before; nil for the first.
	After *CaseMark
	Limit int
}

// CaseMark is where a case stands in the order.
type CaseMark struct {
	Late bool
	// Due is in microseconds since 1970; 0 for never.
	Due      int64
	Value    float64
	Severity cases.Severity
	ID       string
}

// MarkOf is where a case stands.
func MarkOf(c cases.Case) CaseMark {
	m := CaseMark{Late: c.Late.Any(), Value: c.Value, Severity: c.Severity, ID: c.ID}
	if !c.Due.IsZero() {
		m.Due = c.Due.UnixMicro()
	}
	return m
}

// DateQuery asks for what has a time.
type DateQuery struct {
	Organization string
	Units        Units
	// Owner narrows it to what somebody sees to; empty for all.
	Owner string
	// Kinds narrow dates of cases to due, task or prevention; none for all.
	Kinds []string
	// From and To bound the times; To itself is left out. Limit is how many are returned at most, those first that come first.
	From, To time.Time
	Limit    int
}

// The kinds of dates of cases.
const (
	DateDue        = "due"
	DateTask       = "task"
	DatePrevention = "prevention"
)

// CaseDate is a date in the life of a case.
type CaseDate struct {
	// Kind is due, task or prevention; Key tells tasks of a case apart.
	Kind, Case string
	Key        int
	Owner      string
	Time       time.Time
	Done       bool
	// Title is what the case is called by its rule, or where a person opened it, as Written tells, by that person. Changed is when the case changed last.
	Title   string
	Written bool
	Changed time.Time
}

// CaseBatch is what rules saw in some events of a feed.
type CaseBatch struct {
	// Now is when cases are opened.
	Now       time.Time
	Sightings []CaseSighting
	// Comments are those whose response is not known yet.
	Comments []CaseComment
	// Removed are responses that were removed.
	Removed []CaseRemoval
	// Sighted are comments of CommentsToSight that need not be looked at any more.
	Sighted []CaseComment
}

// CaseSighting is something that rules looked at.
type CaseSighting struct {
	Organization string
	trigger.Occurrence
	// Received is when the response was received.
	Received time.Time
	// Rules are those that match, one for each subject.
	Rules []trigger.Rule
	// Answer tells that it is a response: whether its contact has an unresolved case is told, and with Keep its circumstances are kept.
	Answer, Keep bool
}

// CaseRemoval is that a response was removed, by an erasure where one is named: what goes is counted under it.
type CaseRemoval struct{ Organization, Response, Erasure string }

// CaseResponse is the circumstances of a response.
type CaseResponse struct {
	// Received is when it was received.
	Received                    time.Time
	Organization, Response      string    `json:"-"`
	Time                        time.Time `json:"-"`
	About                       cases.About
	Survey, Touchpoint, Channel string
}

// CaseComment is what comments of a response say.
type CaseComment struct {
	Organization, Response string `json:"-"`
	Sentiment              uint8
	Aspects                []trigger.Mention
}

// WorkCalendar is when an organisation works.
type WorkCalendar struct {
	Organization string
	worktime.Calendar
	UpdateTime time.Time
	UpdatedBy  string
	Version    int64
}
