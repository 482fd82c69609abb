package api

import (
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/timestamppb"
	"pgregory.net/rapid"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/survey/internal/intake"
	"github.com/otklik/otklik/services/survey/internal/lifecycle"
	"github.com/otklik/otklik/services/survey/internal/questionnaire"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// draw fills a message with random values, every field by chance.
func draw(t *rapid.T, m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		if depth <= 0 && fd.Kind() == protoreflect.MessageKind || rapid.IntRange(0, 3).Draw(t, "leave out") == 0 {
			continue
		}
		switch {
		case fd.IsMap():
			for range rapid.IntRange(0, 3).Draw(t, "entries") {
				key := protoreflect.ValueOfString(rapid.StringMatching(`[a-z]{1,3}`).Draw(t, "key")).MapKey()
				m.Mutable(fd).Map().Set(key, drawValue(t, fd.MapValue(), func() protoreflect.Value { return m.Mutable(fd).Map().NewValue() }, depth))
			}
		case fd.IsList():
			for range rapid.IntRange(0, 3).Draw(t, "items") {
				m.Mutable(fd).List().Append(drawValue(t, fd, func() protoreflect.Value { return m.Mutable(fd).List().NewElement() }, depth))
			}
		default:
			m.Set(fd, drawValue(t, fd, func() protoreflect.Value { return m.NewField(fd) }, depth))
		}
	}
}

func drawValue(t *rapid.T, fd protoreflect.FieldDescriptor, fresh func() protoreflect.Value, depth int) protoreflect.Value {
	switch fd.Kind() {
	case protoreflect.MessageKind:
		v := fresh()
		if fd.Message().FullName() == "google.protobuf.Timestamp" {
			at := rapid.Int64Range(-9_000_000_000, 9_000_000_000).Draw(t, "seconds")
			return protoreflect.ValueOfMessage(timestamppb.New(time.Unix(at, 1000)).ProtoReflect())
		}
		draw(t, v.Message(), depth-1)
		return v
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(rapid.StringN(0, 8, 20).Draw(t, string(fd.Name())))
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(rapid.Bool().Draw(t, string(fd.Name())))
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(rapid.Int32().Draw(t, string(fd.Name())))
	case protoreflect.DoubleKind:
		return protoreflect.ValueOfFloat64(rapid.Float64().Draw(t, string(fd.Name())))
	case protoreflect.EnumKind:
		n := rapid.IntRange(0, fd.Enum().Values().Len()-1).Draw(t, string(fd.Name()))
		return protoreflect.ValueOfEnum(fd.Enum().Values().Get(n).Number())
	default:
		t.Fatalf("field %s: no generator for %v", fd.FullName(), fd.Kind())
		return protoreflect.Value{}
	}
}

func TestResponseRoundTrip(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		in := &surveyv1.Response{}
		draw(t, in.ProtoReflect(), 4)
		sub, err := newResponse("visit", "id-1", in)
		if err != nil {
			t.Fatal(err)
		}
		verdict := intake.Verdict{CountTime: now.Add(-time.Hour), Late: rapid.Bool().Draw(t, "late"), ClockAhead: rapid.Bool().Draw(t, "ahead")}
		if err := completeResponse(&sub, "visit", 3, now, verdict); err != nil {
			t.Fatal(err)
		}
		r := sub.record
		got, _, err := responseFromRecord(store.Submission{Survey: "visit", ID: r.ID, Revision: r.Revision, Body: r.Body})
		if err != nil || !proto.Equal(got, sub.message) {
			t.Fatalf("got %v\nwant %v, %v", got, sub.message, err)
		}
		if got.GetName() != "surveys/visit/responses/id-1" || got.GetRevision() != "surveys/visit/revisions/3" || !r.CountTime.Equal(verdict.CountTime) {
			t.Fatalf("got %v", got)
		}
	})
}

