package overview

import (
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc"

	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/place"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// rescaled is a scoring service of a question that was asked from 0 to 10 before it was asked from 1 to 5.
type rescaled struct {
	scoringv1.UnimplementedScoringServiceServer
}

func (rescaled) StreamScores(_ *scoringv1.StreamScoresRequest, stream grpc.ServerStreamingServer[scoringv1.StreamScoresResponse]) error {
	score := func(location, scale string, value float64, n int64) *scoringv1.Score {
		return &scoringv1.Score{
			Scale: &typev1.Scale{Id: scale}, Slice: &scoringv1.Slice{Keys: []*scoringv1.SliceKey{{Key: "location", Value: location}}},
			Counts: &scoringv1.Counts{Answered: n, Values: []*scoringv1.Counts_ValueCount{{Value: value, Count: n}}},
		}
	}
	return stream.Send(&scoringv1.StreamScoresResponse{Coverage: &scoringv1.Coverage{Counted: 617}, Scores: []*scoringv1.Score{
		score("both", "0-10", 9, 40), score("both", "1-5", 4, 10), score("old", "0-10", 8, 500), score("hidden", "0-10", 8, 7), score("hidden", "1-5", 5, 6),
		score("closed", "1-5", 5, 5), score("closed", "0-10", 5, 4), score("", "1-5", 3, 3), score("", "0-10", 3, 2), score("new", "1-5", 1, 40),
	}})
}

// TestAnswersOnAnotherScale: no score counts them, and none of them is lost: a location that has no others says why it has no score.
func TestAnswersOnAnotherScale(t *testing.T) {
	t.Parallel()
	ch := &inprocgrpc.Channel{}
	scoringv1.RegisterScoringServiceServer(ch, rescaled{})
	s := &Server{Measures: peers.NewMeasures(ch)}
	m := &measure{metric: place.Mean, level: 0.95, question: peers.Question{ID: "q", Scale: &typev1.Scale{Id: "1-5", Min: 1, Max: 5}}}
	found, err := s.locationScores(t.Context(), &reportingv1.AnalysisQuery{Survey: "surveys/s"}, m)
	if err != nil {
		t.Fatal(err)
	}
	unit := func(id string, coordinates *segmentationv1.Coordinates) *segmentationv1.Unit {
		return &segmentationv1.Unit{Name: "locations/" + id, Location: &segmentationv1.LocationDetails{Coordinates: coordinates}}
	}
	here := &segmentationv1.Coordinates{Latitude: 42, Longitude: 74}
	rest := &reportingv1.MapRemainder{OtherScaleN: found.otherScale}
	shown := m.sort(rest, []*segmentationv1.Unit{unit("both", here), unit("old", here), unit("new", here), unit("quiet", here), unit("hidden", nil)}, found.of, nil)
	total := rest.GetUnlocatedN() + rest.GetUnknownN() + rest.GetUnstatedN() + rest.GetOtherScaleN()
	reasons := make(map[string]string)
	for _, l := range shown {
		f := m.feature(l)
		total += int64(f.GetProperties().GetN())
		reasons[f.GetId()] = f.GetProperties().GetAbsenceReason()
	}
	if rest.GetOtherScaleN() != 553 || total != found.counted.Responses {
		t.Errorf("%d answers on another scale, and %d in all of %d", rest.GetOtherScaleN(), total, found.counted.Responses)
	}
	for name, want := range map[string]string{"both": "", "new": "", "old": "OTHER_SCALE", "quiet": "NO_ANSWERS"} {
		if got := reasons["locations/"+name]; got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	for _, f := range m.clusters(shown, 5) {
		if f.GetProperties().GetN() != 50 {
			t.Errorf("a cluster of %d answers", f.GetProperties().GetN())
		}
	}
}
