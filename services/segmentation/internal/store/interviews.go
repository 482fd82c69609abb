package store

import (
	"context"
	"errors"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/interview"
)

// ErrInterviewed tells that the contact has an interview that is to be held already.
var ErrInterviewed = errors.New("the contact has an interview already")

// Interviews keeps interviews with their guides and codes.
type Interviews interface {
	// CreateInterview stores a new interview under version 1, by the contact's own pseudonym unless it has one. Errors: ErrExists when the identifier is
	// taken, ErrInterviewed.
	CreateInterview(ctx context.Context, i interview.Interview) (interview.Interview, error)
	// GetInterview returns an interview that a caller restricted to units sees. Errors: ErrNotFound, also when it belongs to others.
	GetInterview(ctx context.Context, organization string, units Units, id string) (interview.Interview, error)
	// ListInterviews returns interviews that the caller sees in the order of interview.Compare, and whether there are more.
	ListInterviews(ctx context.Context, q InterviewQuery) (interviews []interview.Interview, more bool, err error)
	// UpdateInterview stores an interview over the version i.Version and returns it with the next version. Its contact, origin and time of creation stay. Errors:
	// ErrNotFound, ErrChanged, ErrInterviewed.
	UpdateInterview(ctx context.Context, i interview.Interview) (interview.Interview, error)
	// ScheduledInterviews returns interviews that are or were arranged for a time, in the order of their times; but for those that are not to be held. q.Kinds is
	// not looked at.
	ScheduledInterviews(ctx context.Context, q DateQuery) ([]interview.Interview, error)
	// ApplyRedList moves the follower and opens an interview with each contact whose light turned red, unless there is one to be held; one that is open and came of the
	// red list lapses when the light is red no more. Errors: ErrLost when the follower is not at from.
	ApplyRedList(ctx context.Context, follower string, from, to int64, turns []LightTurn) error

	// GetGuide returns the guide of a survey. Errors: ErrNotFound.
	GetGuide(ctx context.Context, organization, survey string) (interview.Guide, error)
	// PutGuide stores a guide over the version g.Version, 0 for a new one, and returns it with the next version. Errors: ErrChanged.
	PutGuide(ctx context.Context, g interview.Guide) (interview.Guide, error)
	// GetCodeBook returns the code book. Errors: ErrNotFound.
	GetCodeBook(ctx context.Context, organization string) (interview.Book, error)
	// PutCodeBook stores a code book over the version b.Version, 0 for a new one, and returns it with the next version. check is asked, in the same transaction, with
	// the book before and the codes that interviews have; its error is returned. Errors: ErrChanged.
	PutCodeBook(ctx context.Context, b interview.Book, check func(before interview.Book, used map[string]bool) error) (interview.Book, error)
}

// InterviewQuery asks for a page of interviews.
type InterviewQuery struct {
	Organization string
	Units        Units
	// States narrows them; none for all. Contact, Interviewer and Code narrow them unless they are empty.
	States                     []interview.State
	Contact, Interviewer, Code string
	Offset, Limit              int
}

// LightTurn is that the light of a contact changed.
type LightTurn struct {
	Organization, Contact string
	Person                []byte
	// Company, Location and Region are where the contact belongs, empty when unknown.
	Company, Location, Region string
	// Red tells what it is now.
	Red bool
	// Score is the mean of the contact's answers, Stake the contact's value at stake, which counts where the contact has no company.
	Score, Stake float64
	// Position is that of the event, Time when it changed.
	Position int64
	Time     time.Time
}
