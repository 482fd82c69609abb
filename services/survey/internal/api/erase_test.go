package api_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/sqlkit"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/api"
	"github.com/otklik/otklik/services/survey/internal/store"
	"github.com/otklik/otklik/services/survey/internal/store/sqlite"
)

func erase(t testing.TB, f *fixture, respondent, id string) *surveyv1.ErasePersonResponse {
	t.Helper()
	r, err := f.persons(acme).ErasePerson(t.Context(), &surveyv1.ErasePersonRequest{Respondent: respondent, Erasure: "erasures/" + id})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// lines of a receipt, as `kind count`.
func lines(r *surveyv1.ErasePersonResponse) (out []string) {
	for _, l := range r.GetRemovals() {
		out = append(out, fmt.Sprintf("%s %d", l.GetKind(), l.GetCount()))
	}
	return out
}

// TestErasureReachesBackups: a copy of the database from before the erasure shows the answers, and nothing of the person any more.
func TestErasureReachesBackups(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "survey.db")
	open := func(path string) store.Store {
		db, err := sqlite.Open(t.Context(), sqlite.Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	f := newFixtureOn(t, open(path))
	survey := f.published(t, visit())
	mustSubmit(t, f, survey, "a", outspoken())
	asked := refusal(survey, "r")
	asked.Refusal.Respondent, asked.Refusal.Invitation = respondentName, ""
	if _, err := f.surveys.RecordRefusal(t.Context(), asked); err != nil {
		t.Fatal(err)
	}
	backup := filepath.Join(t.TempDir(), "backup.db")
	for _, suffix := range []string{"", "-wal"} {
		content, err := os.ReadFile(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(backup+suffix, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	erase(t, f, respondentName, "e-1")

	restored := newFixtureOn(t, open(backup), func(o *api.Options) { o.Vault = api.NewVault(f.vault.Conn) })
	got, err := restored.surveys.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Name: survey + "/responses/a"})
	if err != nil {
		t.Fatal(err)
	}
	r := got.GetResponse()
	if r.GetRespondent() != "" || r.GetAnswers()[1].GetComment() != "" || r.GetAnswers()[3].GetFreeText() != "" || len(r.GetConsents()) != 0 || r.GetAnswers()[0].GetScore() != 9 {
		t.Errorf("%v", r)
	}
	if want := []string{"respondent", "answers.free_text", "answers.comment", "consents"}; !slices.Equal(r.GetWithheldFields(), want) {
		t.Errorf("withheld %q", r.GetWithheldFields())
	}
	kept, err := restored.surveys.GetRefusal(t.Context(), &surveyv1.GetRefusalRequest{Name: survey + "/refusals/r"})
	if err != nil || kept.GetRefusal().GetRespondent() != "" || !slices.Equal(kept.GetRefusal().GetWithheldFields(), []string{"respondent"}) {
		t.Errorf("%v, %v", kept, err)
	}
	consents, err := restored.surveys.QueryConsents(t.Context(), &surveyv1.QueryConsentsRequest{Respondent: respondentName})
	if err != nil || len(consents.GetConsents()) != 0 || consents.GetStatuses()[1].GetGranted() {
		t.Errorf("%v, %v", consents, err)
	}
}

// TestErasePerson: what is about the person goes, with what names nobody but an invitation of the person's; all else stays; retries store nothing.
func TestErasePerson(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		survey := f.published(t, visit())
		invited, anonymous, others := outspoken(), good(), good()
		invited.Invitation = "i-1"
		anonymous.Respondent, anonymous.Invitation = "", "i-1"
		anonymous.Answers[3].Value = &surveyv1.Answer_FreeText{FreeText: secretWords}
		others.Invitation = "i-1" // used by somebody else, too
		for _, s := range []struct {
			id string
			m  *surveyv1.Response
		}{{"a", invited}, {"b", anonymous}, {"c", others}, {"d", good()}, {"e", outspoken()}} {
			mustSubmit(t, f, survey, s.id, s.m)
		}
		for id, invitation := range map[string]string{"r1": "i-1", "r2": "i-2"} {
			req := refusal(survey, id)
			req.Refusal.Invitation = invitation
			if _, err := f.surveys.RecordRefusal(t.Context(), req); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := f.other.CreateSurvey(t.Context(), &surveyv1.CreateSurveyRequest{SurveyId: "theirs", Survey: &surveyv1.Survey{DisplayName: "x", Draft: visit()}}); err != nil {
			t.Fatal(err)
		}
		before, _ := f.tail(t, 0, "").read(7)

		got := erase(t, f, respondentName, "e-1")
		want := []string{"responses 3", "refusals 1", "comments 5", "consents 2", "person_keys 2", "sealed_copies 4"}
		if !slices.Equal(lines(got), want) {
			t.Errorf("receipt %q, want %q", lines(got), want)
		}
		if names := namesOf(listAll(t, f.surveys, survey)); !slices.Equal(names, []string{"c", "d"}) {
			t.Errorf("left %q", names)
		}
		refusals, err := f.surveys.ListRefusals(t.Context(), &surveyv1.ListRefusalsRequest{Parent: survey})
		if err != nil || len(refusals.GetRefusals()) != 1 || !strings.HasSuffix(refusals.GetRefusals()[0].GetName(), "/r2") {
			t.Errorf("%v, %v", refusals, err)
		}
		_, err = f.surveys.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Name: survey + "/responses/a"})
		refused(t, err, codes.NotFound, "RESPONSE_NOT_FOUND")

		// The removals follow in the log, each with the key and the position of what it removes.
		accepted := map[string]*surveyv1.Event{}
		for _, e := range before {
			accepted[e.GetResponse().GetName()+e.GetRefusal().GetName()] = e
		}
		events, _ := f.tail(t, before[6].GetPosition(), "").read(4)
		for _, e := range events {
			first := accepted[e.GetRemoved().GetName()]
			if first == nil || first.GetPosition() != e.GetRemoved().GetPosition() || first.GetKey() != e.GetKey() || e.GetRemoved().GetErasure() != "erasures/e-1" ||
				e.GetOrganization() != acme || e.GetPosition() <= first.GetPosition() {
				t.Errorf("%v of %v", e, first)
			}
			delete(accepted, e.GetRemoved().GetName())
		}
		if last := events[3].GetPosition(); last != got.GetPosition() || len(accepted) != 3 {
			t.Errorf("last removal at %d, told %d; %d were not removed", last, got.GetPosition(), len(accepted))
		}

		// A phone that sends again is told what it was told, and nothing is stored.
		again, err := f.submit(t.Context(), survey, "a", proto.CloneOf(invited))
		if err != nil || !again.GetReplayed() || again.GetResponse().GetRespondent() != respondentName || again.GetResponse().GetAnswers()[3].GetFreeText() != secretWords {
			t.Errorf("retry: %v, %v", again, err)
		}
		if names := namesOf(listAll(t, f.surveys, survey)); !slices.Equal(names, []string{"c", "d"}) {
			t.Errorf("after the retry %q", names)
		}
		// The erasure again tells the same again.
		if r := erase(t, f, respondentName, "e-1"); !proto.Equal(r, got) {
			t.Errorf("again %v, want %v", r, got)
		}
		// What the person says from now on is kept, and read.
		mustSubmit(t, f, survey, "new", outspoken())
		read, err := f.surveys.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Name: survey + "/responses/new"})
		if err != nil || read.GetResponse().GetRespondent() != respondentName {
			t.Errorf("%v, %v", read, err)
		}
		if r := erase(t, f, respondentName, "e-1"); !slices.Equal(lines(r)[:1], []string{"responses 4"}) {
			t.Errorf("what came since: %q", lines(r))
		}
		if r := erase(t, f, "nobody", "e-2"); r.GetPosition() != 0 {
			t.Errorf("%v", r)
		}
		_, err = f.persons(acme).ErasePerson(t.Context(), &surveyv1.ErasePersonRequest{Respondent: "nobody", Erasure: "erasures/e-1"})
		refused(t, err, codes.AlreadyExists, "ID_REUSED")
		_, err = f.persons(acme).ErasePerson(t.Context(), &surveyv1.ErasePersonRequest{Respondent: "\x00visit\x00i-2", Erasure: "erasures/e-3"})
		refused(t, err, codes.InvalidArgument, "VALIDATION_FAILED")
	})
}

