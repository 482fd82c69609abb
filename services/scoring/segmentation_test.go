package scoring_test

import (
	"testing"

	"google.golang.org/grpc"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// fakeSegmentation is a segmentation service that only tells what it knows.
type fakeSegmentation struct {
	segmentationv1.UnimplementedEventFeedServiceServer
	fakeLog[*segmentationv1.Event]
}

func (f *fakeSegmentation) tell(e *segmentationv1.Event) {
	f.fakeLog.tell(e, func(at int64) { e.Position = at }, func(*segmentationv1.Event) bool { return false })
}

// belongs tells to which segments the respondent of a response belonged.
func (f *fakeSegmentation) belongs(id string, segments ...string) {
	f.tell(&segmentationv1.Event{Organization: acme, Change: &segmentationv1.Event_ResponseSegments{
		ResponseSegments: &segmentationv1.ResponseSegments{Response: shop + "/responses/" + id, Segments: segments},
	}})
}

// waits tells whether the respondent had a case that was not solved.
func (f *fakeSegmentation) waits(id string, unresolved bool) {
	f.tell(&segmentationv1.Event{Organization: acme, Change: &segmentationv1.Event_ResponseCase{
		ResponseCase: &segmentationv1.ResponseCase{Response: shop + "/responses/" + id, Unresolved: unresolved},
	}})
}

// StreamEvents streams what is told.
func (f *fakeSegmentation) StreamEvents(
	req *segmentationv1.StreamEventsRequest, stream grpc.ServerStreamingServer[segmentationv1.StreamEventsResponse],
) error {
	return f.stream(stream.Context(), req.GetAfterPosition(), func(events []*segmentationv1.Event, head int64) error {
		return stream.Send(&segmentationv1.StreamEventsResponse{Events: events, HeadPosition: head})
	})
}

// TestScoresByWhoAnswered cuts scores by segments and cases: told before the answers and after them, beside what comments say, told otherwise later, over
// a rebuild, a restart, a removal, and a segmentation service whose data were restored.
func TestScoresByWhoAnswered(t *testing.T) {
	t.Parallel()
	s := newSuite(t)
	s.comments, s.segmentation = &fakeComments{}, &fakeSegmentation{}
	s.survey.publish(acme, "shop", shopQuestions())
	s.segmentation.belongs("c", "segments/new")
	s.segmentation.tell(&segmentationv1.Event{Organization: acme, Change: &segmentationv1.Event_CaseOpened{CaseOpened: &segmentationv1.CaseChanged{Case: "cases/1"}}})
	s.segmentation.waits("a", true)
	answers := []*surveyv1.Event{
		response(acme, shop, "a", noon, scores{"recommend": 2}), response(acme, shop, "b", noon, scores{"recommend": 10}),
		response(acme, shop, "c", noon, scores{"recommend": 9}),
	}
	s.survey.add(answers...)
	s.start().caughtUp(shop, 3)
	s.segmentation.belongs("a", "segments/vip", "segments/new")
	s.comments.tell(speaks("a", commentv1.Sentiment_SENTIMENT_NEGATIVE, "-delivery"))
	s.comments.tell(speaks("b", commentv1.Sentiment_SENTIMENT_POSITIVE, "+staff"))
	s.wantNPSBy("segment", "", " 1 100", "new 2 0", "vip 1 -100")
	s.wantNPSBy("case", "", " 2 100", "unresolved 1 -100")
	s.wantNPSBy("theme", `segment = "vip"`, "delivery 1 -100")
	s.wantNPSBy("segment", `sentiment = "negative"`, "new 1 -100", "vip 1 -100")

	// What is said of a response anew leaves what the other service says of it.
	s.comments.tell(&commentv1.Event{Organization: acme, Response: shop + "/responses/a", Removed: true})
	s.wantNPSBy("theme", "", " 2 0", "staff 1 100")
	s.segmentation.belongs("b", "segments/vip")
	s.segmentation.waits("b", false)
	s.segmentation.belongs("c")
	s.wantNPSBy("segment", "", " 1 100", "new 1 -100", "vip 2 0")
	s.wantNPSBy("case", "", " 1 100", "none 1 100", "unresolved 1 -100")
	s.wantNPSBy("theme", `case = "none"`, "staff 1 100")

	// The same after a rebuild, and when the service starts again.
	s.rebuild()
	s.wantNPSBy("segment", "", " 1 100", "new 1 -100", "vip 2 0")
	s.stop()
	s.start()
	s.wantNPSBy("segment", "", " 1 100", "new 1 -100", "vip 2 0")

	// What is removed takes along what was told.
	s.survey.add(&surveyv1.Event{Organization: acme, Change: &surveyv1.Event_Removed{Removed: &surveyv1.Removed{
		Name: answers[0].GetResponse().GetName(), Position: answers[0].GetPosition(), Erasure: "erasures/e",
	}}})
	s.wantNPSBy("segment", "", " 1 100", "vip 1 100")
	s.wantNPSBy("case", "", " 1 100", "none 1 100")

	// A segmentation service that was restored from a backup tells it all again, and perhaps otherwise; comments stay as they are.
	s.segmentation.restore()
	s.segmentation.belongs("b", "segments/new")
	s.stop()
	s.start()
	s.wantNPSBy("segment", "", " 1 100", "new 1 100")
	s.wantNPSBy("theme", "", " 1 100", "staff 1 100")
}
