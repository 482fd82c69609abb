package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/rfm"
)

// Segments keeps segments, who belongs to them and who did, and what is to be compared with their rules.
//
// A membership begins when something changed of the contact by which the rule holds, as far as that is known, and ends likewise. Of the time before a segment
// was first compared with all contacts it is taken to have been as it was then.
type Segments interface {
	// CreateSegment creates a segment. Errors: ErrExists, ErrTooMany.
	CreateSegment(ctx context.Context, s Segment, limit int) (Segment, error)
	// GetSegment returns a segment. Errors: ErrNotFound.
	GetSegment(ctx context.Context, organization, id string) (Segment, error)
	// ListSegments returns the segments of an organisation after an identifier, in order; limit 0 is all.
	ListSegments(ctx context.Context, organization, after string, limit int) ([]Segment, error)
	// UpdateSegment changes what people state of a segment of the version that is given. Errors: ErrNotFound, ErrChanged.
	UpdateSegment(ctx context.Context, s Segment) (Segment, error)
	// DeleteSegment deletes a segment with its memberships. Errors: ErrNotFound.
	DeleteSegment(ctx context.Context, organization, id string) error

	// ListMemberships returns memberships: of a segment in the order of contacts, of a contact in that of segments, and of both the last first. more tells that
	// there are more than the limit.
	ListMemberships(ctx context.Context, q MembershipQuery) (memberships []Membership, more bool, err error)
	// Members returns the contacts that belong to a segment after a contact, in order.
	Members(ctx context.Context, organization, segment, after string, limit int) ([]string, error)

	// CountContacts returns how many contacts there are, without those that were merged into others.
	CountContacts(ctx context.Context, organization string) (int64, error)

	// ToSweep returns the organisations whose contacts are all to be compared on a day (of package rfm), in order: with rules that are new, on a new day, or because
	// so much changed that this is sooner done than one by one.
	ToSweep(ctx context.Context, day int64) ([]string, error)
	// Touched returns the organisations with contacts of which something changed that is not compared yet, in order.
	Touched(ctx context.Context) ([]string, error)
	// Touches returns contacts of which something changed, in the order of the changes after one, 0 for all.
	Touches(ctx context.Context, organization string, after int64, limit int) ([]Touch, error)
	// PutMemberships moves contacts into and out of segments, tells of it where the segment is not new or changed, and takes their touches away.
	// Segments whose rule is another one by now are left as they are.
	PutMemberships(ctx context.Context, p MembershipChange) error
	// EndSweep remembers that all contacts were compared with rules.
	EndSweep(ctx context.Context, s Sweep) error
	// RFMTable returns how customers were placed last, and in which currency; a table of nobody when they never were.
	RFMTable(ctx context.Context, organization string) (RFMTable, error)

	// ApplySnapshots moves a follower, and tells to which segments contacts belonged when they answered, in the same transaction. Errors: ErrLost.
	ApplySnapshots(ctx context.Context, follower string, b SnapshotBatch) error
}

// Segment is a segment.
type Segment struct {
	Organization, ID string `json:"-"`
	DisplayName      string
	Description      string
	Rule             string
	Ideal            bool
	// Fault is why the rule cannot be evaluated any more; empty when it can.
	Fault string `json:"-"`
	// FaultTime is since when it cannot; zero when it can.
	FaultTime time.Time `json:"-"`
	// Version grows with what people change, RuleVersion with the rule, and is EvaluatedVersion when all contacts were compared with it.
	Version, RuleVersion, EvaluatedVersion int64 `json:"-"`
	// EvaluateTime is when all were compared last, FirstTime when first; zero when never.
	EvaluateTime, FirstTime time.Time `json:"-"`
	Members                 int64     `json:"-"`
	CreateTime, UpdateTime  time.Time `json:"-"`
}

// Membership is that a contact belongs to a segment, or did.
type Membership struct {
	Segment, Contact string
	Enter            time.Time
	// Leave is zero while it does.
	Leave time.Time
}

// MembershipQuery says which memberships.
type MembershipQuery struct {
	Organization string
	// Segment or Contact is whose; one of them is empty.
	Segment, Contact string
	// Ended asks for those that ended, too.
	Ended bool
	// After is the membership after which to begin; nil for the first.
	After *Membership
	Limit int
}

// Touch is that something changed of a contact.
type Touch struct {
	Contact string
	// Number is that of the last change, Time when that was. An answer moves the time of a change that waits no further: what a respondent belonged to when
	// answering begins before the answer.
	Number int64
	Time   time.Time
}

// MembershipChange is to which segments contacts are to belong.
type MembershipChange struct {
	Organization string
	// Rules are the segments that were compared, with the versions of their rules; others are left as they are.
	Rules map[string]int64
	// Time is when they were compared, which is when others are told that it happened.
	Time time.Time
	// Touched is the last touch before all contacts were compared: of those that were touched before, the time of the touch counts. 0 when only some were.
	Touched  int64
	Contacts []ContactMembership
}

// ContactMembership is to which segments a contact is to belong.
type ContactMembership struct {
	Contact string
	// Company, Location and Region are where the contact belongs, for those who are restricted to units.
	Company, Location, Region string
	// In are the segments, among those that were compared.
	In []string
	// Time is when what changed did; Number that of the touch, 0 when it was none.
	Time   time.Time
	Number int64
}

// Sweep is that all contacts were compared.
type Sweep struct {
	Organization string
	// Day is for which day, Touched the last touch that was before.
	Day, Touched int64
	Time         time.Time
	// Rules are the segments with the versions of their rules, Faults those whose rule cannot be evaluated. A rule that was changed meanwhile is neither.
	Rules  map[string]int64
	Faults map[string]RuleFault
	RFM    RFMTable
	// Contacts is how many were compared.
	Contacts int64
}

// RuleFault is why a version of a rule cannot be evaluated.
type RuleFault struct {
	RuleVersion int64
	Reason      string
}

// RFMTable is how customers are placed, and what was last touched when that was read.
type RFMTable struct {
	Currency string
	Table    rfm.Table
	// Customers is how many there are.
	Customers int64
	// Touched is the last touch so far.
	Touched int64 `json:"-"`
}

// SnapshotBatch is what some events of the survey feed say.
type SnapshotBatch struct {
	From, To int64
	Answered []Answered
	// Removed are responses that were removed.
	Removed []RemovedResponse
}

// Answered is that a contact answered.
type Answered struct {
	Organization string
	// Response is the resource name.
	Response string
	// Person is the pseudonym of who answered.
	Person []byte
	Time   time.Time
}

// RemovedResponse is a response that was removed.
type RemovedResponse struct{ Organization, Response string }
