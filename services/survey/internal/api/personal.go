package api

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/seal"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Stored bodies are messages with two fields of the store's own, which no version of the messages has.
const (
	// sealedField is what the message says of a person, sealed.
	sealedField protowire.Number = 1000
	// formField tells that what is said of a person was taken out of the message; a body without it may say it in the clear.
	formField protowire.Number = 1001
	// removedAtField is when something was removed, in seconds since 1970, in what the change log tells of a removal.
	removedAtField protowire.Number = 1002
)

// formTakenOut is the value of formField.
const formTakenOut = 1

// parts are the fields of the store's own in a body.
type parts struct {
	sealed []byte
	// takenOut tells that the message says nothing of a person by itself. Without sealed it was dropped since.
	takenOut bool
}

var errPartsMalformed = errors.New("the fields of the store's own are malformed")

// split takes the fields of the store's own out of a message that was decoded from a body.
func split(m proto.Message) (parts, error) {
	var p parts
	var faulty bool
	takeOwn(m, func(number protowire.Number, kind protowire.Type, value []byte) {
		switch {
		case number == sealedField && kind == protowire.BytesType:
			p.sealed, _ = protowire.ConsumeBytes(value)
		case number == formField && kind == protowire.VarintType:
			form, _ := protowire.ConsumeVarint(value)
			p.takenOut = form == formTakenOut
		default:
			faulty = true
		}
	})
	if faulty || len(p.sealed) > 0 && !p.takenOut {
		return parts{}, errPartsMalformed
	}
	return p, nil
}

// dropOwn takes the fields of the store's own out of a message that a client sent: it has none to send.
func dropOwn(m proto.Message) { takeOwn(m, func(protowire.Number, protowire.Type, []byte) {}) }

// takeOwn visits the fields of the store's own and takes them out. What proto.Unmarshal took for unknown fields is well-formed.
func takeOwn(m proto.Message, visit func(number protowire.Number, kind protowire.Type, value []byte)) {
	r := m.ProtoReflect()
	rest := []byte(r.GetUnknown())
	if len(rest) == 0 {
		return
	}
	var others []byte
	for len(rest) > 0 {
		number, kind, tag := protowire.ConsumeTag(rest)
		size := protowire.ConsumeFieldValue(number, kind, rest[max(tag, 0):])
		if tag < 0 || size < 0 {
			break
		}
		if number >= sealedField && number <= removedAtField {
			visit(number, kind, rest[tag:tag+size])
		} else {
			others = append(others, rest[:tag+size]...)
		}
		rest = rest[tag+size:]
	}
	r.SetUnknown(others)
}

// appendTo adds the fields to the encoding of a message.
func (p parts) appendTo(body []byte) []byte {
	if len(p.sealed) > 0 {
		body = protowire.AppendTag(body, sealedField, protowire.BytesType)
		body = protowire.AppendBytes(body, p.sealed)
	}
	if p.takenOut {
		body = protowire.AppendTag(body, formField, protowire.VarintType)
		body = protowire.AppendVarint(body, formTakenOut)
	}
	return body
}

// key is the identifier of the key that the part is sealed with; empty when there is none.
func (p parts) key() string {
	if len(p.sealed) == 0 {
		return ""
	}
	id, err := seal.KeyID(p.sealed)
	if err != nil {
		return ""
	}
	return id
}

// person is whom a submission is about.
type person struct {
	pseudonym string
	// bytes are those of the pseudonym.
	bytes []byte
}

// personOf is the person of a respondent.
func (s *Server) personOf(ctx context.Context, org, respondent string) (person, error) {
	if err := s.vault.refusal(); err != nil {
		return person{}, err
	}
	text, err := s.keeper.Pseudonym(ctx, org, respondent)
	if err != nil {
		return person{}, err
	}
	b, ok := seal.ParsePseudonym(text)
	if !ok {
		return person{}, fmt.Errorf("parse pseudonym: it has another form")
	}
	return person{text, b}, nil
}

// invitedTo is the person of an invitation of whom nothing else is known. No respondent has such an identifier, since control characters are
// refused.
func (s *Server) invitedTo(ctx context.Context, org, survey, invitation string) (person, error) {
	return s.personOf(ctx, org, "\x00"+survey+"\x00"+invitation)
}

// subject is the person whom a submission is about; zero when nothing is known of it.
func (s *Server) subject(ctx context.Context, org, survey, respondent, invitation string) (person, error) {
	switch {
	case respondent != "":
		return s.personOf(ctx, org, respondent)
	case invitation != "":
		return s.invitedTo(ctx, org, survey, invitation)
	}
	return person{}, nil
}

// associated is what a sealed part belongs to: it cannot be opened anywhere else. Readers of events need it as well.
func associated(org, name string) []byte { return []byte(org + "/" + name) }

// takeOut divides a response into what it says of a person and the rest, in which a pseudonym stands for the respondent. What is of neither is shared
// between both and the original, which stays as it is. personal is nil when nothing is said.
func takeOut(m *surveyv1.Response, pseudonym string) (rest, personal *surveyv1.Response) {
	rest = &surveyv1.Response{
		Name: m.Name, Revision: m.Revision, AnswerTime: m.AnswerTime, Language: m.Language, Context: m.Context, Invitation: m.Invitation,
		Answers: m.Answers, Weight: m.Weight, ReceiveTime: m.ReceiveTime, CountTime: m.CountTime, Flags: m.Flags,
	}
	words := takeWords(rest)
	if m.GetRespondent() != "" {
		rest.Respondent = pseudonym
	}
	if len(words) == 0 && m.GetRespondent() == "" && len(m.GetConsents()) == 0 {
		return rest, nil
	}
	return rest, &surveyv1.Response{Respondent: m.GetRespondent(), Answers: words, Consents: m.GetConsents()}
}

// takeWords replaces the answers of a response by such without words and returns the words. That a question was answered in words stays.
func takeWords(m *surveyv1.Response) (words []*surveyv1.Answer) {
	answers := m.GetAnswers()
	for i, a := range answers {
		text, isText := a.GetValue().(*surveyv1.Answer_FreeText)
		if a.GetComment() == "" && (!isText || text.FreeText == "") {
			continue
		}
		if len(words) == 0 {
			answers = append([]*surveyv1.Answer(nil), answers...)
		}
		said, left := &surveyv1.Answer{Question: a.GetQuestion(), Comment: a.GetComment()}, &surveyv1.Answer{Question: a.GetQuestion(), Value: a.GetValue()}
		if isText {
			said.Value, left.Value = text, &surveyv1.Answer_FreeText{}
		}
		words, answers[i] = append(words, said), left
	}
	m.Answers = answers
	return words
}

// putBack is the inverse of takeOut.
func putBack(rest, personal *surveyv1.Response) {
	rest.Respondent, rest.Consents = personal.GetRespondent(), personal.GetConsents()
	said := make(map[string]*surveyv1.Answer, len(personal.GetAnswers()))
	for _, a := range personal.GetAnswers() {
		said[a.GetQuestion()] = a
	}
	for _, a := range rest.GetAnswers() {
		words, ok := said[a.GetQuestion()]
		if !ok {
			continue
		}
		a.Comment = words.GetComment()
		if text, ok := words.GetValue().(*surveyv1.Answer_FreeText); ok {
			a.Value = text
		}
	}
}

// countWords is how many texts a response holds.
func countWords(m *surveyv1.Response) (n int) {
	for _, a := range m.GetAnswers() {
		if a.GetComment() != "" {
			n++
		}
		if a.GetFreeText() != "" {
			n++
		}
	}
	return n
}
