package peers_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/fullstorydev/grpchan/inprocgrpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/comment/internal/peers"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// survey is a survey service that answers as it is told.
type survey struct {
	surveyv1.UnimplementedSurveyServiceServer
	mu        sync.Mutex
	err       error
	questions []*surveyv1.Question
	response  *surveyv1.Response
	statuses  []*surveyv1.ConsentStatus
	// asked are the organisations of the calls.
	asked []string
}

func (s *survey) enter(ctx context.Context) error {
	md, _ := metadata.FromIncomingContext(ctx)
	s.asked = append(s.asked, md.Get(authn.MetadataOrganization)...)
	return s.err
}

func (s *survey) GetRevision(ctx context.Context, _ *surveyv1.GetRevisionRequest) (*surveyv1.GetRevisionResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &surveyv1.GetRevisionResponse{Revision: &surveyv1.Revision{Questionnaire: &surveyv1.Questionnaire{Questions: s.questions}}}, s.enter(ctx)
}

func (s *survey) GetResponse(ctx context.Context, _ *surveyv1.GetResponseRequest) (*surveyv1.GetResponseResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &surveyv1.GetResponseResponse{Response: s.response}, s.enter(ctx)
}

func (s *survey) QueryConsents(ctx context.Context, _ *surveyv1.QueryConsentsRequest) (*surveyv1.QueryConsentsResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &surveyv1.QueryConsentsResponse{Statuses: s.statuses}, s.enter(ctx)
}

func serve(t *testing.T) (*survey, *inprocgrpc.Channel) {
	t.Helper()
	s, channel := &survey{}, &inprocgrpc.Channel{}
	channel.RegisterService(&surveyv1.SurveyService_ServiceDesc, s)
	return s, channel
}