// TestEraseWhileSubmitting: what the person submits meanwhile is removed, or comes after the erasure and is read: none is left that nobody can read.
func TestEraseWhileSubmitting(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		survey := f.published(t, visit())
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 4)
		for w := range cap(done) {
			go func() {
				for i := 0; ctx.Err() == nil; i++ {
					if _, err := f.submit(t.Context(), survey, fmt.Sprintf("%d-%d", w, i), outspoken()); err != nil {
						done <- err
						return
					}
				}
				done <- nil
			}()
		}
		for i := range 5 {
			erase(t, f, respondentName, fmt.Sprintf("e-%d", i))
		}
		cancel()
		for range cap(done) {
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
		f.clock.Advance(time.Hour)
		if err := f.api.SettleErasures(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, r := range listAll(t, f.surveys, survey) {
			if r.GetRespondent() != respondentName || len(r.GetWithheldFields()) != 0 {
				t.Fatalf("%v", r)
			}
		}
		erase(t, f, respondentName, "last")
		if left := listAll(t, f.surveys, survey); len(left) != 0 {
			t.Fatalf("%d are left", len(left))
		}
	})
}

// TestEraseWhatWasStoredBefore: submissions from before persons were sealed are found, shown, exported and erased, be it noted whom they are about or not yet.
func TestEraseWhatWasStoredBefore(t *testing.T) {
	for name, marked := range map[string]bool{"marked": true, "not yet marked": false} {
		t.Run(name, func(t *testing.T) { eraseWhatWasStoredBefore(t, marked) })
	}
}

