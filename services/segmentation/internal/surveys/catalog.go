// Package surveys asks the survey service what must be known of surveys, and remembers it: published revisions never change.
package surveys

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/lru"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/segmentation/internal/light"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// ErrFault tells that the survey service was asked and cannot answer: asking again is of no use.
var ErrFault = errors.New("the survey service cannot answer")

// ErrUnavailable tells that the survey service did not answer: ask again. It is an *rpcerr.Error UNAVAILABLE with retry advice.
var ErrUnavailable error = rpcerr.New(codes.Unavailable, "SURVEY_SERVICE_UNAVAILABLE", "the survey service did not answer: try again",
	rpcerr.WithRetryAfter(retryAfter))

const (
	// askTimeout bounds one question to the survey service.
	askTimeout = 3 * time.Second
	retryAfter = 2 * time.Second
	// remembered is how many revisions are remembered.
	remembered = 10_000
)

// Revision is what must be known of a revision.
type Revision struct {
	// Population is who is asked.
	Population typev1.Population
	// Scales are those of its rated questions.
	Scales map[string]light.Scale
}

// Catalog answers what must be known of surveys. Safe for concurrent use.
type Catalog struct {
	client surveyv1.SurveyServiceClient
	mu     sync.Mutex
	// known are revisions by organisation and name.
	known *lru.Cache[[2]string, Revision]
}

// New makes a catalog. conn calls with the role service.
func New(conn grpc.ClientConnInterface) *Catalog {
	return &Catalog{client: surveyv1.NewSurveyServiceClient(conn), known: lru.New[[2]string, Revision](remembered, nil)}
}

// Revision returns what must be known of a revision, `surveys/{survey}/revisions/{revision}`; without scales when there is no such revision any more. It must
// not be changed. Errors: ErrUnavailable; ErrFault; ctx's.
func (c *Catalog) Revision(ctx context.Context, organization, name string) (Revision, error) {
	key := [2]string{organization, name}
	c.mu.Lock()
	known, ok := c.known.Get(key)
	c.mu.Unlock()
	if ok {
		return known, nil
	}
	asked, cancel := context.WithTimeout(rpcclient.WithOrganization(ctx, organization), askTimeout)
	defer cancel()
	resp, err := c.client.GetRevision(asked, &surveyv1.GetRevisionRequest{Name: name})
	if missing, err := failure(ctx, name, err); missing || err != nil {
		// Not remembered: a revision that a botched restore lost may come back.
		return Revision{}, err
	}
	out := Revision{Population: resp.GetRevision().GetQuestionnaire().GetPopulation(), Scales: make(map[string]light.Scale)}
	if out.Population == typev1.Population_POPULATION_UNSPECIFIED {
		out.Population = typev1.Population_POPULATION_CUSTOMER
	}
	for _, q := range resp.GetRevision().GetQuestionnaire().GetQuestions() {
		if s, rated := scaleOf(q); rated {
			out.Scales[q.GetId()] = s
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known.Put(key, out)
	return out, nil
}

// Scales returns the scales of the rated questions of a revision; see Revision.
func (c *Catalog) Scales(ctx context.Context, organization, revision string) (map[string]light.Scale, error) {
	r, err := c.Revision(ctx, organization, revision)
	return r.Scales, err
}

// Current returns what must be known of the revision of a survey that was published last; false when the organisation has no such survey, or it was never
// published. Errors: as Revision.
func (c *Catalog) Current(ctx context.Context, organization, survey string) (Revision, bool, error) {
	asked, cancel := context.WithTimeout(rpcclient.WithOrganization(ctx, organization), askTimeout)
	defer cancel()
	resp, err := c.client.GetSurvey(asked, &surveyv1.GetSurveyRequest{Name: "surveys/" + survey})
	if missing, err := failure(ctx, survey, err); missing || err != nil {
		return Revision{}, false, err
	}
	name := resp.GetSurvey().GetCurrentRevision()
	if name == "" {
		return Revision{}, false, nil
	}
	r, err := c.Revision(ctx, organization, name)
	return r, err == nil, err
}

// Place is where a response was given; what is empty is not known.
type Place struct{ Company, Location, Region, Employee string }

// ResponseAt tells where a response, `surveys/{survey}/responses/{response}`, was given; false when the organisation has no such response. Errors: as Revision.
func (c *Catalog) ResponseAt(ctx context.Context, organization, name string) (Place, bool, error) {
	asked, cancel := context.WithTimeout(rpcclient.WithOrganization(ctx, organization), askTimeout)
	defer cancel()
	resp, err := c.client.GetResponse(asked, &surveyv1.GetResponseRequest{Name: name})
	if missing, err := failure(ctx, name, err); missing || err != nil {
		return Place{}, false, err
	}
	at := resp.GetResponse().GetContext()
	return Place{Company: at.GetCompany(), Location: at.GetLocation(), Region: at.GetRegion(), Employee: at.GetEmployee()}, true, nil
}

// failure is an error of a call as ErrUnavailable or ErrFault; missing tells that there is no such thing.
func failure(ctx context.Context, what string, err error) (missing bool, _ error) {
	kind := ErrFault
	switch code := rpcerr.Code(err); {
	case err == nil:
		return false, nil
	case ctx.Err() != nil:
		return false, ctx.Err()
	case code == codes.NotFound || code == codes.InvalidArgument:
		return true, nil
	case code == codes.Unavailable || code == codes.DeadlineExceeded || code == codes.Canceled || code == codes.ResourceExhausted ||
		code == codes.Aborted || code == codes.Unauthenticated || code == codes.PermissionDenied:
		// The last two are errors of the configuration, which people mend.
		kind = ErrUnavailable
	}
	return false, fmt.Errorf("ask for %s: %w: %w", what, kind, err)
}

// scaleOf is the scale of a question; false when its answers do not tell how good something was.
func scaleOf(q *surveyv1.Question) (light.Scale, bool) {
	s := q.GetEffectiveScale()
	if s == nil || q.GetImportance() != nil {
		return light.Scale{}, false
	}
	return light.Scale{Min: s.GetMin(), Max: s.GetMax(), Effort: q.GetCes().GetDirection() == surveyv1.CesQuestion_DIRECTION_EFFORT}, true
}

// Rated are the answers to rated questions, where they lie on their scales. Errors: light.ErrOffScale.
func Rated(scales map[string]light.Scale, answers []*surveyv1.Answer) ([]light.Answer, error) {
	var out []light.Answer
	for _, a := range answers {
		value, scored := a.GetValue().(*surveyv1.Answer_Score)
		scale, rated := scales[a.GetQuestion()]
		if !scored || !rated {
			continue
		}
		v, err := scale.Place(value.Score)
		if err != nil {
			return nil, fmt.Errorf("answer to %s: %w", a.GetQuestion(), err)
		}
		out = append(out, light.Answer{Question: a.GetQuestion(), Value: v})
	}
	return out, nil
}