func TestRefusalRoundTrip(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		in := &surveyv1.Refusal{}
		draw(t, in.ProtoReflect(), 3)
		sub, err := newRefusal("visit", "id-1", in)
		if err != nil {
			t.Fatal(err)
		}
		sub.message.ReceiveTime, sub.message.CountTime = timestamppb.New(now), timestamppb.New(now)
		if err := sub.finish(now, &surveyv1.Refusal{ReceiveTime: sub.message.ReceiveTime, CountTime: sub.message.CountTime}); err != nil {
			t.Fatal(err)
		}
		got, _, err := refusalFromRecord(store.Submission{Survey: "visit", ID: sub.record.ID, Body: sub.record.Body})
		if err != nil || !proto.Equal(got, sub.message) {
			t.Fatalf("got %v\nwant %v, %v", got, sub.message, err)
		}
	})
}

func TestSurveyAndRevisionRoundTrip(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		q := &surveyv1.Questionnaire{}
		draw(t, q.ProtoReflect(), 5)
		// The scales on which answers count are told of what was stored before they were, too.
		stored := proto.CloneOf(q)
		fillOutputs(q)
		body, err := surveyBody("Name", stored)
		if err != nil {
			t.Fatal(err)
		}
		got, err := surveyFromRecord(store.Survey{ID: "visit", Status: lifecycle.Status{State: lifecycle.Closed, Revision: 2, CloseTime: now},
			Version: 5, CreateTime: now, UpdateTime: now, Body: body})
		if err != nil || got.GetDisplayName() != "Name" || !proto.Equal(got.GetDraft(), q) || got.GetName() != "surveys/visit" ||
			got.GetCurrentRevision() != "surveys/visit/revisions/2" || !got.GetCloseTime().AsTime().Equal(now) {
			t.Fatalf("got %v, %v", got, err)
		}
		if body, err = encode(stored); err != nil {
			t.Fatal(err)
		}
		r, err := revisionFromRecord(store.Revision{Survey: "visit", Number: 2, PublishTime: now, Body: body})
		if err != nil || !proto.Equal(r.GetQuestionnaire(), q) || r.GetName() != "surveys/visit/revisions/2" {
			t.Fatalf("got %v, %v", r, err)
		}
		// Whatever comes is converted; the check says what is wrong with it.
		questionnaire.Check(questionnaireFromProto(q), "d")
	})
}

// TestFingerprintCoversWhatClientsSend changes each field of a response in turn: exactly the output-only ones make no other fingerprint.
func TestFingerprintCoversWhatClientsSend(t *testing.T) {
	outputs := map[protoreflect.Name]bool{"name": true, "receive_time": true, "count_time": true, "flags": true, "withheld_fields": true}
	print := func(m *surveyv1.Response) string {
		sub, err := newResponse("visit", "id", proto.CloneOf(m))
		if err != nil {
			t.Fatal(err)
		}
		return string(sub.record.Fingerprint)
	}
	base := &surveyv1.Response{Answers: []*surveyv1.Answer{{Question: "q", Value: &surveyv1.Answer_Score{Score: 1}}}}
	fields := base.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		fd := fields.Get(i)
		changed := proto.CloneOf(base)
		m := changed.ProtoReflect()
		switch {
		case fd.IsList() && fd.Kind() == protoreflect.MessageKind:
			m.Mutable(fd).List().AppendMutable()
		case fd.IsList() && fd.Kind() == protoreflect.StringKind:
			m.Mutable(fd).List().Append(protoreflect.ValueOfString("x"))
		case fd.IsList():
			m.Mutable(fd).List().Append(protoreflect.ValueOfEnum(1))
		case fd.Kind() == protoreflect.MessageKind:
			m.Mutable(fd)
		case fd.Kind() == protoreflect.StringKind:
			m.Set(fd, protoreflect.ValueOfString("x"))
		case fd.Kind() == protoreflect.DoubleKind:
			m.Set(fd, protoreflect.ValueOfFloat64(2))
		default:
			t.Fatalf("field %s: no change for %v", fd.Name(), fd.Kind())
		}
		if same := print(changed) == print(base); same != outputs[fd.Name()] {
			t.Errorf("field %s: the same fingerprint %v", fd.Name(), same)
		}
	}
}

