package store

import (
	"context"
	"time"

	"github.com/otklik/otklik/services/segmentation/internal/timeline"
)

// Names of the followers that remember what happens with contacts.
const (
	TimelineFollower        = "timeline"
	TimelineCommentFollower = "timeline_comments"
)

// Timeline keeps what happened with contacts. Other parts of the service remember what is theirs when they store it.
type Timeline interface {
	// ListTimeline returns entries, and whether there are more: by time, kind and resource, the newest first unless q.OldestFirst.
	ListTimeline(ctx context.Context, q TimelineQuery) (entries []TimelineEntry, more bool, err error)
	// RememberAnswers applies a batch of the survey service's change log, and moves the follower `timeline`. Errors: ErrLost.
	RememberAnswers(ctx context.Context, batch RememberedAnswers) error
	// RememberComments applies a batch of the comment service's feed, and moves the follower `timeline_comments`: comments of answers that are not there yet wait
	// for them. Errors: ErrLost.
	RememberComments(ctx context.Context, batch RememberedComments) error
	// DropWaitingComments drops comments that wait for an answer although all answers up to a time are applied: nobody knows whose it is.
	DropWaitingComments(ctx context.Context, asOf time.Time) error
	// RestartAnswers forgets all answers, invitations and comments of all organisations, and moves the follower `timeline` from a position to 0, and
	// `timeline_comments` to 0: the survey service's change log is another one than before. Errors: ErrLost.
	RestartAnswers(ctx context.Context, from int64) error
	// RestartComments does so with comments alone, from a position of `timeline_comments`. Errors: ErrLost.
	RestartComments(ctx context.Context, from int64) error
}

// TimelineQuery asks for a page of a timeline.
type TimelineQuery struct {
	Organization, Contact string
	// Kinds are which ones; none for all.
	Kinds       []timeline.Kind
	Start, End  time.Time // [Start, End); zero is open
	OldestFirst bool
	Limit       int
	// After is the last entry of the page before; zero for the first page.
	After TimelineMark
}

// TimelineMark is where a page of a timeline ended.
type TimelineMark struct {
	Time     time.Time
	Kind     timeline.Kind
	Resource string
}

// RememberedAnswers is what some events of the survey service's change log say, in their order.
type RememberedAnswers struct {
	From, To int64
	Events   []RememberedAnswer
}

// RememberedAnswer is that somebody who is known was asked, and answered or not; or that a response or refusal was removed.
type RememberedAnswer struct {
	Organization string
	// Resource is the response or refusal.
	Resource string
	// Person is the pseudonym of who was asked.
	Person []byte
	Time   time.Time
	// Answer is what is remembered of a response, Invitation of having been asked; nil for neither.
	Answer     *timeline.Answer
	Invitation *timeline.Invitation
	// Removed tells that everything of the response or refusal goes; Erasure is the erasure by which, empty for none.
	Removed bool
	Erasure string
}

// RememberedComments is what some events of the comment service's feed say, in their order.
type RememberedComments struct {
	From, To int64
	Events   []RememberedComment
}

// RememberedComment is what the comments of a response say now; nil that there are none any more.
type RememberedComment struct {
	Organization string
	// Resource is the response.
	Resource string
	// Time is when it was found out.
	Time    time.Time
	Comment *timeline.Comment
}
