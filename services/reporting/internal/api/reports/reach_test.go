package reports

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/fullstorydev/grpchan/inprocgrpc"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/report"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// A region whose stores change keeps its fingerprints readable, also while nobody can be asked what lies in it; who was given other units is refused, also one
// who is given what lies in the region now. What a link was shown a moment ago is told apart by what is seen now.
func TestRegionsKeepTheirFingerprints(t *testing.T) {
	t.Parallel()
	channel := &inprocgrpc.Channel{}
	surveyv1.RegisterSurveyServiceServer(channel, &others{})
	scoringv1.RegisterScoringServiceServer(channel, &others{})
	segmentationv1.RegisterLightServiceServer(channel, &others{})
	segmentationv1.RegisterDirectoryServiceServer(channel, towns{})
	s := New(Deps{
		Store: opened(t), Surveys: peers.NewSurveys(channel), Measures: peers.NewMeasures(channel), Zone: time.UTC, Now: time.Now,
		Sources: peers.Sources{Lights: segmentationv1.NewLightServiceClient(channel), Directory: segmentationv1.NewDirectoryServiceClient(channel)},
	})
	caller := func(region string, locations ...string) context.Context {
		p := authn.Principal{Organization: "acme", Roles: []string{"manager"}, Units: map[string][]string{"region": {region}}}
		return authn.WithPrincipal(t.Context(), p.Widen(map[string][]string{"location": locations}))
	}
	south := caller("south", "osh")
	end := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	r, err := s.begin(south, report.Definition{ID: "r", Version: 1, Content: report.Content{Kind: report.ClosedLoop, Survey: "surveys/s", Period: report.LastMonth}}, report.Request{
		Period: &document.Period{Start: end.AddDate(0, -1, 0), End: end, Zone: time.UTC},
	})
	if err != nil {
		t.Fatal(err)
	}
	d, err := s.conclude(south, "acme", r, report.Slice{Survey: "surveys/s"})
	if err != nil {
		t.Fatal(err)
	}
	name := &reportingv1.GetReportRenditionRequest{Name: "reportRenditions/" + d.Fingerprint}
	for what, ctx := range map[string]context.Context{
		"the same": south, "a store came": caller("south", "gulcha", "osh"), "a store left": caller("south"), "another store": caller("south", "uzgen"),
	} {
		if got, err := s.GetReportRendition(ctx, name); err != nil || got.GetRendition().GetState() != reportingv1.ReportRendition_STATE_EQUAL {
			t.Errorf("%s: %v, %v", what, got.GetRendition(), err)
		}
	}
	given := authn.Principal{Organization: "acme", Roles: []string{"manager"}, Units: map[string][]string{"region": {"south"}, "location": {"osh"}}}
	for what, ctx := range map[string]context.Context{"another region": caller("north", "osh"), "a store of its own": authn.WithPrincipal(t.Context(), given)} {
		var refused *rpcerr.Error
		if _, err := s.GetReportRendition(ctx, name); !errors.As(err, &refused) || refused.Reason != "RENDITION_OF_OTHER_REACH" {
			t.Errorf("%s: %v", what, err)
		}
	}
	if Seen(south) == Seen(caller("south", "gulcha", "osh")) || Seen(south) != Seen(caller("south", "osh")) {
		t.Error("what was shown for other stores is shown again")
	}
}
