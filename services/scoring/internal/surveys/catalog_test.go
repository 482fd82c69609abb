package surveys_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

var noon = time.Date(2026, 5, 14, 12, 0, 0, 0, time.UTC)

// conn is a survey service with one survey of some revisions, which belongs to acme.
type conn struct {
	mu        sync.Mutex
	revisions int
	fails     codes.Code
	calls     int
}

func (c *conn) set(revisions int, fails codes.Code) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.revisions, c.fails = revisions, fails
}

// asked is the number of calls since it was last asked for.
func (c *conn) asked() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := c.calls
	c.calls = 0
	return n
}

// Invoke answers.
func (c *conn) Invoke(ctx context.Context, _ string, args, reply any, _ ...grpc.CallOption) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calls++
	if c.fails != codes.OK {
		return status.Error(c.fails, "failing")
	}
	md, _ := metadata.FromOutgoingContext(ctx)
	if got := md.Get(authn.MetadataOrganization); len(got) != 1 || got[0] != "acme" {
		return status.Error(codes.NotFound, "no such survey")
	}
	switch req := args.(type) {
	case *surveyv1.GetSurveyRequest:
		s := &surveyv1.Survey{Name: req.GetName()}
		if c.revisions > 0 {
			s.CurrentRevision = fmt.Sprintf("surveys/shop/revisions/%d", c.revisions)
		}
		proto.Merge(reply.(proto.Message), &surveyv1.GetSurveyResponse{Survey: s})
	case *surveyv1.GetRevisionRequest:
		_, n, err := surveys.ParseRevision(req.GetName())
		if err != nil || n > int64(c.revisions) {
			return status.Error(codes.NotFound, "no such revision")
		}
		proto.Merge(reply.(proto.Message), &surveyv1.GetRevisionResponse{Revision: &surveyv1.Revision{
			Name: req.GetName(), PublishTime: timestamppb.New(noon.Add(time.Duration(n) * time.Hour)), Questionnaire: &surveyv1.Questionnaire{
				Questions: []*surveyv1.Question{{Id: fmt.Sprint("q", n), Kind: &surveyv1.Question_Nps{Nps: &surveyv1.NpsQuestion{}}}},
			},
		}})
	}
	return nil
}

// NewStream fails.
func (c *conn) NewStream(context.Context, *grpc.StreamDesc, string, ...grpc.CallOption) (grpc.ClientStream, error) {
	return nil, status.Error(codes.Unimplemented, "no streams")
}

func TestHistoryIsRemembered(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	service, clock := &conn{revisions: 2}, testkit.NewClock(noon)
	c := surveys.New(service, time.Minute, clock.Now)
	history := func(what string, revisions, calls int) {
		t.Helper()
		h, err := c.History(ctx, "acme", "shop")
		if err != nil || len(h.Revisions) != revisions {
			t.Errorf("%s: %d revisions, %v, want %d", what, len(h.Revisions), err, revisions)
		}
		if n := service.asked(); n != calls {
			t.Errorf("%s: asked %d times, want %d", what, n, calls)
		}
	}
	history("at first", 2, 3)
	history("again", 2, 0)
	service.set(3, codes.OK)
	history("within the interval", 2, 0)
	clock.Advance(time.Minute)
	history("after the interval", 3, 2)
	service.set(3, codes.Unavailable)
	clock.Advance(time.Hour)
	history("while it is down", 3, 1)
	history("just asked in vain", 3, 0)
	clock.Advance(time.Minute)
	service.set(3, codes.Internal)
	history("while it fails", 3, 1)
	clock.Advance(time.Minute)
	service.set(4, codes.OK)
	// An event of a revision that the history does not know of makes it ask.
	history("up again", 4, 2)
	service.set(5, codes.OK)
	if _, err := c.Revision(ctx, "acme", "shop", 5); err != nil {
		t.Fatal(err)
	}
	service.asked()
	history("after an event of a new revision", 5, 1)
	service.set(6, codes.OK)
	c.Forget("acme", "shop")
	history("after missing something", 6, 2)
	if _, err := c.HistoryAfter(ctx, "acme", "shop", clock.Now().Add(-time.Second)); err != nil || service.asked() != 0 {
		t.Errorf("what was asked later than the moment was asked again: %v", err)
	}
	if _, err := c.HistoryAfter(ctx, "acme", "shop", clock.Now().Add(time.Second)); err != nil || service.asked() != 1 {
		t.Errorf("what was asked before the moment was not asked again: %v", err)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	service := &conn{revisions: 1}
	c := surveys.New(service, time.Minute, nil)
	if _, err := c.History(ctx, "globex", "shop"); !errors.Is(err, surveys.ErrNotFound) {
		t.Errorf("another organisation's survey: %v, want ErrNotFound", err)
	}
	if _, err := c.Revision(ctx, "acme", "shop", 2); !errors.Is(err, surveys.ErrNotFound) {
		t.Errorf("an unknown revision: %v, want ErrNotFound", err)
	}
	for code, want := range map[codes.Code]error{
		codes.Unavailable: surveys.ErrUnavailable, codes.DeadlineExceeded: surveys.ErrUnavailable, codes.PermissionDenied: surveys.ErrUnavailable,
		codes.Internal: surveys.ErrFault, codes.Unknown: surveys.ErrFault,
	} {
		service.set(1, code)
		if _, err := c.History(ctx, "acme", "shop"); !errors.Is(err, want) {
			t.Errorf("history, %s: %v, want %v", code, err, want)
		}
		if _, err := c.Revision(ctx, "acme", "shop", 1); !errors.Is(err, want) {
			t.Errorf("revision, %s: %v, want %v", code, err, want)
		}
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := c.History(ended, "acme", "shop"); !errors.Is(err, context.Canceled) && !errors.Is(err, surveys.ErrUnavailable) {
		t.Errorf("a call that has ended: %v", err)
	}
}