func eraseWhatWasStoredBefore(t *testing.T, marked bool) {
	folder := t.TempDir()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(folder, "survey.db")})
	if err != nil {
		t.Fatal(err)
	}
	f := newFixtureOn(t, db)
	survey := f.published(t, visit())
	f.storeAsBefore(t, db, survey, "old", outspoken())
	other := good()
	f.storeAsBefore(t, db, survey, "other", other)
	anonymous := good()
	anonymous.Respondent, anonymous.Invitation = "", "i-1"
	f.storeAsBefore(t, db, survey, "anonymous", anonymous)
	invited := outspoken()
	invited.Invitation = "i-1"
	mustSubmit(t, f, survey, "new", invited)
	if marked {
		if err := f.api.MarkUnmarked(t.Context()); err != nil {
			t.Fatal(err)
		}
		left, err := db.ListUnmarked(t.Context(), store.PersonQuery{Organization: acme, Page: store.Page{Limit: 9}})
		if err != nil || len(left) != 0 {
			t.Fatalf("unmarked %v, %v", left, err)
		}
	}

	got, err := f.surveys.GetResponse(t.Context(), &surveyv1.GetResponseRequest{Name: survey + "/responses/old"})
	if err != nil || got.GetResponse().GetRespondent() != respondentName || got.GetResponse().GetAnswers()[3].GetFreeText() != secretWords {
		t.Fatalf("%v, %v", got, err)
	}
	events, _ := f.tail(t, 0, "").read(4)
	if e := events[0]; e.GetResponse().GetRespondent() != events[3].GetResponse().GetRespondent() || strings.Contains(e.String(), secretWords) || strings.Contains(e.String(), respondentName) {
		t.Errorf("event %v", e)
	}
	if r := erase(t, f, respondentName, "e-1"); !slices.Equal(lines(r)[:3], []string{"responses 3", "refusals 0", "comments 5"}) {
		t.Errorf("receipt %q", lines(r))
	}
	if names := namesOf(listAll(t, f.surveys, survey)); !slices.Equal(names, []string{"other"}) {
		t.Errorf("left %q", names)
	}
	f.clock.Advance(time.Hour)
	if err := f.api.SettleErasures(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Deleted rows are overwritten, in the file and in the write-ahead log.
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil || bytes.Contains(content, []byte(secretWords)) || bytes.Contains(content, []byte(respondentName)) {
			t.Errorf("%s still holds it, %v", filepath.Base(name), err)
		}
	}
}

// storeAsBefore stores a response as the version before did.
func (f *fixture) storeAsBefore(t testing.TB, db *sqlite.Store, survey, id string, m *surveyv1.Response) {
	t.Helper()
	m.Consents = nil
	m.ReceiveTime, m.CountTime = m.GetAnswerTime(), m.GetAnswerTime()
	body, err := proto.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	in := store.NewSubmission{ID: id, Fingerprint: []byte(id), Revision: 1, CountTime: start, Body: body}
	if _, err := db.Accept(t.Context(), acme, strings.TrimPrefix(survey, "surveys/"), store.KindResponse, []store.NewSubmission{in}); err != nil {
		t.Fatal(err)
	}
	raw, err := sqlkit.OpenSQLite(t.Context(), db.Place())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := raw.Write.ExecContext(t.Context(), "UPDATE submissions SET person = NULL WHERE id = ?", id); err != nil {
		t.Error(err)
	}
	if err := raw.Close(); err != nil {
		t.Error(err)
	}
}
