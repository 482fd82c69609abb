// Package peers asks the other services what the comment service must know: of surveys, which never change once published, of consents, and of keys.
package peers

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/lru"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// ErrFault tells that the survey service was asked and cannot answer: asking again is of no use.
var ErrFault = errors.New("the survey service cannot answer")

// away tells whether an error of a call may be gone the next time: the last two are errors of the configuration, which people mend.
func away(err error) bool {
	switch rpcerr.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.Canceled, codes.ResourceExhausted, codes.Aborted, codes.Unauthenticated, codes.PermissionDenied:
		return true
	}
	return false
}

// failure is an error of a call as ErrUnavailable or ErrFault.
func failure(what string, err error) error {
	kind := ErrFault
	if away(err) {
		kind = ErrUnavailable
	}
	return fmt.Errorf("ask for %s: %w: %w", what, kind, err)
}

// ErrUnavailable tells that the survey service did not answer: ask again. It is an *rpcerr.Error UNAVAILABLE with retry advice.
var ErrUnavailable error = rpcerr.New(codes.Unavailable, "SURVEY_SERVICE_UNAVAILABLE", "the survey service did not answer: try again",
	rpcerr.WithRetryAfter(retryAfter))

const (
	// askTimeout bounds one question to the survey service.
	askTimeout = 3 * time.Second
	retryAfter = 2 * time.Second
	// remembered is how many revisions are remembered.
	remembered = 10_000

	responsesSegment = "/responses/"
	surveysPrefix    = "surveys/"
)

// Catalog answers what must be known of surveys. Safe for concurrent use.
type Catalog struct {
	client surveyv1.SurveyServiceClient
	mu     sync.Mutex
	// nps is the first NPS question of revisions, by organisation and name; empty where there is none.
	nps *lru.Cache[[2]string, string]
}

// NewCatalog makes a catalog. conn calls with the role service.
func NewCatalog(conn grpc.ClientConnInterface) *Catalog {
	return &Catalog{client: surveyv1.NewSurveyServiceClient(conn), nps: lru.New[[2]string, string](remembered, nil)}
}

// NPSQuestion is the first NPS question of a revision, `surveys/{survey}/revisions/{revision}`; empty when it has none, or there is no such revision any
// more. Errors: ErrUnavailable; ErrFault; ctx's.
func (c *Catalog) NPSQuestion(ctx context.Context, organization, revision string) (string, error) {
	key := [2]string{organization, revision}
	c.mu.Lock()
	known, ok := c.nps.Get(key)
	c.mu.Unlock()
	if ok {
		return known, nil
	}
	asked, cancel := context.WithTimeout(rpcclient.WithOrganization(ctx, organization), askTimeout)
	defer cancel()
	resp, err := c.client.GetRevision(asked, &surveyv1.GetRevisionRequest{Name: revision})
	question := ""
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case rpcerr.Code(err) == codes.NotFound || rpcerr.Code(err) == codes.InvalidArgument:
		// Not remembered: a revision that a botched restore lost may come back.
		return "", nil
	case err != nil:
		return "", failure(revision, err)
	}
	for _, q := range resp.GetRevision().GetQuestionnaire().GetQuestions() {
		if q.GetNps() != nil {
			question = q.GetId()
			break
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.nps.Put(key, question)
	return question, nil
}

// ParseResponse reads the resource name of a response.
func ParseResponse(name string) (survey, response string, ok bool) {
	parent, response, found := strings.Cut(name, responsesSegment)
	survey, prefixed := strings.CutPrefix(parent, surveysPrefix)
	ok = found && prefixed && survey != "" && response != "" && !strings.Contains(survey, "/") && !strings.Contains(response, "/")
	return survey, response, ok
}

// ResponseName is the resource name of a response.
func ResponseName(survey, response string) string {
	return surveysPrefix + survey + responsesSegment + response
}
