package api_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/api"
)

// TestQuota: an organisation that stores as much as it may is told so; retries are answered; room that is made is used.
func TestQuota(t *testing.T) {
	limit := func(o *api.Options) {
		o.Quota, o.Quotas = api.Quota{Submissions: 3}, map[string]api.Quota{globex: {}}
	}
	onBoth(t, func(t *testing.T, f *fixture) {
		survey := f.published(t, visit())
		count := func() {
			t.Helper()
			if err := f.api.CountUsage(t.Context()); err != nil {
				t.Fatal(err)
			}
			f.clock.Advance(time.Minute)
		}
		for i := range 3 {
			mustSubmit(t, f, survey, fmt.Sprint(i), outspoken())
		}
		count()
		usage, err := f.surveys.GetUsage(t.Context(), &surveyv1.GetUsageRequest{})
		if err != nil || usage.GetSubmissions() != 3 || usage.GetSubmissionBytes() < 300 || usage.GetMaxSubmissions() != 3 || usage.GetMaxSubmissionBytes() != 0 {
			t.Fatalf("%v, %v", usage, err)
		}
		_, err = f.submit(t.Context(), survey, "more", good())
		if e := refused(t, err, codes.ResourceExhausted, "QUOTA_EXCEEDED"); len(e.Quotas) != 1 || e.Quotas[0].Subject != "organization:acme" || e.RetryAfter <= 0 {
			t.Errorf("%+v", e)
		}
		_, err = f.surveys.RecordRefusal(t.Context(), refusal(survey, "r"))
		refused(t, err, codes.ResourceExhausted, "QUOTA_EXCEEDED")
		batch, err := f.surveys.BatchSubmitResponses(t.Context(), &surveyv1.BatchSubmitResponsesRequest{Parent: survey, Requests: []*surveyv1.SubmitResponseRequest{
			{ResponseId: "0", Response: outspoken()}, {ResponseId: "more", Response: good()}}})
		if err != nil || !batch.GetResults()[0].GetAccepted().GetReplayed() || codes.Code(batch.GetResults()[1].GetError().GetCode()) != codes.ResourceExhausted {
			t.Errorf("%v, %v", batch, err)
		}
		if r, err := f.submit(t.Context(), survey, "1", outspoken()); err != nil || !r.GetReplayed() || r.GetResponse().GetRespondent() != respondentName {
			t.Errorf("retry: %v, %v", r, err)
		}
		if usage, err := f.other.GetUsage(t.Context(), &surveyv1.GetUsageRequest{}); err != nil || usage.GetSubmissions() != 0 || usage.GetMaxSubmissions() != 0 {
			t.Errorf("another organisation's: %v, %v", usage, err)
		}
		erase(t, f, respondentName, "e-1")
		count()
		mustSubmit(t, f, survey, "more", good())
	}, limit)
}

