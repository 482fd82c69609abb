package api

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// A call that reads all of an organisation waits for its turn, though not for ever.
func TestHeavyCallsTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &Server{heavy: make(chan struct{}, mostHeavy)}
		var ends []func()
		for range mostHeavy {
			done, err := s.heavily(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			ends = append(ends, done)
		}
		_, err := s.heavily(t.Context())
		refused(t, "one more", err, codes.ResourceExhausted, "TOO_MANY_CALLS_IN_FLIGHT", "")
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := s.heavily(gone); !errors.Is(err, context.Canceled) {
			t.Errorf("of one who left: %v", err)
		}
		time.AfterFunc(time.Second, ends[0])
		if done, err := s.heavily(t.Context()); err != nil {
			t.Error(err)
		} else {
			done()
		}
	})
}

// Every call that reads all of an organisation is counted, and gives its turn back.
func TestHeavyCallsAreCounted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	query := &segmentationv1.RetentionQuery{ScorePeriod: days(90, 40), OutcomePeriod: days(30, 5)}
	calls := map[string]func(ctx context.Context) error{
		"retention": func(ctx context.Context) error {
			_, err := segmentationv1.NewRetentionServiceClient(f.as("admin")).QueryRetention(ctx, &segmentationv1.QueryRetentionRequest{
				Query: query, Currency: "KGS",
			})
			return err
		},
		"turnover": func(ctx context.Context) error {
			_, err := segmentationv1.NewRetentionServiceClient(f.as("admin")).QueryTurnover(ctx, &segmentationv1.QueryTurnoverRequest{Query: query})
			return err
		},
		"preview of a policy": func(ctx context.Context) error {
			_, err := segmentationv1.NewLightServiceClient(f.as("admin")).PreviewLightPolicy(ctx, &segmentationv1.PreviewLightPolicyRequest{LightPolicy: &segmentationv1.LightPolicy{}})
			return err
		},
		"suggestions": func(ctx context.Context) error {
			_, err := segmentationv1.NewSegmentServiceClient(f.as("admin")).SuggestSegments(ctx, &segmentationv1.SuggestSegmentsRequest{})
			return err
		},
	}
	for what, call := range calls {
		for range 2 * mostHeavy {
			if err := call(t.Context()); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
		}
		if n := len(f.api.heavy); n != 0 {
			t.Errorf("%s kept %d turns", what, n)
		}
	}
}
