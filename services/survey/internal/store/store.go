// Package store defines what the survey service keeps and what it may rely on when it does: surveys, published revisions, what was submitted
// (responses and refusals), the identifiers that were used, and the log of changes. Bodies are opaque bytes made by the caller.
//
// Every key begins with the organisation, and no call sees or changes what another organisation owns; only the change log spans
// organisations. Identifiers are valid UTF-8 without NUL. Where a backend can be shared, several stores over the same data keep every promise
// together as one does alone. Times are kept to the nanosecond between the years 1678 and 2262; a time beyond counts as the nearer end.
//
// Beside the errors that the methods name, each may return ctx's error, ErrClosed, or an *rpcerr.Error UNAVAILABLE of the backend
// (storage full or busy), after which the call can be repeated. A write that returns nil is durable; one that returns an error has
// changed nothing, unless ctx ended or the backend failed while it was being committed, when it may have been written: repeat it.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/services/survey/internal/lifecycle"
)

// The errors of a Store.
var (
	// ErrNotFound tells that the organisation has no such thing.
	ErrNotFound = errors.New("not found")
	// ErrExists tells that the identifier is taken.
	ErrExists = errors.New("exists")
	// ErrChanged tells that the survey has another version than the one that the change is based on.
	ErrChanged = errors.New("changed meanwhile")
	// ErrIDReused tells that the identifier was used with other content.
	ErrIDReused = errors.New("identifier used with other content")
	// ErrClosed tells that the store was closed.
	ErrClosed = errors.New("store is closed")
	// ErrOutdated tells that the database has the schema of the version before, which has no place for what is asked: otklik migrate brings it.
	ErrOutdated = errors.New("the schema of the version before has no place for it")
)

// Store keeps the survey service's data. Safe for concurrent use.
type Store interface {
	Surveys
	Submissions
	Changes
	Persons
	Consents
	Erasures
	Usages
	Vaults
	// Ping tells whether the store can be read.
	Ping(ctx context.Context) error
	// Close waits for writes under way and releases everything. Calls after it return ErrClosed; a second Close does nothing.
	Close() error
}

// Surveys keeps surveys and their revisions.
type Surveys interface {
	// CreateSurvey stores a new survey under version 1. With a request whose key was used before with an equal fingerprint it stores
	// nothing and returns the survey of that call as it is now, with replayed=true, or ErrNotFound when that survey was deleted since. Errors:
	// ErrExists; ErrIDReused when the request's key was used with another fingerprint. A used key is recognised before a taken identifier.
	CreateSurvey(ctx context.Context, s Survey, request Request) (stored Survey, replayed bool, err error)
	// GetSurvey returns a survey. Errors: ErrNotFound.
	GetSurvey(ctx context.Context, organization, id string) (Survey, error)
	// Status returns the status of a survey, reflecting every change that was made before the call, through whichever store of the same data. It is quick: it is
	// asked for every submission. Errors: ErrNotFound.
	Status(ctx context.Context, organization, id string) (lifecycle.Status, error)
	// ListSurveys returns surveys, those created last first. Surveys created while pages are read appear on none of the later pages and
	// displace nothing.
	ListSurveys(ctx context.Context, q SurveyQuery) ([]Survey, error)
	// UpdateSurvey stores Status, Body and UpdateTime of s over the version s.Version and returns it with the next version. With a revision
	// it stores that as well; its number must be s.Status.Revision. Errors: ErrNotFound, ErrChanged.
	UpdateSurvey(ctx context.Context, s Survey, revision *Revision) (Survey, error)
	// DeleteSurvey deletes a survey of the version. Revisions are not deleted: it is for surveys that have none. Errors: ErrNotFound, ErrChanged.
	DeleteSurvey(ctx context.Context, organization, id string, version int64) error
	// GetRevision returns a revision. Errors: ErrNotFound, also when there is no such survey.
	GetRevision(ctx context.Context, organization, survey string, number int32) (Revision, error)
	// ListRevisions returns the revisions of a survey with numbers below q.Before, the greatest first; none when there is no such survey.
	ListRevisions(ctx context.Context, q RevisionQuery) ([]Revision, error)
}

// Submissions keeps responses and refusals.
type Submissions interface {
	// Accept stores submissions to one survey together with their identifiers and entries in the change log, all in one transaction, and
	// returns an outcome for each, in their order. One whose identifier was used before (in an earlier call, a concurrent one, or
	// earlier in this call) is not stored: its outcome holds what was stored then, with Replayed, when the fingerprints are equal, and
	// ErrIDReused otherwise. Identifiers are remembered for longer than submissions: of one that was removed since, the outcome holds the
	// submission as it came now, whatever it holds, at the position that it had, with Replayed. It does not look at the survey.
	Accept(ctx context.Context, organization, survey string, kind Kind, submissions []NewSubmission) ([]Outcome, error)
	// Recall tells what became of an identifier: what was stored under it when the fingerprints are equal. Errors: ErrNotFound when it was not
	// used or what was stored under it was removed, ErrIDReused when it was used with another fingerprint, which nil always is.
	Recall(ctx context.Context, organization, survey string, kind Kind, id string, fingerprint []byte) (Submission, error)
	// GetSubmission returns what was stored under an identifier. Errors: ErrNotFound.
	GetSubmission(ctx context.Context, organization, survey string, kind Kind, id string) (Submission, error)
	// ListSubmissions returns submissions in the order of their positions, which is the order of acceptance: what is accepted later comes
	// later. None when there is no such survey.
	ListSubmissions(ctx context.Context, q SubmissionQuery) ([]Submission, error)
}