// TestRetention: after the time for words only the answers are left, after the time for answers nothing is.
func TestRetention(t *testing.T) {
	keep := func(o *api.Options) {
		o.Retention = api.Retention{Words: 24 * time.Hour, Answers: 48 * time.Hour}
	}
	onBoth(t, func(t *testing.T, f *fixture) {
		survey := f.published(t, visit())
		mustSubmit(t, f, survey, "a", outspoken())
		anonymous := good()
		anonymous.Respondent = ""
		mustSubmit(t, f, survey, "anonymous", anonymous)
		if _, err := f.surveys.RecordRefusal(t.Context(), refusal(survey, "r")); err != nil {
			t.Fatal(err)
		}
		retain := func(after time.Duration) {
			t.Helper()
			f.clock.Advance(after)
			if err := f.api.Retain(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		retain(20 * time.Hour)
		late := outspoken()
		late.AnswerTime = timestamppb.New(start.Add(-1000 * time.Hour)) // it is the receipt that counts
		mustSubmit(t, f, survey, "late", late)
		if all := listAll(t, f.surveys, survey); all[0].GetRespondent() != respondentName {
			t.Fatalf("too early: %v", all[0])
		}
		retain(5 * time.Hour)
		all := listAll(t, f.surveys, survey)
		for _, r := range all[:2] {
			if r.GetRespondent() != "" || r.GetAnswers()[1].GetComment() != "" || r.GetAnswers()[3].GetFreeText() != "" || r.GetAnswers()[0].GetScore() != 9 ||
				!slices.Contains(r.GetWithheldFields(), "answers.free_text") {
				t.Errorf("words are left: %v", r)
			}
		}
		if all[2].GetRespondent() != respondentName {
			t.Errorf("too early: %v", all[2])
		}
		// Decisions outlast the words; a retry still replays.
		if c, err := f.surveys.QueryConsents(t.Context(), &surveyv1.QueryConsentsRequest{Respondent: respondentName}); err != nil || len(c.GetConsents()) != 2 {
			t.Errorf("%v, %v", c, err)
		}
		if r, err := f.submit(t.Context(), survey, "a", outspoken()); err != nil || !r.GetReplayed() {
			t.Errorf("%v, %v", r, err)
		}
		retain(24 * time.Hour)
		if names := namesOf(listAll(t, f.surveys, survey)); !slices.Equal(names, []string{"late"}) {
			t.Errorf("left %q", names)
		}
		events, _ := f.tail(t, 0, "").read(4)
		var told []string
		for _, e := range events[1:] {
			told = append(told, e.GetRemoved().GetName()[len(survey):])
			if e.GetRemoved().GetErasure() != "" {
				t.Errorf("%v", e)
			}
		}
		if !slices.Equal(told, []string{"/responses/a", "/responses/anonymous", "/refusals/r"}) || !strings.HasSuffix(events[0].GetResponse().GetName(), "/late") {
			t.Errorf("%q", told)
		}
		// What lost its words is still found by the person.
		if r := erase(t, f, respondentName, "e-1"); r.GetRemovals()[0].GetCount() != 1 || len(listAll(t, f.surveys, survey)) != 0 {
			t.Errorf("%v", r)
		}
		// Removals are told of for a month; then they leave the log.
		mustSubmit(t, f, survey, "recent", good())
		retain(20 * 24 * time.Hour)
		f.tail(t, 0, "").read(5)
		retain(15 * 24 * time.Hour)
		mustSubmit(t, f, survey, "last", good())
		left, end := f.tail(t, 0, "").read(2)
		if len(left) != 2 || end.GetHeadPosition() != left[1].GetPosition() || left[0].GetRemoved().GetName() != survey+"/responses/recent" {
			t.Errorf("%v", left)
		}
	}, keep)
}

// TestConsents: decisions are remembered, the last one counts, and retries change nothing.
func TestConsents(t *testing.T) {
	onBoth(t, func(t *testing.T, f *fixture) {
		record := func(granted bool, at time.Duration, request string) *surveyv1.RecordConsentResponse {
			t.Helper()
			f.clock.Advance(time.Minute)
			given := &surveyv1.ConsentGiven{Purpose: surveyv1.Purpose_PURPOSE_CONTACT, Granted: granted, Evidence: "text v1", Language: "en"}
			if at != 0 {
				given.DecideTime = timestamppb.New(start.Add(at))
			}
			r, err := f.surveys.RecordConsent(t.Context(), &surveyv1.RecordConsentRequest{Respondent: respondentName, Given: given, RequestId: request})
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		status := func(wantAll int, want ...bool) *surveyv1.QueryConsentsResponse {
			t.Helper()
			r, err := f.surveys.QueryConsents(t.Context(), &surveyv1.QueryConsentsRequest{Respondent: respondentName})
			if err != nil || len(r.GetConsents()) != wantAll || len(r.GetStatuses()) != 3 {
				t.Fatalf("%v, %v", r, err)
			}
			for i, s := range r.GetStatuses() {
				if int(s.GetPurpose()) != i+1 || s.GetGranted() != want[i] {
					t.Fatalf("%v", s)
				}
			}
			return r
		}
		status(0, false, false, false)
		first := record(true, 0, "q-1")
		if c := first.GetConsent(); !strings.HasPrefix(c.GetName(), "consents/") || c.GetRecorder() != acme || c.GetRespondent() != respondentName || c.GetCreateTime() == nil {
			t.Errorf("%v", c)
		}
		status(1, false, true, false)
		if again := record(true, 0, "q-1"); !again.GetReplayed() || again.GetConsent().GetName() != first.GetConsent().GetName() {
			t.Errorf("%v", again)
		}
		_, err := f.surveys.RecordConsent(t.Context(), &surveyv1.RecordConsentRequest{Respondent: "other", RequestId: "q-1",
			Given: &surveyv1.ConsentGiven{Purpose: surveyv1.Purpose_PURPOSE_CONTACT, Granted: true, Evidence: "text v1", Language: "en"}})
		refused(t, err, codes.AlreadyExists, "ID_REUSED")
		record(false, 0, "")
		status(2, false, false, false)
		// One that was given before the withdrawal and comes after it undoes nothing.
		record(true, -time.Hour, "")
		status(3, false, false, false)
		survey := f.published(t, visit())
		f.clock.Advance(time.Minute)
		mustSubmit(t, f, survey, "a", outspoken())
		r := status(4, false, true, false)
		if c := r.GetConsents()[0]; c.GetResponse() != survey+"/responses/a" || c.GetGiven().GetEvidence() != secretEvidence {
			t.Errorf("%v", c)
		}
		if _, err := f.submit(t.Context(), survey, "a", outspoken()); err != nil {
			t.Fatal(err)
		}
		status(4, false, true, false)

		bad := outspoken()
		bad.Respondent = ""
		bad.Consents = append(bad.Consents, bad.Consents[0])
		_, err = f.submit(t.Context(), survey, "b", bad)
		e := refused(t, err, codes.InvalidArgument, "RESPONSE_INVALID")
		if want := []string{"response.respondent RESPONDENT_MISSING", "response.consents[1].purpose CONSENT_DUPLICATE"}; !slices.Equal(fieldsOf(e), want) {
			t.Errorf("%q", fieldsOf(e))
		}
		_, err = f.surveys.RecordConsent(t.Context(), &surveyv1.RecordConsentRequest{Respondent: "a\nb",
			Given: &surveyv1.ConsentGiven{Purpose: surveyv1.Purpose_PURPOSE_CONTACT, Evidence: "x"}})
		refused(t, err, codes.InvalidArgument, "VALIDATION_FAILED")
		if n := lines(erase(t, f, respondentName, "e-1")); n[3] != "consents 4" {
			t.Errorf("%q", n)
		}
		status(0, false, false, false)
	})
}

// TestVaultAway: without the vault submissions go on with the keys at hand, and nothing is stored in the clear when there are none.
func TestVaultAway(t *testing.T) {
	f := newFixture(t, func(o *api.Options) { o.Keeping.Lease = 4 })
	survey := f.published(t, visit())
	mustSubmit(t, f, survey, "first", outspoken())
	f.vault.SetAway(true)
	var err error
	stored := 0
	for ; err == nil && stored < 100; stored++ {
		m := outspoken()
		m.Respondent = fmt.Sprint("person-", stored)
		_, err = f.submit(t.Context(), survey, fmt.Sprint(stored), m)
	}
	if e := refused(t, err, codes.Unavailable, "VAULT_UNAVAILABLE"); e.RetryAfter <= 0 || stored < 2 {
		t.Fatalf("after %d: %+v", stored, e)
	}
	// What is stored is replayed all the same, and what is about nobody is stored.
	if r, err := f.submit(t.Context(), survey, "first", outspoken()); err != nil || !r.GetReplayed() {
		t.Errorf("%v, %v", r, err)
	}
	nobody := good()
	nobody.Respondent = ""
	mustSubmit(t, f, survey, "nobody", nobody)
	f.vault.SetAway(false)
	f.clock.Advance(time.Minute)
	mustSubmit(t, f, survey, "last", outspoken())
}
