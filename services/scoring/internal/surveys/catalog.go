// Package surveys asks the survey service what scoring must know of surveys, and remembers it: published revisions never change, so that
// each is asked for once; which one is current is asked again when the answer is older than a second or so.
package surveys

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/scoring/internal/questionnaire"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

var (
	// ErrNotFound tells that the organisation has no such survey or revision.
	ErrNotFound = errors.New("not found by the survey service")
	// ErrUnavailable tells that the survey service could not be asked and the answer is not known.
	ErrUnavailable = errors.New("the survey service did not answer")
	// ErrFault tells that the survey service was asked and failed, or gave an answer that makes no sense.
	ErrFault = errors.New("the survey service failed to answer")
)

// askTimeout bounds one question to the survey service.
const askTimeout = 3 * time.Second

// retryAfter is how long a survey service that did not answer is left alone by callers for whom an older answer will do.
const retryAfter = time.Second

// Catalog answers what scoring must know of surveys. Safe for concurrent use.
type Catalog struct {
	client  surveyv1.SurveyServiceClient
	refresh time.Duration
	now     func() time.Time
	flights singleflight.Group

	mu      sync.RWMutex
	surveys map[key]*entry
}

type key struct{ organization, survey string }

// entry is what is known of one survey.
type entry struct {
	revisions map[int64]*questionnaire.Revision
	// history is complete up to the revision that was current at asked; asked is zero when that is not known.
	history questionnaire.History
	asked   time.Time
	// failed is when the survey service last did not answer.
	failed time.Time
}

// New makes a catalog. refresh is how old the knowledge of which revision is current may be; now is the clock, nil means time.Now.
func New(conn grpc.ClientConnInterface, refresh time.Duration, now func() time.Time) *Catalog {
	if now == nil {
		now = time.Now
	}
	return &Catalog{
		client: surveyv1.NewSurveyServiceClient(conn), refresh: refresh, now: now, surveys: make(map[key]*entry),
	}
}

// Revision returns a revision, asking for it at most once. ErrNotFound when there is none, ErrUnavailable and ErrFault when
// that is not known.
func (c *Catalog) Revision(ctx context.Context, organization, survey string, number int64) (*questionnaire.Revision, error) {
	k := key{organization, survey}
	c.mu.RLock()
	var r *questionnaire.Revision
	if e := c.surveys[k]; e != nil {
		r = e.revisions[number]
	}
	c.mu.RUnlock()
	if r != nil {
		return r, nil
	}
	return c.askRevision(ctx, k, number)
}

// History returns the revisions of a survey. What is known for less than the refresh interval is returned without asking; when the
// survey service does not answer, what is known at all. ErrNotFound when there is no such survey, ErrUnavailable and ErrFault when that is
// not known.
func (c *Catalog) History(ctx context.Context, organization, survey string) (questionnaire.History, error) {
	k := key{organization, survey}
	now := c.now()
	known, e := c.known(k)
	switch {
	case known && now.Sub(e.asked) < c.refresh:
		return e.history, nil
	case known && now.Sub(e.failed) < retryAfter:
		return e.history, nil
	}
	h, err := c.ask(ctx, k)
	if err != nil && known && !errors.Is(err, ErrNotFound) && ctx.Err() == nil {
		return e.history, nil
	}
	return h, err
}

// HistoryAfter returns the revisions of a survey as they were asked for at a moment of this process's clock or later, for callers to whom it
// matters that none published before the moment is missing.
func (c *Catalog) HistoryAfter(ctx context.Context, organization, survey string, moment time.Time) (questionnaire.History, error) {
	k := key{organization, survey}
	if now := c.now(); moment.After(now) {
		// Nothing can be asked for later than now.
		moment = now
		c.Forget(organization, survey)
	}
	for again := false; ; again = true {
		if known, e := c.known(k); known && !e.asked.Before(moment) {
			return e.history, nil
		}
		// An answer that is shared may have been asked for earlier; the next one was not.
		h, err := c.ask(ctx, k)
		if err != nil || again {
			return h, err
		}
	}
}

// Forget makes the next call of History ask again: the caller has missed something.
func (c *Catalog) Forget(organization, survey string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.surveys[key{organization, survey}]; e != nil {
		// The history stays for when the survey service does not answer.
		e.asked = time.Unix(1, 0)
	}
}