// Changes is the log of everything that was stored, across organisations. What is removed leaves it, and the removal enters it at its end.
type Changes interface {
	// Head returns the position of the last change; 0 when there is none.
	Head(ctx context.Context) (int64, error)
	// ReadChanges returns changes after q.After in the order of their positions, which is the order of commits, joined with what they refer to,
	// and the position of the last change as of the same moment. A change that becomes visible later has a greater position than all
	// that were visible before. Fewer than q.Limit changes are returned when there are no more or q.Bytes is reached; More tells which.
	ReadChanges(ctx context.Context, q ChangeQuery) (ChangeBatch, error)
	// AwaitChange returns nil once the log's head is greater than after. Commits wake it. Errors: ctx's, ErrClosed when the store closes.
	AwaitChange(ctx context.Context, after int64) error
}

// Survey is a survey as it is kept.
type Survey struct {
	Organization string
	ID           string
	Status       lifecycle.Status
	// Version counts the changes from 1.
	Version int64
	// CreateTime and UpdateTime are when it was created and last changed.
	CreateTime, UpdateTime time.Time
	// Order is the survey's place in lists, for SurveyQuery.Before.
	Order int64
	// Body is the display name and the draft.
	Body []byte
}

// Request makes a call repeatable. The zero value makes it not so.
type Request struct {
	// Key identifies the call among those of its kind in the organisation.
	Key string
	// Fingerprint tells calls with other content apart.
	Fingerprint []byte
}

// SurveyQuery asks for a page of surveys.
type SurveyQuery struct {
	Organization string
	// Archived tells whether archived surveys are wanted too.
	Archived bool
	// Before is the Order of the last survey of the page before; 0 for the first page.
	Before int64
	Page
}

// Page bounds an answer.
type Page struct {
	// Limit is the greatest number of items.
	Limit int
	// Bytes is the size of bodies after which no further item is added; 0 means no bound. One item is returned whatever its size.
	Bytes int
}

// Revision is a published questionnaire as it is kept. It never changes.
type Revision struct {
	Organization string
	Survey       string
	// Number counts the survey's revisions from 1.
	Number int32
	// PublishTime is when it was published.
	PublishTime time.Time
	// Body is the questionnaire.
	Body []byte
}

// RevisionQuery asks for a page of revisions.
type RevisionQuery struct {
	Organization, Survey string
	// Before is the number of the last revision of the page before; 0 for the first page.
	Before int32
	Page
}

// Kind is what a submission is. The numbers are stored: they never change.
type Kind uint8

// The kinds of submissions.
const (
	// KindResponse is an accepted response.
	KindResponse Kind = 1
	// KindRefusal is an accepted refusal.
	KindRefusal Kind = 2
	// KindRemoval tells that a response or refusal was removed; it is found in the log of changes alone.
	KindRemoval Kind = 3
)

// NewSubmission is a submission to be accepted.
type NewSubmission struct {
	// ID is the client's identifier, unique among the submissions of the kind in the survey.
	ID string
	// Fingerprint tells submissions with other content apart.
	Fingerprint []byte
	// Revision is the number of the revision that was answered; 0 for a refusal.
	Revision int32
	// CountTime is the time at which it counts.
	CountTime time.Time
	// Trace is the trace of the call (W3C traceparent); empty when it is not recorded.
	Trace string
	// Person tells whom it is about, by a pseudonym; empty when it is about nobody.
	Person []byte
	// Consents are what the person decided in it; they are stored together with it.
	Consents []Consent
	// Body is the submission itself.
	Body []byte
}

// Submission is a response or a refusal as it is kept.
type Submission struct {
	// Position is its place in the order of acceptance across all organisations; positions grow and have gaps.
	Position             int64
	Organization, Survey string
	Kind                 Kind
	ID                   string
	Revision             int32
	CountTime            time.Time
	Trace                string
	Body                 []byte
}

// Outcome is what became of a submission.
type Outcome struct {
	// Submission is what is stored under the identifier.
	Submission Submission
	// Replayed tells that it was stored before.
	Replayed bool
	// Err is nil or ErrIDReused.
	Err error
}

// SubmissionQuery asks for a page of submissions.
type SubmissionQuery struct {
	Organization, Survey string
	Kind                 Kind
	// After is the position of the last submission of the page before; 0 for the first page.
	After int64
	// UpTo is the greatest position wanted; 0 means no bound.
	UpTo int64
	// From and To bound CountTime: From is included, To is not. Zero means open.
	From, To time.Time
	Page
}

// Change is an entry of the change log with what it refers to.
type Change struct {
	// Position is its place in the log.
	Position int64
	// Submission is what was accepted, or, of KindRemoval, that something was removed: its ID is that of what was removed, its Body the removal's.
	Submission Submission
}

// ChangeQuery asks for a part of the change log.
type ChangeQuery struct {
	// After is the position after which to begin.
	After int64
	// Organization limits the changes to one organisation; empty means all.
	Organization string
	Page
}

// ChangeBatch is a part of the change log.
type ChangeBatch struct {
	Changes []Change
	// Head is the position of the last change in the log, of whatever organisation.
	Head int64
	// More tells that there may be further changes.
	More bool
}
