package gateway_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"

	"github.com/otklik/otklik/libs/rpcerr"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

func TestKeysAreChangedUnderTheNameOfThePath(t *testing.T) {
	b := newBench(t)
	var got *accessv1.UpdateApiKeyRequest
	b.access.update = func(_ context.Context, r *accessv1.UpdateApiKeyRequest) (*accessv1.UpdateApiKeyResponse, error) {
		got = r
		return &accessv1.UpdateApiKeyResponse{ApiKey: r.GetApiKey()}, nil
	}
	a := b.do(request{method: "PATCH", path: "/v1/apiKeys/till", body: `{"apiKey":{"displayName":"Till"},"updateMask":"displayName"}`})
	if a.status != 200 || got.GetApiKey().GetName() != "apiKeys/till" || got.GetApiKey().GetDisplayName() != "Till" || got.GetUpdateMask().GetPaths()[0] != "display_name" {
		t.Errorf("%d %s: %v", a.status, a.body, got)
	}
	if a := b.do(request{method: "PATCH", path: "/v1/apiKeys/till", body: `{"apiKey":{"name":"apiKeys/other"}}`}); a.status != 400 || len(a.err.violations()) != 1 || a.err.violations()[0].Field != "apiKey.name" {
		t.Errorf("another name in the body: %d %s", a.status, a.body)
	}
	if a := b.do(request{method: "PATCH", path: "/v1/apiKeys/till", body: `{"apiKey":{"secret":"x"}}`}); a.status != 400 {
		t.Errorf("an unknown field: %d %s", a.status, a.body)
	}
}

func TestExportsOfAccessComeLineByLine(t *testing.T) {
	overBothChannels(t, func(t *testing.T, b *bench) {
		b.access.entries = func(r *accessv1.StreamAuditEntriesRequest, out grpc.ServerStreamingServer[accessv1.StreamAuditEntriesResponse]) error {
			if r.GetActor() != "members/m1" || r.GetAfterSequence() != 7 || r.GetPeriod().GetStartTime().GetSeconds() != 1735689600 || r.GetOutcome() != accessv1.AuditEntry_OUTCOME_DENIED {
				t.Errorf("asked for %v", r)
			}
			for n := range int64(2) {
				if err := out.Send(&accessv1.StreamAuditEntriesResponse{Entry: &accessv1.AuditEntry{Sequence: n + 8, Hash: []byte{1}}}); err != nil {
					return err
				}
			}
			return nil
		}
		a := b.do(request{method: "GET", path: "/v1/auditEntries:stream?actor=members/m1&afterSequence=7&period.startTime=2025-01-01T00:00:00Z&outcome=OUTCOME_DENIED"})
		if a.status != 200 || a.header.Get("Content-Type") != "application/x-ndjson" || strings.Count(a.body, "\n") != 2 || !strings.Contains(a.body, `"sequence":"8"`) || !strings.Contains(a.body, `"hash":"AQ=="`) {
			t.Errorf("%d %v %s", a.status, a.header, a.body)
		}
		b.access.person = func(r *accessv1.ExportPersonDataRequest, out grpc.ServerStreamingServer[accessv1.ExportPersonDataResponse]) error {
			if r.GetRespondent() == "nobody" {
				return rpcerr.New(codes.Unavailable, "SERVICE_AWAY", "scoring cannot be asked")
			}
			if err := out.Send(&accessv1.ExportPersonDataResponse{Record: &typev1.PersonRecord{Service: "survey", Kind: "responses"}}); err != nil {
				return err
			}
			return rpcerr.New(codes.Unavailable, "SERVICE_AWAY", "scoring cannot be asked")
		}
		a = b.do(request{method: "POST", path: "/v1/persons:export", body: `{"respondent":"c-1"}`})
		if lines := strings.Split(strings.TrimSpace(a.body), "\n"); a.status != 200 || len(lines) != 2 || !strings.Contains(lines[0], `"kind":"responses"`) || !strings.Contains(lines[1], `"SERVICE_AWAY"`) {
			t.Errorf("%d %s", a.status, a.body)
		}
		if a := b.do(request{method: "POST", path: "/v1/persons:export", body: `{"respondent":"nobody"}`}); a.status != 503 || a.err.reason() != "otklik/SERVICE_AWAY" {
			t.Errorf("%d %s", a.status, a.body)
		}
	})
}

func TestLimitsAreToldInHeaders(t *testing.T) {
	overBothChannels(t, func(t *testing.T, b *bench) {
		say := func(ctx context.Context) error {
			return grpc.SetHeader(ctx, metadata.Pairs("otklik-ratelimit", "100;42;3;key", "otklik-ratelimit", "1000;0;7;organization", "otklik-ratelimit", "x;1;2;key", "otklik-ratelimit", `1;1;2;k"`))
		}
		tooMany := rpcerr.New(codes.ResourceExhausted, "RATE_LIMITED", "too often", rpcerr.WithRetryAfter(7e9))
		refuse := false
		b.survey.list = func(ctx context.Context, _ *surveyv1.ListSurveysRequest) (*surveyv1.ListSurveysResponse, error) {
			if err := say(ctx); err != nil {
				return nil, err
			}
			if refuse {
				return nil, tooMany
			}
			return &surveyv1.ListSurveysResponse{}, nil
		}
		b.survey.export = func(_ *surveyv1.StreamResponsesRequest, out exportServer) error {
			if err := say(out.Context()); err != nil {
				return err
			}
			if refuse {
				return tooMany
			}
			return out.Send(&surveyv1.StreamResponsesResponse{Position: 1})
		}
		for _, path := range []string{"/v1/surveys", exportPath} {
			for _, refuse = range []bool{false, true} {
				a := b.get(path)
				want := map[bool]int{false: 200, true: 429}[refuse]
				if a.status != want || a.header.Get("RateLimit-Policy") != `"key";q=100, "organization";q=1000` || a.header.Get("RateLimit") != `"key";r=42;t=3, "organization";r=0;t=7` {
					t.Errorf("%s: %d %v", path, a.status, a.header)
				}
				if got := a.header.Get("Retry-After"); refuse != (got == "7") {
					t.Errorf("%s: Retry-After %q", path, got)
				}
			}
		}
	})
}