// Clear forgets everything: the survey service is not the one that was asked before, so that even published revisions may differ.
func (c *Catalog) Clear() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.surveys)
}

// known copies what is known of a survey; false when its history is not.
func (c *Catalog) known(k key) (bool, entry) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if e := c.surveys[k]; e != nil && !e.asked.IsZero() {
		return true, *e
	}
	return false, entry{}
}

// ask asks for the survey's history; callers who ask at the same time share one answer.
func (c *Catalog) ask(ctx context.Context, k key) (questionnaire.History, error) {
	shared := c.flights.DoChan(k.organization+"\x00"+k.survey, func() (any, error) {
		// The answer is for all who wait for it: it does not end with the call of the first.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), askTimeout)
		defer cancel()
		return c.fetch(ctx, k)
	})
	select {
	case <-ctx.Done():
		return questionnaire.History{}, fmt.Errorf("ask for survey: %w", ctx.Err())
	case r := <-shared:
		h, _ := r.Val.(questionnaire.History)
		return h, r.Err
	}
}

func (c *Catalog) fetch(ctx context.Context, k key) (questionnaire.History, error) {
	asked := c.now()
	resp, err := c.client.GetSurvey(rpcclient.WithOrganization(ctx, k.organization), &surveyv1.GetSurveyRequest{Name: SurveyName(k.survey)})
	if err != nil {
		return questionnaire.History{}, c.failure(k, "ask for survey", err)
	}
	var newest int64
	if name := resp.GetSurvey().GetCurrentRevision(); name != "" {
		if _, newest, err = ParseRevision(name); err != nil {
			return questionnaire.History{}, fmt.Errorf("ask for survey: current revision: %w: %w", ErrFault, err)
		}
	}
	h := questionnaire.History{Revisions: make([]*questionnaire.Revision, newest)}
	for i := range h.Revisions {
		if h.Revisions[i], err = c.Revision(ctx, k.organization, k.survey, int64(i)+1); err != nil {
			return questionnaire.History{}, err
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entry(k)
	if len(h.Revisions) >= len(e.history.Revisions) {
		e.history, e.asked, e.failed = h, asked, time.Time{}
	}
	return e.history, nil
}

func (c *Catalog) askRevision(ctx context.Context, k key, number int64) (*questionnaire.Revision, error) {
	name := RevisionName(k.survey, number)
	askCtx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	resp, err := c.client.GetRevision(rpcclient.WithOrganization(askCtx, k.organization), &surveyv1.GetRevisionRequest{Name: name})
	if err != nil {
		return nil, c.failure(k, "ask for revision", err)
	}
	r, err := FromRevision(resp.GetRevision())
	if err != nil {
		return nil, fmt.Errorf("ask for revision: %w: %w", ErrFault, err)
	}
	if r.Survey != k.survey || r.Number != number {
		return nil, fmt.Errorf("ask for revision %s: the answer is %s: %w", name, resp.GetRevision().GetName(), ErrFault)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.entry(k)
	if e.revisions == nil {
		e.revisions = make(map[int64]*questionnaire.Revision)
	}
	e.revisions[number] = r
	if current := e.history.Current(); current != nil && number > current.Number {
		// There is a newer revision than the history knows of.
		e.asked = time.Unix(1, 0)
	}
	return r, nil
}

// entry is the entry of a survey, made when it is new; the caller holds the lock.
func (c *Catalog) entry(k key) *entry {
	e := c.surveys[k]
	if e == nil {
		e = &entry{}
		c.surveys[k] = e
	}
	return e
}

// failure translates an error of a call and remembers that the survey service did not answer.
func (c *Catalog) failure(k key, doing string, err error) error {
	kind := ErrFault
	switch rpcerr.Code(err) {
	case codes.NotFound:
		return fmt.Errorf("%s %s: %w", doing, k.survey, ErrNotFound)
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.ResourceExhausted, codes.Aborted,
		codes.Unauthenticated, codes.PermissionDenied:
		// The last two are errors of the configuration, which people mend.
		kind = ErrUnavailable
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.surveys[k]; e != nil {
		e.failed = c.now()
	}
	return fmt.Errorf("%s %s: %w: %w", doing, k.survey, kind, err)
}
