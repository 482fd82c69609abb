package api

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"pgregory.net/rapid"

	"github.com/otklik/otklik/libs/seal"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// drawnResponse is a random response whose answers are to different questions.
func drawnResponse(t *rapid.T) *surveyv1.Response {
	m := &surveyv1.Response{}
	draw(t, m.ProtoReflect(), 4)
	m.WithheldFields = nil
	for i, a := range m.GetAnswers() {
		a.Question = fmt.Sprintf("q%d", i)
	}
	return m
}

// TestTakeOutAndPutBack: whatever a response says, taking out what it says of a person and putting it back gives the response again, and neither its words
// nor the respondent are in the rest.
func TestTakeOutAndPutBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawnResponse(t)
		before := proto.CloneOf(m)
		shared, personal := takeOut(m, "p_x")
		rest := proto.CloneOf(shared)
		if !proto.Equal(m, before) {
			t.Fatal("the original was changed")
		}
		if countWords(rest) != 0 || len(rest.GetConsents()) != 0 || rest.GetRespondent() != "" && rest.GetRespondent() != "p_x" {
			t.Fatalf("left %v", rest)
		}
		if (personal == nil) != (countWords(m) == 0 && m.GetRespondent() == "" && len(m.GetConsents()) == 0) {
			t.Fatalf("said %v", personal)
		}
		putBack(rest, proto.CloneOf(personal))
		if !proto.Equal(rest, before) {
			t.Fatalf("got  %v\nwant %v", rest, before)
		}
	})
}

// TestRefusalKeepsAllButTheRespondent: a field that is added to refusals must be kept, too.
func TestRefusalKeepsAllButTheRespondent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := &surveyv1.Refusal{}
		draw(t, m.ProtoReflect(), 4)
		m.WithheldFields = nil
		rest := proto.CloneOf(takeOutOfRefusal(m, "p_x"))
		if rest.GetRespondent() != "" {
			rest.Respondent = m.GetRespondent()
		}
		if !proto.Equal(rest, m) {
			t.Fatalf("got  %v\nwant %v", rest, m)
		}
	})
}

// TestClientsCannotSendTheStoresFields: what a client sends under the numbers of the store's own fields is dropped, so that nothing is taken for sealed.
func TestClientsCannotSendTheStoresFields(t *testing.T) {
	forged := parts{sealed: []byte("x"), takenOut: true}
	later := protowire.AppendVarint(protowire.AppendTag(nil, 77, protowire.VarintType), 7)
	for name, unknown := range map[string][]byte{
		"both": forged.appendTo(nil), "twice": forged.appendTo(forged.appendTo(nil)), "another type": protowire.AppendVarint(protowire.AppendTag(nil, sealedField, protowire.VarintType), 1),
	} {
		m := &surveyv1.Response{Language: "ky"}
		m.ProtoReflect().SetUnknown(append(bytes.Clone(unknown), later...))
		in, err := newResponse("visit", "id", m)
		if err != nil {
			t.Fatal(err)
		}
		got, p, err := responseFromRecord(store.Submission{Survey: "visit", ID: "id", Body: in.record.Body})
		if err != nil || p.takenOut || len(p.sealed) > 0 || got.GetLanguage() != "ky" {
			t.Errorf("%s: %v, %+v, %v", name, got, p, err)
		}
		// A field of a later version stays.
		if !bytes.Equal(got.ProtoReflect().GetUnknown(), protoreflect.RawFields(later)) {
			t.Errorf("%s: %x is left", name, got.ProtoReflect().GetUnknown())
		}
		r := &surveyv1.Refusal{}
		r.ProtoReflect().SetUnknown(unknown)
		refusal, err := newRefusal("visit", "id", r)
		if err != nil {
			t.Fatal(err)
		}
		if _, p, err := refusalFromRecord(store.Submission{Survey: "visit", ID: "id", Body: refusal.record.Body}); err != nil || p.takenOut || len(p.sealed) > 0 {
			t.Errorf("%s: %+v, %v", name, p, err)
		}
	}
}

// TestSealedPartsBelongToTheirPlace: a sealed part is opened nowhere but where it belongs.
func TestSealedPartsBelongToTheirPlace(t *testing.T) {
	key := seal.NewKey(time.Now())
	sealed, err := sealMessage(key, &surveyv1.Response{Respondent: "r"}, "acme", "surveys/visit/responses/a")
	if err != nil {
		t.Fatal(err)
	}
	got := &surveyv1.Response{}
	if err := openMessage(key, sealed, got, "acme", "surveys/visit/responses/a"); err != nil || got.GetRespondent() != "r" {
		t.Fatalf("%v, %v", got, err)
	}
	for _, place := range [][2]string{{"globex", "surveys/visit/responses/a"}, {"acme", "surveys/visit/responses/b"}, {"acme", "surveys/visit/refusals/a"}} {
		if err := openMessage(key, sealed, &surveyv1.Response{}, place[0], place[1]); err == nil {
			t.Errorf("opened at %q", place)
		}
	}
}

// FuzzStoredBody: whatever lies in a row, reading it ends in a message or an error, and what is read is written and read again as the same.
func FuzzStoredBody(f *testing.F) {
	key := seal.NewKey(time.Now())
	plain, err := encode(&surveyv1.Response{Respondent: "p_x", Answers: []*surveyv1.Answer{{Question: "q", Value: &surveyv1.Answer_FreeText{}}}})
	if err != nil {
		f.Fatal(err)
	}
	sealed, err := sealMessage(key, &surveyv1.Response{Respondent: "r"}, "acme", "surveys/visit/responses/a")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(plain)
	f.Add(parts{sealed: sealed, takenOut: true}.appendTo(bytes.Clone(plain)))
	f.Add(parts{takenOut: true}.appendTo(nil))
	f.Add(parts{sealed: []byte{1, 200, 'a'}, takenOut: true}.appendTo(nil))
	f.Add(parts{sealed: sealed[:20]}.appendTo(bytes.Clone(plain)))
	f.Add([]byte{0xc2, 0x3e, 0xff})
	f.Fuzz(func(t *testing.T, body []byte) {
		m, p, err := responseFromRecord(store.Submission{Survey: "visit", ID: "a", Revision: 1, Body: body})
		if err != nil {
			return
		}
		if id := p.key(); id != "" && id == key.ID {
			personal := &surveyv1.Response{}
			if openMessage(key, p.sealed, personal, "acme", "surveys/visit/responses/a") == nil {
				putBack(proto.CloneOf(m), personal)
			}
		}
		again, err := encodeStored(proto.CloneOf(m), p)
		if err != nil {
			return // text that is no UTF-8
		}
		m2, p2, err := responseFromRecord(store.Submission{Survey: "visit", ID: "a", Revision: 1, Body: again})
		if m.WithheldFields = nil; err != nil || p2.takenOut != p.takenOut || !bytes.Equal(p2.sealed, p.sealed) || !equalBut(m, m2) {
			t.Fatalf("%v, %+v, %v\nwas %v, %+v", m2, p2, err, m, p)
		}
		if _, _, err := refusalFromRecord(store.Submission{Survey: "visit", ID: "a", Body: body}); err != nil {
			return
		}
	})
}

// equalBut compares encodings, in which NaN is what it is.
func equalBut(a, b *surveyv1.Response) bool {
	x, errX := encode(a)
	y, errY := encode(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}
