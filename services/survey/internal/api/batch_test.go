package api_test

import (
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// outcome describes what became of an item.
func outcome(r *surveyv1.BatchSubmitResponsesResponse_Result) string {
	if a := r.GetAccepted(); a != nil {
		if a.GetReplayed() {
			return "replayed"
		}
		return "accepted"
	}
	e := rpcerr.FromStatus(status.FromProto(r.GetError()))
	out := rpcerr.CodeName(e.Code) + " " + e.Reason
	for _, f := range e.Fields {
		out += " " + f.Field
	}
	return out
}

func TestBatch(t *testing.T) {
	f := newFixture(t)
	survey := f.published(t, visit())
	first, err := f.submit(t.Context(), survey, "old", good())
	if err != nil {
		t.Fatal(err)
	}
	item := func(id string, fn func(*surveyv1.SubmitResponseRequest)) *surveyv1.SubmitResponseRequest {
		r := &surveyv1.SubmitResponseRequest{ResponseId: id, Response: good()}
		if fn != nil {
			fn(r)
		}
		return r
	}
	low := func(r *surveyv1.SubmitResponseRequest) { r.Response.Answers[0] = score("recommend", 1) }
	got, err := f.surveys.BatchSubmitResponses(t.Context(), &surveyv1.BatchSubmitResponsesRequest{Parent: survey, Requests: []*surveyv1.SubmitResponseRequest{
		item("a", nil),
		item("bad id!", nil),
		item("b", func(r *surveyv1.SubmitResponseRequest) { r.Parent = survey }),
		item("c", func(r *surveyv1.SubmitResponseRequest) { r.Parent = "surveys/other" }),
		item("d", low),
		item("e", func(r *surveyv1.SubmitResponseRequest) { r.Response = nil }),
		item("f", func(r *surveyv1.SubmitResponseRequest) { r.Response.Language = "KY" }),
		item("old", nil),
		item("old", func(r *surveyv1.SubmitResponseRequest) { r.Response.Language = "ru" }),
		item("a", nil),
		item("a", func(r *surveyv1.SubmitResponseRequest) { r.Response.Language = "ru" }),
		item("g", func(r *surveyv1.SubmitResponseRequest) { r.Response.Revision = survey + "/revisions/2" }),
		item("a", low),
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"accepted", "INVALID_ARGUMENT VALIDATION_FAILED response_id", "accepted", "INVALID_ARGUMENT VALIDATION_FAILED parent",
		"INVALID_ARGUMENT RESPONSE_INVALID response.answers[0].comment", "INVALID_ARGUMENT VALIDATION_FAILED response",
		"INVALID_ARGUMENT VALIDATION_FAILED response.language", "replayed", "ALREADY_EXISTS ID_REUSED response_id", "replayed", "ALREADY_EXISTS ID_REUSED response_id",
		"NOT_FOUND REVISION_NOT_FOUND response.revision",
		// Refused before it is stored, and no earlier call used the identifier: the fault is its own, not that of the identifier.
		"INVALID_ARGUMENT RESPONSE_INVALID response.answers[0].comment",
	}
	outcomes := make([]string, len(got.GetResults()))
	for i, r := range got.GetResults() {
		outcomes[i] = outcome(r)
	}
	if !slices.Equal(outcomes, want) {
		t.Errorf("got  %q\nwant %q", outcomes, want)
	}
	if r := got.GetResults()[7]; r.GetResponseId() != "old" || !proto.Equal(r.GetAccepted().GetResponse(), first.GetResponse()) {
		t.Errorf("replayed %v, want %v", r, first)
	}
	if r := got.GetResults()[0]; r.GetAccepted().GetResponse().GetName() != survey+"/responses/a" {
		t.Errorf("accepted %v", r)
	}
	f.stored(t, survey, "old", "a", "b")
}

func TestBatchAsAWhole(t *testing.T) {
	f := newFixture(t)
	survey := f.published(t, visit())
	_, err := f.surveys.BatchSubmitResponses(t.Context(), &surveyv1.BatchSubmitResponsesRequest{Parent: survey})
	refused(t, err, codes.InvalidArgument, "VALIDATION_FAILED")
	_, err = f.surveys.BatchSubmitResponses(t.Context(), &surveyv1.BatchSubmitResponsesRequest{Parent: "surveys/nope",
		Requests: []*surveyv1.SubmitResponseRequest{{ResponseId: "a", Response: good()}}})
	refused(t, err, codes.NotFound, "SURVEY_NOT_FOUND")

	var requests []*surveyv1.SubmitResponseRequest
	var ids []string
	for i := range 1000 {
		ids = append(ids, fmt.Sprintf("id-%d", i))
		requests = append(requests, &surveyv1.SubmitResponseRequest{ResponseId: ids[i], Response: good()})
	}
	req := &surveyv1.BatchSubmitResponsesRequest{Parent: survey, Requests: requests}
	for _, want := range []string{"accepted", "replayed"} {
		got, err := f.surveys.BatchSubmitResponses(t.Context(), req)
		if err != nil || len(got.GetResults()) != 1000 {
			t.Fatalf("%d results, %v", len(got.GetResults()), err)
		}
		for i, r := range got.GetResults() {
			if r.GetResponseId() != ids[i] || outcome(r) != want {
				t.Fatalf("item %d: %v", i, r)
			}
		}
	}
	f.stored(t, survey, ids...)
	req.Requests = append(req.Requests, requests[0])
	_, err = f.surveys.BatchSubmitResponses(t.Context(), req)
	refused(t, err, codes.InvalidArgument, "VALIDATION_FAILED")
}
