package suite

import (
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/rpcclient"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// refusing is a change log that answers everybody by one code.
type refusing struct {
	surveyv1.UnimplementedEventFeedServiceServer
	code codes.Code
}

func (r refusing) StreamEvents(*surveyv1.StreamEventsRequest, grpc.ServerStreamingServer[surveyv1.StreamEventsResponse]) error {
	return status.Error(r.code, "no")
}

// TestKeyThatIsRefusedIsTold: a key that the survey service does not take is told by readiness; what has nothing to do with the key is not.
func TestKeyThatIsRefusedIsTold(t *testing.T) {
	t.Parallel()
	for code, want := range map[codes.Code]error{
		codes.Unauthenticated: keyRefused{"survey"}, codes.PermissionDenied: keyRefused{"survey"}, codes.OutOfRange: nil, codes.Unavailable: nil,
	} {
		t.Run(code.String(), func(t *testing.T) {
			t.Parallel()
			target := serveGRPC(t, func(s *grpc.Server) { surveyv1.RegisterEventFeedServiceServer(s, refusing{code: code}) })
			conn, err := rpcclient.Dial(rpcclient.Peer{Target: target, Key: "key"}, rpcclient.DefaultConfig(), nil)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close() //nolint:errcheck // the test is over
			if err := checkSurveyKey(conn, time.Now).ask(t.Context()); !errors.Is(err, want) {
				t.Errorf("got %v, want %v", err, want)
			}
		})
	}
}
