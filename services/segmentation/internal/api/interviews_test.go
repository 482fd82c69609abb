package api

import (
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/directory"
	"github.com/otklik/otklik/services/segmentation/internal/interview"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// interviewing is a fixture with a contact of a company, a code and a client of the administrator.
func interviewing(t *testing.T) (*fixture, segmentationv1.InterviewServiceClient) {
	t.Helper()
	f := newFixture(t)
	upsert(t, f, &segmentationv1.Unit{Name: "companies/alpha"})
	upsertContact(t, f, &segmentationv1.Contact{Name: "contacts/c-1", Company: "companies/alpha"})
	upsertContact(t, f, &segmentationv1.Contact{Name: "contacts/c-2"})
	c := segmentationv1.NewInterviewServiceClient(f.as("admin"))
	_, err := c.UpdateInterviewCodeBook(t.Context(), &segmentationv1.UpdateInterviewCodeBookRequest{InterviewCodeBook: &segmentationv1.InterviewCodeBook{
		Codes: []*segmentationv1.InterviewCode{
			{Id: "price", DisplayName: text("Price")}, {Id: "speed", DisplayName: text("Speed")}, {Id: "old", DisplayName: text("Old"), Retired: true},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	return f, c
}

func text(s string) *typev1.LocalizedText {
	return &typev1.LocalizedText{Texts: map[string]string{"ru": s, "ky": s, "en": s}}
}

func create(t *testing.T, c segmentationv1.InterviewServiceClient, id string, i *segmentationv1.Interview) *segmentationv1.Interview {
	t.Helper()
	out, err := c.CreateInterview(t.Context(), &segmentationv1.CreateInterviewRequest{InterviewId: id, Interview: i})
	if err != nil {
		t.Fatal(err)
	}
	return out.GetInterview()
}

func TestInterviewsAreHeld(t *testing.T) {
	t.Parallel()
	f, c := interviewing(t)
	made := create(t, c, "one", &segmentationv1.Interview{Contact: "contacts/c-1"})
	if made.GetState() != segmentationv1.Interview_STATE_OPEN || made.GetCompany() != "companies/alpha" || made.GetOrigin() != segmentationv1.Interview_ORIGIN_MANUAL {
		t.Errorf("made %v", made)
	}
	if again := create(t, c, "one", &segmentationv1.Interview{Contact: "contacts/c-1"}); !proto.Equal(again, made) {
		t.Errorf("made again %v", again)
	}
	_, err := c.CreateInterview(t.Context(), &segmentationv1.CreateInterviewRequest{Interview: &segmentationv1.Interview{Contact: "contacts/c-1"}})
	refused(t, "a second with the contact", err, codes.FailedPrecondition, "INTERVIEW_EXISTS", "interview.contact")
	at := timestamppb.New(noon.Add(24 * time.Hour))
	arranged, err := c.UpdateInterview(t.Context(), &segmentationv1.UpdateInterviewRequest{Interview: &segmentationv1.Interview{
		Name: made.GetName(), Etag: made.GetEtag(), State: segmentationv1.Interview_STATE_SCHEDULED, Interviewer: "members/a", ScheduleTime: at,
	}})
	if err != nil || arranged.GetInterview().GetState() != segmentationv1.Interview_STATE_SCHEDULED {
		t.Fatalf("arranged %v, %v", arranged, err)
	}
	_, err = c.UpdateInterview(t.Context(), &segmentationv1.UpdateInterviewRequest{Interview: &segmentationv1.Interview{Name: made.GetName(), Etag: made.GetEtag(), Notes: "n"}})
	refused(t, "an old etag", err, codes.Aborted, "ETAG_MISMATCH", "interview.etag")
	brought := &segmentationv1.Interview{
		Notes: "called back twice", Codes: []string{"price"}, Answers: []*segmentationv1.InterviewAnswer{{Question: "wish", Text: "one person to talk to"}},
		Findings: []*segmentationv1.InterviewFinding{{Survey: "surveys/visits", Question: "speed", Kind: segmentationv1.InterviewFinding_KIND_WEAKNESS, Text: "slow on Fridays"}},
	}
	held, err := c.CompleteInterview(t.Context(), &segmentationv1.CompleteInterviewRequest{Name: made.GetName(), Result: brought})
	if err != nil || held.GetInterview().GetState() != segmentationv1.Interview_STATE_COMPLETED || held.GetInterview().GetNotes() != "called back twice" {
		t.Fatalf("held %v, %v", held, err)
	}
	again, err := c.CompleteInterview(t.Context(), &segmentationv1.CompleteInterviewRequest{Name: made.GetName(), Result: brought})
	if err != nil || !proto.Equal(again.GetInterview(), held.GetInterview()) {
		t.Errorf("held again %v, %v", again, err)
	}
	_, err = c.CompleteInterview(t.Context(), &segmentationv1.CompleteInterviewRequest{Name: made.GetName(), Result: &segmentationv1.Interview{Notes: "else"}})
	refused(t, "held otherwise", err, codes.FailedPrecondition, "INTERVIEW_STATE", "result.state")
	got, err := c.GetInterview(t.Context(), &segmentationv1.GetInterviewRequest{Name: made.GetName()})
	if err != nil || got.GetInterview().GetFindings()[0].GetText() != "slow on Fridays" || got.GetInterview().GetAnswers()[0].GetText() != "one person to talk to" {
		t.Errorf("got %v, %v", got, err)
	}
	seenByOthers(t, f, made.GetName())
}

// seenByOthers looks at an interview as those who may not see words, and as those of other units and organisations.
func seenByOthers(t *testing.T, f *fixture, name string) {
	t.Helper()
	blind, err := segmentationv1.NewInterviewServiceClient(f.as("blind")).GetInterview(t.Context(), &segmentationv1.GetInterviewRequest{Name: name})
	if i := blind.GetInterview(); err != nil || i.GetNotes() != "" || len(i.GetAnswers()) != 0 || i.GetFindings()[0].GetText() != "" || len(i.GetWithheldFields()) == 0 || len(i.GetCodes()) != 1 {
		t.Errorf("withheld %v, %v", blind, err)
	}
	_, err = segmentationv1.NewInterviewServiceClient(f.as("blind")).UpdateInterview(t.Context(), &segmentationv1.UpdateInterviewRequest{
		Interview: &segmentationv1.Interview{Name: name, Notes: "over what is not seen"},
	})
	refused(t, "written blindly", err, codes.PermissionDenied, "PERMISSION_DENIED", "")
	for _, who := range []string{"osh", "other"} {
		_, err := segmentationv1.NewInterviewServiceClient(f.as(who)).GetInterview(t.Context(), &segmentationv1.GetInterviewRequest{Name: name})
		refused(t, "as "+who, err, codes.NotFound, "INTERVIEW_NOT_FOUND", "")
	}
	list, err := segmentationv1.NewInterviewServiceClient(f.as("osh")).ListInterviews(t.Context(), &segmentationv1.ListInterviewsRequest{
		States: []segmentationv1.Interview_State{segmentationv1.Interview_STATE_COMPLETED},
	})
	if err != nil || len(list.GetInterviews()) != 0 {
		t.Errorf("of another unit: %v, %v", list, err)
	}
	list, err = segmentationv1.NewInterviewServiceClient(f.as("admin")).ListInterviews(t.Context(), &segmentationv1.ListInterviewsRequest{
		States: []segmentationv1.Interview_State{segmentationv1.Interview_STATE_COMPLETED}, Code: "price",
	})
	if err != nil || len(list.GetInterviews()) != 1 || list.GetInterviews()[0].GetNotes() == "" {
		t.Errorf("with a code: %v, %v", list, err)
	}
}

func TestInterviewsAreRefused(t *testing.T) {
	t.Parallel()
	_, c := interviewing(t)
	for what, r := range map[string]struct {
		interview     *segmentationv1.Interview
		code          codes.Code
		reason, field string
	}{
		"an unknown contact":  {&segmentationv1.Interview{Contact: "contacts/none"}, codes.InvalidArgument, "INTERVIEW_INVALID", "interview.contact"},
		"an unknown code":     {&segmentationv1.Interview{Contact: "contacts/c-2", Codes: []string{"none"}}, codes.InvalidArgument, "INTERVIEW_INVALID", "interview.codes[0]"},
		"a retired code":      {&segmentationv1.Interview{Contact: "contacts/c-2", Codes: []string{"old"}}, codes.InvalidArgument, "INTERVIEW_INVALID", "interview.codes[0]"},
		"an unknown question": {&segmentationv1.Interview{Contact: "contacts/c-2", Answers: []*segmentationv1.InterviewAnswer{{Question: "none", Text: "x"}}}, codes.InvalidArgument, "INTERVIEW_INVALID", "interview.answers[0].question"},
		"an unknown item": {&segmentationv1.Interview{Contact: "contacts/c-2", Findings: []*segmentationv1.InterviewFinding{
			{Survey: "surveys/visits", Question: "sped", Kind: segmentationv1.InterviewFinding_KIND_WISH},
		}}, codes.InvalidArgument, "INTERVIEW_INVALID", "interview.findings[0].question"},
		"nobody to hold it": {&segmentationv1.Interview{Contact: "contacts/c-2", ScheduleTime: timestamppb.New(noon)}, codes.FailedPrecondition, "INTERVIEW_STATE", "interview.interviewer"},
	} {
		_, err := c.CreateInterview(t.Context(), &segmentationv1.CreateInterviewRequest{Interview: r.interview})
		refused(t, what, err, r.code, r.reason, r.field)
	}
	made := create(t, c, "two", &segmentationv1.Interview{Contact: "contacts/c-2", Codes: []string{"speed"}})
	_, err := c.UpdateInterview(t.Context(), &segmentationv1.UpdateInterviewRequest{
		Interview: &segmentationv1.Interview{Name: made.GetName(), State: segmentationv1.Interview_STATE_COMPLETED}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"state"}},
	})
	refused(t, "completed by an update", err, codes.FailedPrecondition, "INTERVIEW_STATE", "interview.state")
	_, err = c.UpdateInterviewCodeBook(t.Context(), &segmentationv1.UpdateInterviewCodeBookRequest{InterviewCodeBook: &segmentationv1.InterviewCodeBook{
		Codes: []*segmentationv1.InterviewCode{{Id: "price", DisplayName: text("Price")}},
	}})
	refused(t, "a book without a code in use", err, codes.FailedPrecondition, "INTERVIEW_STATE", "interview_code_book.codes")
}

func TestGuidesAreWritten(t *testing.T) {
	t.Parallel()
	_, c := interviewing(t)
	built, err := c.GetInterviewGuide(t.Context(), &segmentationv1.GetInterviewGuideRequest{Name: "interviewGuides/visits"})
	if err != nil || built.GetInterviewGuide().GetName() != "interviewGuides/default" || len(built.GetInterviewGuide().GetQuestions()) < 5 {
		t.Fatalf("built in: %v, %v", built, err)
	}
	own := &segmentationv1.InterviewGuide{Name: "interviewGuides/visits", Questions: []*segmentationv1.GuideQuestion{{Id: "why", Text: text("Why?"), Item: "speed"}}}
	written, err := c.UpdateInterviewGuide(t.Context(), &segmentationv1.UpdateInterviewGuideRequest{InterviewGuide: own})
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.GetInterviewGuide(t.Context(), &segmentationv1.GetInterviewGuideRequest{Name: "interviewGuides/visits"})
	if err != nil || !proto.Equal(got.GetInterviewGuide(), written.GetInterviewGuide()) {
		t.Errorf("got %v, %v", got, err)
	}
	made := create(t, c, "g", &segmentationv1.Interview{Contact: "contacts/c-2", Survey: "surveys/visits", Answers: []*segmentationv1.InterviewAnswer{{Question: "why", Text: "late"}}})
	if made.GetAnswers()[0].GetQuestion() != "why" {
		t.Errorf("answers %v", made.GetAnswers())
	}
	own.Etag = "old"
	_, err = c.UpdateInterviewGuide(t.Context(), &segmentationv1.UpdateInterviewGuideRequest{InterviewGuide: own})
	refused(t, "an old etag", err, codes.Aborted, "ETAG_MISMATCH", "interview_guide.etag")
	own.Etag, own.Questions[0].Text = "", &typev1.LocalizedText{Texts: map[string]string{"ru": "Почему?"}}
	_, err = c.UpdateInterviewGuide(t.Context(), &segmentationv1.UpdateInterviewGuideRequest{InterviewGuide: own})
	refused(t, "one language", err, codes.InvalidArgument, "INTERVIEW_INVALID", "interview_guide.questions[0].text")
	own.Name, own.Questions[0].Text = "interviewGuides/default", text("Why?")
	_, err = c.UpdateInterviewGuide(t.Context(), &segmentationv1.UpdateInterviewGuideRequest{InterviewGuide: own})
	refused(t, "the built-in one", err, codes.FailedPrecondition, "INTERVIEW_INVALID", "interview_guide.name")
}

// TestWordsOfNobodyKnown: what was said by somebody whom the directory knows by answers alone is under the person's own key, and not readable without.
func TestWordsOfNobodyKnown(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	text, err := f.keeper.Pseudonym(t.Context(), "acme", "anna")
	if err != nil {
		t.Fatal(err)
	}
	person, _ := seal.ParsePseudonym(text)
	key, err := f.keeper.KeyFor(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	i := interviewed{Interview: interview.Interview{Organization: "acme", Contact: directory.KnownAs(person)}, words: interview.Words{Notes: "called back twice"}}
	if i.Sealed, err = f.api.sealWords(t.Context(), i); err != nil {
		t.Fatal(err)
	}
	list := []interview.Interview{i.Interview}
	words, err := f.api.openWords(t.Context(), list)
	if err != nil || words[0].Notes != "called back twice" {
		t.Fatalf("words %+v, %v", words, err)
	}
	if _, err := f.keeper.Destroy(t.Context(), []string{key.ID}); err != nil {
		t.Fatal(err)
	}
	words, err = f.api.openWords(t.Context(), list)
	if err != nil || !words[0].IsZero() {
		t.Errorf("words after the person was erased: %+v, %v", words, err)
	}
}
