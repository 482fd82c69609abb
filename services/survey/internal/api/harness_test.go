package api_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/rpcserver"
	"github.com/otklik/otklik/libs/testkit"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/survey/internal/api"
	"github.com/otklik/otklik/services/survey/internal/api/vaulttest"
	"github.com/otklik/otklik/services/survey/internal/intake"
	"github.com/otklik/otklik/services/survey/internal/store"
	"github.com/otklik/otklik/services/survey/internal/store/sqlite"
)

// fixture is a survey service behind the real server, called in process, with a store in a folder of the test and a clock turned by hand.
type fixture struct {
	clock  *testkit.Clock
	store  store.Store
	api    *api.Server
	server *rpcserver.Server
	// surveys acts for the organisation acme, other for another one, feed for the service role.
	surveys, other surveyv1.SurveyServiceClient
	feed           surveyv1.EventFeedServiceClient
	vault          *vaulttest.Vault
	callers        *callers
}

// callers are principals that tests add to the keys of the fixture.
type callers struct {
	*authn.Keyring
	mu    sync.Mutex
	extra map[string]authn.Principal
}

// Authenticate implements authn.Authenticator.
func (c *callers) Authenticate(ctx context.Context, credential authn.Credential) (authn.Principal, error) {
	c.mu.Lock()
	p, ok := c.extra[credential.Token]
	c.mu.Unlock()
	if ok {
		return p, nil
	}
	return c.Keyring.Authenticate(ctx, credential)
}

// as is a client of a caller.
func (f *fixture) as(p authn.Principal) surveyv1.SurveyServiceClient {
	f.callers.mu.Lock()
	defer f.callers.mu.Unlock()
	token := fmt.Sprintf("token-%d", len(f.callers.extra))
	f.callers.extra[token] = p
	return surveyv1.NewSurveyServiceClient(rpcclient.WithKey(f.server.InProcess(), token, ""))
}

// persons is PersonService, called by the service role for an organisation.
func (f *fixture) persons(organization string) surveyv1.PersonServiceClient {
	return surveyv1.NewPersonServiceClient(rpcclient.WithKey(f.server.InProcess(), secretOf("service"), organization))
}

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

const (
	acme     = "acme"
	globex   = "globex"
	deadline = 20 * time.Second
)

func newFixture(t testing.TB, change ...func(*api.Options)) *fixture {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "survey.db")})
	if err != nil {
		t.Fatal(err)
	}
	return newFixtureOn(t, db, change...)
}

// newFixtureOn is a fixture with this store, which it closes.
func newFixtureOn(t testing.TB, db store.Store, change ...func(*api.Options)) *fixture {
	t.Helper()
	f := &fixture{clock: testkit.NewClock(start), store: db, vault: vaulttest.New(t)}
	o := api.Options{Vault: api.NewVault(f.vault.Conn), Store: db, GracePeriod: intake.DefaultGracePeriod, Now: f.clock.Now, FeedHeartbeat: 50 * time.Millisecond}
	for _, c := range change {
		c(&o)
	}
	var err error
	if f.api, err = api.New(o); err != nil {
		t.Fatal(err)
	}
	f.server, f.callers = serveCallers(t, f.api.Register)
	t.Cleanup(func() {
		if err := f.server.Drain(context.Background()); err != nil {
			t.Error(err)
		}
		if err := errors.Join(f.api.Close(), db.Close()); err != nil {
			t.Error(err)
		}
	})
	conn := f.server.InProcess()
	f.surveys = surveyv1.NewSurveyServiceClient(rpcclient.WithKey(conn, secretOf(acme), ""))
	f.other = surveyv1.NewSurveyServiceClient(rpcclient.WithKey(conn, secretOf(globex), ""))
	f.feed = surveyv1.NewEventFeedServiceClient(rpcclient.WithKey(conn, secretOf("service"), ""))
	return f
}

func secretOf(id string) string { return "secret-of-" + id }

// serve starts a server with the standard interceptors and a key for each of the fixture's callers.
func serve(t testing.TB, register func(grpc.ServiceRegistrar)) *rpcserver.Server {
	t.Helper()
	s, _ := serveCallers(t, register)
	return s
}

