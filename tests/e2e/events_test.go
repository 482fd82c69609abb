package e2e

import (
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protojson"

	"github.com/otklik/otklik/tests/harness"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// TestEventsAreWatched opens cases while somebody watches what happens as a browser does, and comes back where it was.
func TestEventsAreWatched(t *testing.T) {
	t.Parallel()
	for _, layout := range harness.Layouts() {
		t.Run(layout.String(), func(t *testing.T) {
			t.Parallel()
			s := openShop(t, harness.Options{Layout: layout})
			inbox := segmentationv1.NewCaseServiceClient(s.Conn(harness.KeyFor(harness.Organization, harness.Admin)))
			open := func(name string) *segmentationv1.Case {
				t.Helper()
				made, err := inbox.CreateCase(t.Context(), &segmentationv1.CreateCaseRequest{Case: &segmentationv1.Case{DisplayName: name, Subject: name, Location: "locations/s1"}})
				if err != nil {
					t.Fatal(err)
				}
				return made.GetCase()
			}
			// last is the id of the last message that was read.
			watch := func(last string) (next func() (name string, m *segmentationv1.WatchEventsResponse), id func() string) {
				t.Helper()
				request := harness.Request{Path: "/v1/events:watch"}
				if last != "" {
					request.Header = map[string]string{"Last-Event-ID": last}
				}
				stream, err := s.rest.Events(t.Context(), request)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { _ = stream.Close() })
				return func() (string, *segmentationv1.WatchEventsResponse) {
					t.Helper()
					event, err := stream.Next()
					if err != nil {
						t.Fatal(err)
					}
					m := &segmentationv1.WatchEventsResponse{}
					if err := protojson.Unmarshal([]byte(event.Data), m); err != nil {
						t.Fatal(err)
					}
					last = fmt.Sprint(m.GetPosition())
					return event.Name, m
				}, func() string { return last }
			}
			next, id := watch("")
			if name, m := next(); name != "heartbeat" || m.GetEvent() != nil {
				t.Fatalf("it begins with %s, %v", name, m)
			}
			before := id()
			made, begun := open("queue"), time.Now()
			name, m := next()
			if got := m.GetEvent().GetCaseOpened(); name != "event" || got.GetCase() != made.GetName() || m.GetEvent().GetUnit().GetLocation() != "locations/s1" {
				t.Errorf("%s tells %v, want that %s was opened", name, m, made.GetName())
			}
			if took := time.Since(begun); took > 2*time.Second {
				t.Errorf("it was told after %v", took)
			}
			second := open("till")
			again, _ := watch(before)
			for _, want := range []*segmentationv1.Case{made, second} {
				if _, m := again(); m.GetEvent().GetCaseOpened().GetCase() != want.GetName() {
					t.Errorf("who comes back is told %v, want that %s was opened", m, want.GetName())
				}
			}
		})
	}
}