// The first NPS question of a revision is asked for once; what is not known is asked for again.
func TestNPSQuestion(t *testing.T) {
	t.Parallel()
	s, channel := serve(t)
	catalog := peers.NewCatalog(channel)
	ask := func() (string, error) { return catalog.NPSQuestion(t.Context(), "acme", "surveys/s/revisions/1") }
	s.err = status.Error(codes.Unavailable, "down")
	if _, err := ask(); !errors.Is(err, peers.ErrUnavailable) || rpcerr.Code(err) != codes.Unavailable {
		t.Errorf("%v", err)
	}
	for _, code := range []codes.Code{codes.NotFound, codes.InvalidArgument} {
		s.err = status.Error(code, "no")
		if got, err := ask(); got != "" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	s.err = nil
	s.questions = []*surveyv1.Question{
		{Id: "why", Kind: &surveyv1.Question_FreeText{FreeText: &surveyv1.TextQuestion{}}}, {Id: "recommend", Kind: &surveyv1.Question_Nps{Nps: &surveyv1.NpsQuestion{}}},
		{Id: "again", Kind: &surveyv1.Question_Nps{Nps: &surveyv1.NpsQuestion{}}},
	}
	for range 3 {
		if got, err := ask(); got != "recommend" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
	if len(s.asked) != 4 || slices.Compact(s.asked)[0] != "acme" {
		t.Errorf("asked for %v", s.asked)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := catalog.NPSQuestion(ended, "acme", "surveys/s/revisions/2"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
}

// Words are those of the response, and none of one that is gone.
func TestWords(t *testing.T) {
	t.Parallel()
	s, channel := serve(t)
	catalog := peers.NewCatalog(channel)
	s.response = &surveyv1.Response{Answers: []*surveyv1.Answer{{Question: "why", Comment: "words"}}}
	if got, err := catalog.Words(t.Context(), "acme", "surveys/s/responses/r"); err != nil || len(got) != 1 || got[0].GetComment() != "words" {
		t.Errorf("%v, %v", got, err)
	}
	s.err = status.Error(codes.NotFound, "gone")
	if got, err := catalog.Words(t.Context(), "acme", "surveys/s/responses/r"); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	// What may be gone the next time is told from what never will.
	for code, want := range map[codes.Code]error{codes.Unavailable: peers.ErrUnavailable, codes.PermissionDenied: peers.ErrUnavailable, codes.Internal: peers.ErrFault} {
		s.err = status.Error(code, "broken")
		if _, err := catalog.Words(t.Context(), "acme", "surveys/s/responses/r"); !errors.Is(err, want) {
			t.Errorf("%v: %v", code, err)
		}
	}
}

// Only a consent to publication that is given now counts, of somebody who is known.
func TestPublication(t *testing.T) {
	t.Parallel()
	s, channel := serve(t)
	consents := peers.NewConsents(channel)
	stands := func(purpose surveyv1.Purpose, granted bool) *surveyv1.ConsentStatus {
		return &surveyv1.ConsentStatus{Purpose: purpose, Granted: granted, Consent: &surveyv1.Consent{Name: "consents/c1"}}
	}
	for name, c := range map[string]struct {
		respondent string
		statuses   []*surveyv1.ConsentStatus
		want       string
	}{
		"granted":         {"who", []*surveyv1.ConsentStatus{stands(surveyv1.Purpose_PURPOSE_CONTACT, false), stands(surveyv1.Purpose_PURPOSE_PUBLICATION, true)}, "consents/c1"},
		"withdrawn":       {"who", []*surveyv1.ConsentStatus{stands(surveyv1.Purpose_PURPOSE_PUBLICATION, false)}, ""},
		"something else":  {"who", []*surveyv1.ConsentStatus{stands(surveyv1.Purpose_PURPOSE_CONTACT, true)}, ""},
		"nothing":         {"who", nil, ""},
		"nobody is known": {"", []*surveyv1.ConsentStatus{stands(surveyv1.Purpose_PURPOSE_PUBLICATION, true)}, ""},
	} {
		s.response, s.statuses = &surveyv1.Response{Respondent: c.respondent}, c.statuses
		if got, err := consents.Publication(t.Context(), "acme", "surveys/s/responses/r"); got != c.want || err != nil {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
	s.err = status.Error(codes.NotFound, "gone")
	if got, err := consents.Publication(t.Context(), "acme", "surveys/s/responses/r"); got != "" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	s.err = status.Error(codes.Unavailable, "down")
	if _, err := consents.Publication(t.Context(), "acme", "surveys/s/responses/r"); !errors.Is(err, peers.ErrUnavailable) {
		t.Errorf("%v", err)
	}
}

func TestResponseNames(t *testing.T) {
	t.Parallel()
	if survey, response, ok := peers.ParseResponse(peers.ResponseName("s", "r")); !ok || survey != "s" || response != "r" {
		t.Errorf("%s, %s, %t", survey, response, ok)
	}
	for _, name := range []string{"", "surveys/s", "surveys/s/responses/", "surveys//responses/r", "surveys/s/refusals/r", "s/responses/r", "surveys/s/responses/r/comments/c", "surveys/a/b/responses/r"} {
		if _, _, ok := peers.ParseResponse(name); ok {
			t.Errorf("%q is taken for a response", name)
		}
	}
}

// keys is a vault of the access service.
type keys struct {
	accessv1.UnimplementedVaultServiceServer
}

func (keys) LeasePersonKeys(_ context.Context, r *accessv1.LeasePersonKeysRequest) (*accessv1.LeasePersonKeysResponse, error) {
	out := &accessv1.LeasePersonKeysResponse{}
	for range r.GetCount() {
		out.Keys = append(out.Keys, &accessv1.PersonKey{Id: "k", Key: []byte("secret")})
	}
	return out, nil
}

func (keys) GetPersonKeys(_ context.Context, r *accessv1.GetPersonKeysRequest) (*accessv1.GetPersonKeysResponse, error) {
	if len(r.GetIds()) == 0 {
		return nil, status.Error(codes.Unavailable, "down")
	}
	return &accessv1.GetPersonKeysResponse{Keys: []*accessv1.PersonKey{{Id: r.GetIds()[0], Key: []byte("secret")}}}, nil
}

func (keys) DestroyPersonKeys(_ context.Context, r *accessv1.DestroyPersonKeysRequest) (*accessv1.DestroyPersonKeysResponse, error) {
	return &accessv1.DestroyPersonKeysResponse{Destroyed: int32(len(r.GetIds()))}, nil
}

func (keys) GetPseudonymKey(ctx context.Context, _ *accessv1.GetPseudonymKeyRequest) (*accessv1.GetPseudonymKeyResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	return &accessv1.GetPseudonymKeyResponse{Key: []byte(md.Get(authn.MetadataOrganization)[0])}, nil
}

func TestVault(t *testing.T) {
	t.Parallel()
	channel := &inprocgrpc.Channel{}
	channel.RegisterService(&accessv1.VaultService_ServiceDesc, keys{})
	v := peers.NewVault(channel)
	if got, err := v.Lease(t.Context(), 3); err != nil || len(got) != 3 || string(got[2].Secret) != "secret" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := v.Get(t.Context(), []string{"a"}); err != nil || len(got) != 1 || got[0].ID != "a" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := v.Get(t.Context(), nil); err == nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
	if n, err := v.Destroy(t.Context(), []string{"a", "b"}); err != nil || n != 2 {
		t.Errorf("%d, %v", n, err)
	}
	if key, err := v.PseudonymKey(t.Context(), "acme"); err != nil || string(key) != "acme" {
		t.Errorf("%s, %v", key, err)
	}
}
