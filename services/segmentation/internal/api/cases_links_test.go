package api

import (
	"testing"

	"google.golang.org/grpc/codes"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// A case tells of responses that there are, and that whoever opens it sees.
func TestLinksOfCases(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	open := func(who string, links ...string) error {
		_, err := f.cases(who).CreateCase(t.Context(), &segmentationv1.CreateCaseRequest{Case: &segmentationv1.Case{DisplayName: "late", Location: "locations/osh"}, Links: links})
		return err
	}
	for _, link := range []string{"surveys/none/responses/none", "surveys/s/responses/none/comments/why"} {
		refused(t, link, open("admin", "locations/osh/light", link), codes.InvalidArgument, "CASE_INVALID", "links[1]")
	}
	refused(t, "another unit's", open("osh", "surveys/s/responses/r", "surveys/s/responses/n"), codes.InvalidArgument, "CASE_INVALID", "links[1]")
	need(t, open("osh", "surveys/s/responses/r", "surveys/s/responses/r/comments/why"))
	need(t, open("admin", "surveys/s/responses/n", "locations/osh/light"))
}
