package api_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// TestServicesAreAskedAsTheCaller: each call goes out with the credential of the caller, whole and alone: what else came with the call stays behind, and no
// credential of the process, which would be on the outgoing side, is added.
func TestServicesAreAskedAsTheCaller(t *testing.T) {
	t.Parallel()
	sent := metadata.MD{
		authn.MetadataAuthorization: {"Bearer of ann"}, authn.MetadataOrganization: {"acme"}, authn.MetadataOrigin: {"https://acme.example"},
		authn.MetadataDevice: {"till-1"}, authn.MetadataClientAddress: {"203.0.113.7"}, "x-request-id": {"r-1"},
	}
	all := metadata.Join(sent, metadata.MD{"cookie": {"session"}, "otklik-other": {"x"}})
	for name, c := range map[string]struct{ came, want metadata.MD }{"of a caller": {all, sent}, "of nobody": {metadata.MD{"cookie": {"session"}}, nil}} {
		s, server := serve(t, visits(rand.New(rand.NewPCG(1, 1)), 300, 1))
		ctx := metadata.AppendToOutgoingContext(callerOf(t, c.came), authn.MetadataAuthorization, "Bearer of the process")
		for _, spearman := range []bool{false, true} {
			if _, err := server.QueryDrivers(ctx, &reportingv1.QueryDriversRequest{Query: query(), Spearman: &spearman}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := server.QueryCrosstab(ctx, &reportingv1.QueryCrosstabRequest{Query: query(), Row: "answers.staff", Column: "answers.recommend"}); err != nil {
			t.Fatal(err)
		}
		if len(s.seen) < 6 {
			t.Fatalf("%s: %d calls", name, len(s.seen))
		}
		for _, md := range s.seen {
			for key := range all {
				if !slices.Equal(md.Get(key), c.want.Get(key)) {
					t.Errorf("%s: %s went out as %v", name, key, md.Get(key))
				}
			}
		}
	}
}

// TestQuestions: the outcome is by default the likelihood to recommend, items are all others that have scores; a question that is not asked any more is found
// in the revision before, on its scale of then.
func TestQuestions(t *testing.T) {
	t.Parallel()
	_, server := serve(t, visits(rand.New(rand.NewPCG(2, 1)), 1500, 1))
	resp, err := server.QueryDrivers(callerOf(t, nil), &reportingv1.QueryDriversRequest{Query: query()})
	if err != nil {
		t.Fatal(err)
	}
	var items []string
	for _, d := range resp.GetDrivers() {
		items = append(items, d.GetQuestion().GetQuestion())
	}
	slices.Sort(items)
	if resp.GetOutcome().GetQuestion() != "recommend" || !slices.Equal(items, []string{"effort", "goods", "staff"}) {
		t.Errorf("the outcome is %v, the items are %v", resp.GetOutcome(), items)
	}
	resp, err = server.QueryDrivers(callerOf(t, nil), &reportingv1.QueryDriversRequest{Query: query(), Items: []string{"queue"}})
	if err != nil {
		t.Fatal(err)
	}
	if q := resp.GetDrivers()[0].GetQuestion(); q.GetScale().GetId() != "1-5" || q.GetScale().GetMax() != 5 {
		t.Errorf("%v", q)
	}
	// Left out are what scoring left out and those that answer none of the questions.
	var reasons []string
	for _, l := range resp.GetBasis().GetLeftOut() {
		reasons = append(reasons, l.GetReason())
	}
	if !slices.Equal(reasons, []string{"FILTER", "NO_ANSWER"}) {
		t.Errorf("left out: %v", resp.GetBasis().GetLeftOut())
	}
}

// TestRefusals: an error says which field of our request is at fault, and keeps what the service that refused said.
func TestRefusals(t *testing.T) {
	t.Parallel()
	refusal := func(field string) error {
		return rpcerr.New(codes.InvalidArgument, "UNKNOWN_KEY", field+": no such thing", rpcerr.WithDomain("scoring.otklik"),
			rpcerr.WithField(field, "UNKNOWN_KEY", "no such thing")).GRPCStatus().Err()
	}
	request := func(change func(r *reportingv1.QueryDriversRequest)) *reportingv1.QueryDriversRequest {
		r := &reportingv1.QueryDriversRequest{Query: query(), Items: []string{"staff", "effort"}}
		if change != nil {
			change(r)
		}
		return r
	}
	for name, c := range map[string]struct {
		request         *reportingv1.QueryDriversRequest
		scoring, survey error
		code            codes.Code
		reason, field   string
		domain          string
	}{
		"question not asked": {
			request: request(func(r *reportingv1.QueryDriversRequest) { r.Items[1] = "parking" }),
			code:    codes.NotFound, reason: "QUESTION_NOT_FOUND", field: "items[1]", domain: "reporting.otklik",
		},
		"no scores": {
			request: request(func(r *reportingv1.QueryDriversRequest) { r.Items[1] = "why" }),
			code:    codes.InvalidArgument, reason: "QUESTION_NOT_SCORED", field: "items[1]", domain: "reporting.otklik",
		},
		"outcome among items": {
			request: request(func(r *reportingv1.QueryDriversRequest) { r.Outcome = "staff" }),
			code:    codes.InvalidArgument, reason: "ITEM_REPEATED", field: "items[0]", domain: "reporting.otklik",
		},
		"no such survey": {
			request: request(func(r *reportingv1.QueryDriversRequest) { r.Query.Survey = "surveys/none" }),
			code:    codes.NotFound, field: "query.survey",
		},
		"scoring refuses an item":    {request: request(nil), scoring: refusal("questions[2]"), code: codes.InvalidArgument, reason: "UNKNOWN_KEY", field: "items[1]", domain: "scoring.otklik"},
		"scoring refuses an outcome": {request: request(nil), scoring: refusal("questions[0]"), code: codes.InvalidArgument, reason: "UNKNOWN_KEY", field: "outcome", domain: "scoring.otklik"},
		"scoring refuses a filter":   {request: request(nil), scoring: refusal("filter"), code: codes.InvalidArgument, reason: "UNKNOWN_KEY", field: "query.filter", domain: "scoring.otklik"},
		"scoring forbids":            {request: request(nil), scoring: status.Error(codes.PermissionDenied, "not yours"), code: codes.PermissionDenied},
		"scoring is away":            {request: request(nil), scoring: status.Error(codes.Unavailable, "away"), code: codes.Unavailable, reason: "SCORING_UNAVAILABLE", domain: "reporting.otklik"},
		"scoring is broken":          {request: request(nil), scoring: status.Error(codes.Internal, "broken"), code: codes.Unavailable, reason: "SCORING_UNAVAILABLE", domain: "reporting.otklik"},
		"survey is away":             {request: request(nil), survey: status.Error(codes.Unavailable, "away"), code: codes.Unavailable, reason: "SURVEY_UNAVAILABLE", domain: "reporting.otklik"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, server := serve(t, visits(rand.New(rand.NewPCG(3, 1)), 300, 1))
			s.err, s.lost = c.scoring, c.survey
			_, err := server.QueryDrivers(callerOf(t, nil), c.request)
			e, ok := rpcerr.FromError(err)
			if !ok || e.Code != c.code || c.reason != "" && e.Reason != c.reason || c.domain != "" && e.Domain != c.domain {
				t.Fatalf("%#v", err)
			}
			if c.field != "" && (len(e.Fields) != 1 || e.Fields[0].Field != c.field) {
				t.Errorf("fields %v", e.Fields)
			}
		})
	}
}

// TestTooFewAnswers: what the numbers cannot bear names the items.
func TestTooFewAnswers(t *testing.T) {
	t.Parallel()
	_, server := serve(t, visits(rand.New(rand.NewPCG(4, 1)), 5, 1))
	_, err := server.QueryDrivers(callerOf(t, nil), &reportingv1.QueryDriversRequest{Query: query(), Items: []string{"staff"}})
	if e, ok := rpcerr.FromError(err); !ok || e.Code != codes.FailedPrecondition || e.Reason != "TOO_FEW_ANSWERS" || e.Metadata["items"] != "recommend" {
		t.Errorf("%#v", err)
	}
}

// TestCallerWhoHasGone: nothing is computed for a caller who does not wait.
func TestCallerWhoHasGone(t *testing.T) {
	t.Parallel()
	_, server := serve(t, visits(rand.New(rand.NewPCG(5, 1)), 300, 1))
	ctx, cancel := context.WithCancel(callerOf(t, nil))
	cancel()
	if _, err := server.QueryDrivers(ctx, &reportingv1.QueryDriversRequest{Query: query()}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