// TestFingerprintStaysTheSame: fingerprints are stored, and retries cross upgrades. If this fails after an upgrade of protobuf, its encoding has
// changed, and stored fingerprints must go on being recognised.
func TestFingerprintStaysTheSame(t *testing.T) {
	sub, err := newResponse("visit", "id", &surveyv1.Response{
		Revision: "surveys/visit/revisions/1", AnswerTime: &timestamppb.Timestamp{Seconds: 1772362800, Nanos: 5}, Language: "ky",
		Context:    &typev1.Context{Touchpoint: "checkout", Channel: "kiosk", Location: "osh", Attributes: map[string]string{"b": "2", "a": "1", "c": "Ысык-Көл"}},
		Respondent: "r", Invitation: "i", Weight: proto.Float64(1.5),
		Answers: []*surveyv1.Answer{
			{Question: "a", Value: &surveyv1.Answer_Score{Score: 9}, Comment: "жакшы"},
			{Question: "b", Value: &surveyv1.Answer_Choice{Choice: &surveyv1.ChoiceAnswer{Options: []string{"x", "y"}}}},
			{Question: "c", Value: &surveyv1.Answer_FreeText{FreeText: "text"}}, {Question: "d", Value: &surveyv1.Answer_Score{}},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := hex.EncodeToString(sub.record.Fingerprint), "337a157f79007558dfb76b14e367dd0a"; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}

func TestNames(t *testing.T) {
	for _, bad := range []string{"", "surveys/", "surveys", "survey/a", "surveys/a/b", "/surveys/a"} {
		if id, err := parseSurvey(bad); err == nil {
			t.Errorf("%q is the survey %q", bad, id)
		}
	}
	for _, bad := range []string{"", "surveys/a/revisions/", "surveys/a/revisions/0", "surveys/a/revisions/01", "surveys/a/revisions/-1", "surveys/a/revisions/1/x",
		"surveys/a/revisions/99999999999", "surveys//revisions/1", "surveys/a/b/revisions/1", "surveys/a/responses/1", "surveys/a/revisions/+1"} {
		if survey, n, ok := parseRevision(bad); ok {
			t.Errorf("%q is revision %d of %q", bad, n, survey)
		}
	}
	if survey, n, ok := parseRevision(revisionName("a-1", 12)); !ok || survey != "a-1" || n != 12 {
		t.Errorf("got %q, %d, %v", survey, n, ok)
	}
	if survey, id, err := parseChild(responseName("a", "b.c"), responsesCollection); err != nil || survey != "a" || id != "b.c" {
		t.Errorf("got %q, %q, %v", survey, id, err)
	}
}

// FuzzConvert: whatever message a client manages to send, converting and checking it does not panic, and what is stored of it can be read.
func FuzzConvert(f *testing.F) {
	seed, err := encode(&surveyv1.Response{Revision: "x", Answers: []*surveyv1.Answer{{Question: "q", Value: &surveyv1.Answer_Score{Score: 1}}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add([]byte{})
	q := &surveyv1.Questionnaire{DefaultLanguage: "en", Questions: []*surveyv1.Question{{Id: "q", Kind: &surveyv1.Question_Rating{}}}}
	form := questionnaire.Compile(questionnaireFromProto(q))
	f.Fuzz(func(t *testing.T, data []byte) {
		draft := &surveyv1.Questionnaire{}
		if proto.Unmarshal(data, draft) == nil {
			fillOutputs(draft)
			if v := questionnaire.Check(questionnaireFromProto(draft), "d"); v.Empty() {
				questionnaire.Compile(questionnaireFromProto(draft))
			}
		}
		in := &surveyv1.Response{}
		if proto.Unmarshal(data, in) != nil {
			return
		}
		form.Check(answersFromProto(in.GetAnswers()), "a")
		sub, err := newResponse("visit", "id", in)
		if err != nil {
			t.Fatal(err)
		}
		got, _, err := responseFromRecord(store.Submission{Survey: "visit", ID: "id", Revision: 1, Body: sub.record.Body})
		if err != nil || strings.TrimPrefix(got.GetName(), "surveys/visit/responses/") != "id" {
			t.Fatalf("%v, %v", got, err)
		}
	})
}
