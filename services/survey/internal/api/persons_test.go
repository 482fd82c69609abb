package api_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/survey/internal/api"
	"github.com/otklik/otklik/services/survey/internal/store"
	"github.com/otklik/otklik/services/survey/internal/store/postgres"
	"github.com/otklik/otklik/services/survey/internal/store/sqlite"
)

// onBoth runs a test on both backends.
func onBoth(t *testing.T, run func(t *testing.T, f *fixture), change ...func(*api.Options)) {
	t.Run("sqlite", func(t *testing.T) { run(t, newFixture(t, change...)) })
	t.Run("postgres", func(t *testing.T) { run(t, newFixtureOn(t, openPostgres(t, pgtest.Database(t)), change...)) })
}

func openPostgres(t testing.TB, dsn string) store.Store {
	t.Helper()
	config, options := pgkit.DefaultConfig("survey"), pgkit.Options{Component: "survey"}
	config.DSN = dsn
	if err := pgkit.Migrate(t.Context(), config, options, postgres.Schema()); err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(t.Context(), config, postgres.Options{Options: options})
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// The callers of these tests.
func manager(units map[string][]string) authn.Principal {
	return authn.Principal{Kind: authn.KindPerson, ID: "manager", Organization: acme, Roles: []string{"manager"}, Units: units}
}

func analyst() authn.Principal {
	return authn.Principal{Kind: authn.KindPerson, ID: "analyst", Organization: acme, Roles: []string{"analyst"}}
}

// Words that nobody else writes.
const (
	respondentName = "aida.asanova@example.kg"
	secretWords    = "Кассир №7"
	secretComment  = "тез-тез келем"
	secretEvidence = "Мен макулмун, 3-версия"
)

// outspoken is a response that says a lot about a person.
func outspoken() *surveyv1.Response {
	m := good()
	m.Respondent = respondentName
	m.Answers[1].Comment = secretComment
	m.Answers[3].Value = &surveyv1.Answer_FreeText{FreeText: secretWords}
	m.Consents = []*surveyv1.ConsentGiven{{Purpose: surveyv1.Purpose_PURPOSE_CONTACT, Granted: true, Evidence: secretEvidence, Language: "ky"}}
	return m
}

func mustSubmit(t testing.TB, f *fixture, survey, id string, m *surveyv1.Response) *surveyv1.Response {
	t.Helper()
	r, err := f.submit(t.Context(), survey, id, m)
	if err != nil {
		t.Fatal(err)
	}
	return r.GetResponse()
}

func namesOf(list []*surveyv1.Response) (out []string) {
	for _, r := range list {
		out = append(out, r.GetName()[strings.LastIndex(r.GetName(), "/")+1:])
	}
	return out
}

func listAll(t testing.TB, c surveyv1.SurveyServiceClient, survey string) []*surveyv1.Response {
	t.Helper()
	r, err := c.ListResponses(t.Context(), &surveyv1.ListResponsesRequest{Parent: survey, PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	return r.GetResponses()
}

// TestNothingOfAPersonLiesInTheFile reads every byte that the service has written: neither who answered nor what was written in words is among them.
func TestNothingOfAPersonLiesInTheFile(t *testing.T) {
	folder := t.TempDir()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(folder, "survey.db")})
	if err != nil {
		t.Fatal(err)
	}
	f := newFixtureOn(t, db)
	survey := f.published(t, visit())
	mustSubmit(t, f, survey, "a", outspoken())
	asked := refusal(survey, "r")
	asked.Refusal.Respondent = respondentName
	if _, err := f.surveys.RecordRefusal(t.Context(), asked); err != nil {
		t.Fatal(err)
	}
	invited := good()
	invited.Respondent, invited.Invitation = "", "i-9"
	invited.Answers[3].Value = &surveyv1.Answer_FreeText{FreeText: secretWords}
	mustSubmit(t, f, survey, "b", invited)
	if _, err := f.surveys.RecordConsent(t.Context(), &surveyv1.RecordConsentRequest{Respondent: respondentName, RequestId: "q",
		Given: &surveyv1.ConsentGiven{Purpose: surveyv1.Purpose_PURPOSE_RESEARCH, Evidence: secretEvidence}}); err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("%q, %v", files, err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range []string{respondentName, secretWords, secretComment, secretEvidence} {
			if bytes.Contains(content, []byte(text)) {
				t.Errorf("%s holds %q", filepath.Base(name), text)
			}
		}
	}
	// Whoever may see it sees all of it.
	got, err := f.surveys.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Name: survey + "/responses/a"})
	if err != nil {
		t.Fatal(err)
	}
	want := outspoken()
	if r := got.GetResponse(); r.GetRespondent() != respondentName || r.GetAnswers()[1].GetComment() != secretComment || r.GetAnswers()[3].GetFreeText() != secretWords ||
		!proto.Equal(r.GetConsents()[0], want.GetConsents()[0]) || len(r.GetWithheldFields()) != 0 {
		t.Errorf("%v", r)
	}
}

// TestExportPerson: all that is kept about a person, and nothing of others.
func TestExportPerson(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		survey := f.published(t, visit())
		m := outspoken()
		m.Invitation = "i-1"
		mustSubmit(t, f, survey, "a", m)
		mustSubmit(t, f, survey, "b", good())
		if _, err := f.surveys.RecordRefusal(t.Context(), refusal(survey, "r")); err != nil { // of the same invitation
			t.Fatal(err)
		}
		stream, err := f.persons(acme).ExportPerson(t.Context(), &surveyv1.ExportPersonRequest{Respondent: respondentName})
		if err != nil {
			t.Fatal(err)
		}
		var got []*typev1.PersonRecord
		for {
			part, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, part.GetRecords()...)
		}
		var kinds []string
		for _, r := range got {
			kinds = append(kinds, r.GetService()+" "+r.GetKind())
			if r.GetTime() == nil || r.GetName() == "" {
				t.Errorf("%v", r)
			}
		}
		if !slices.Equal(kinds, []string{"survey responses", "survey refusals", "survey consents"}) {
			t.Fatalf("%q", kinds)
		}
		if text := got[0].GetContent().String(); !strings.Contains(text, respondentName) || !strings.Contains(text, secretComment) {
			t.Errorf("%s", text)
		}
		if got[2].GetContent().GetFields()["given"].GetStructValue().GetFields()["evidence"].GetStringValue() != secretEvidence {
			t.Errorf("%v", got[2])
		}
		// Administrators ask the access service, which remembers that they did.
		refusedStream, err := surveyv1.NewPersonServiceClient(adminConn(f)).ExportPerson(t.Context(), &surveyv1.ExportPersonRequest{Respondent: "x"})
		if err == nil {
			_, err = refusedStream.Recv()
		}
		refused(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	})
}