func serveCallers(t testing.TB, register func(grpc.ServiceRegistrar)) (*rpcserver.Server, *callers) {
	t.Helper()
	keys, err := authn.NewKeyring([]authn.Key{
		{ID: acme, SHA256: authn.HashKey(secretOf(acme)), Organization: acme, Roles: []string{"admin"}},
		{ID: globex, SHA256: authn.HashKey(secretOf(globex)), Organization: globex, Roles: []string{"admin"}},
		{ID: "service", SHA256: authn.HashKey(secretOf("service")), Roles: []string{authn.RoleService}},
	})
	if err != nil {
		t.Fatal(err)
	}
	known := &callers{Keyring: keys, extra: map[string]authn.Principal{}}
	s, err := rpcserver.New(rpcserver.DefaultConfig(), rpcserver.Deps{
		Logger: slog.New(slog.DiscardHandler), Keys: known,
		Roles: map[string][]string{
			"admin": {"*", "!survey.events.*", "!survey.persons.erase", "!survey.persons.export"}, authn.RoleService: {"*"},
			"manager":    {"survey.surveys.get", "survey.responses.*", "survey.refusals.*", "survey.persons.view", "survey.consents.query"},
			"analyst":    {"survey.surveys.get", "survey.responses.*", "survey.refusals.*"},
			"respondent": {"survey.responses.submit", "survey.refusals.record"},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	register(s)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	return s, known
}

// published creates and publishes a survey of this questionnaire and returns its name.
func (f *fixture) published(t testing.TB, q *surveyv1.Questionnaire) string {
	t.Helper()
	created, err := f.surveys.CreateSurvey(t.Context(), &surveyv1.CreateSurveyRequest{Survey: &surveyv1.Survey{DisplayName: "Visit", Draft: q}})
	if err != nil {
		t.Fatal(err)
	}
	name := created.GetSurvey().GetName()
	if _, err := f.surveys.PublishSurvey(t.Context(), &surveyv1.PublishSurveyRequest{Name: name}); err != nil {
		t.Fatal(err)
	}
	return name
}

// text is a text in English and Kyrgyz.
func text(en, ky string) *typev1.LocalizedText {
	return &typev1.LocalizedText{Texts: map[string]string{"en": en, "ky": ky}}
}

// visit is a questionnaire with a question of every kind.
func visit() *surveyv1.Questionnaire {
	return &surveyv1.Questionnaire{
		Title: text("Your visit", "Сиздин келишиңиз"), DefaultLanguage: "en",
		Questions: []*surveyv1.Question{
			{Id: "recommend", Text: text("Would you recommend us?", "Бизди сунуштайсызбы?"), Required: true,
				Comment: &surveyv1.CommentPolicy{Mode: surveyv1.CommentPolicy_MODE_REQUIRED_BELOW, RequiredAtOrBelow: ptr(3.0), MaxLength: 20},
				Kind:    &surveyv1.Question_Nps{Nps: &surveyv1.NpsQuestion{}}},
			{Id: "satisfied", Text: text("Are you satisfied?", "Ыраазысызбы?"),
				Comment: &surveyv1.CommentPolicy{Mode: surveyv1.CommentPolicy_MODE_OPTIONAL},
				Kind:    &surveyv1.Question_Csat{Csat: &surveyv1.CsatQuestion{Scale: &typev1.Scale{Min: 1, Max: 5, Step: 0.5}}}},
			{Id: "effort", Text: text("Was it easy?", "Жеңил болдубу?"), Kind: &surveyv1.Question_Ces{Ces: &surveyv1.CesQuestion{}}},
			{Id: "rooms", Text: text("How were the rooms?", "Бөлмөлөр кандай?"), Kind: &surveyv1.Question_Rating{Rating: &surveyv1.RatingQuestion{}}},
			{Id: "services", Text: text("What did you use?", "Эмнени колдондуңуз?"), Kind: &surveyv1.Question_Choice{Choice: &surveyv1.ChoiceQuestion{
				Multiple: true, MaxChoices: 2, Options: []*surveyv1.ChoiceQuestion_Option{
					{Id: "spa", Text: text("Spa", "Спа")}, {Id: "bar", Text: text("Bar", "Бар")}, {Id: "gym", Text: text("Gym", "Зал")}}}}},
			{Id: "words", Text: text("In your words", "Өз сөзүңүз менен"), Kind: &surveyv1.Question_FreeText{FreeText: &surveyv1.TextQuestion{MaxLength: 10}}},
		},
	}
}

func ptr[T any](v T) *T { return &v }

func score(question string, v float64) *surveyv1.Answer {
	return &surveyv1.Answer{Question: question, Value: &surveyv1.Answer_Score{Score: v}}
}

// good is a response to visit.
func good() *surveyv1.Response {
	return &surveyv1.Response{
		AnswerTime: timestamppb.New(start.Add(-time.Hour)), Language: "ky", Respondent: "r-1",
		Context: &typev1.Context{Touchpoint: "checkout", Location: "osh-1", Attributes: map[string]string{"till": "3", "shift": "Күн"}},
		Answers: []*surveyv1.Answer{score("recommend", 9), score("satisfied", 4.5),
			{Question: "services", Value: &surveyv1.Answer_Choice{Choice: &surveyv1.ChoiceAnswer{Options: []string{"spa", "gym"}}}},
			{Question: "words", Value: &surveyv1.Answer_FreeText{FreeText: "Жакшы"}}},
	}
}

func (f *fixture) submit(ctx context.Context, survey, id string, m *surveyv1.Response) (*surveyv1.SubmitResponseResponse, error) {
	return f.surveys.SubmitResponse(ctx, &surveyv1.SubmitResponseRequest{Parent: survey, ResponseId: id, Response: m})
}

// refused checks code and reason of an error and returns what it says.
func refused(t testing.TB, err error, code codes.Code, reason string) rpcerr.Error {
	t.Helper()
	e, ok := rpcerr.FromError(err)
	if !ok || e.Code != code || e.Reason != reason {
		t.Fatalf("got %v, want %s %s", err, code, reason)
	}
	return *e
}

// fieldsOf lists the fields of an error with their reasons.
func fieldsOf(e rpcerr.Error) []string {
	out := make([]string, len(e.Fields))
	for i, v := range e.Fields {
		out[i] = fmt.Sprintf("%s %s", v.Field, v.Reason)
	}
	return out
}

// adminConn is a connection of an administrator of acme.
func adminConn(f *fixture) grpc.ClientConnInterface {
	return rpcclient.WithKey(f.server.InProcess(), secretOf(acme), "")
}
