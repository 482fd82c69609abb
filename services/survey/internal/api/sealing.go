package api

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/seal"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// sealResponse completes the record of a response that is admitted: what it says of a person is sealed with a key of the person's own. The message stays
// as it is.
func (s *Server) sealResponse(ctx context.Context, org, survey string, in *submission[*surveyv1.Response]) error {
	m := in.message
	who, err := s.subject(ctx, org, survey, m.GetRespondent(), m.GetInvitation())
	if err != nil || who.bytes == nil {
		return err
	}
	in.record.Person = who.bytes
	rest, personal := takeOut(m, who.pseudonym)
	if personal == nil {
		return nil
	}
	key, err := s.keeper.KeyFor(ctx, who.pseudonym)
	if err != nil {
		return err
	}
	p := parts{takenOut: true}
	if p.sealed, err = sealMessage(key, personal, org, m.GetName()); err != nil {
		return err
	}
	if in.record.Body, err = encodeStored(rest, p); err != nil {
		return err
	}
	for _, given := range m.GetConsents() {
		c := &surveyv1.Consent{Respondent: m.GetRespondent(), Given: given, Response: m.GetName(), Recorder: recorder(ctx), CreateTime: m.GetReceiveTime()}
		record, err := sealConsent(key, org, who, c)
		if err != nil {
			return err
		}
		in.record.Consents = append(in.record.Consents, record)
	}
	return nil
}

// sealRefusal is sealResponse for a refusal.
func (s *Server) sealRefusal(ctx context.Context, org, survey string, in *submission[*surveyv1.Refusal]) error {
	m := in.message
	who, err := s.subject(ctx, org, survey, m.GetRespondent(), m.GetInvitation())
	if err != nil || who.bytes == nil {
		return err
	}
	in.record.Person = who.bytes
	if m.GetRespondent() == "" {
		return nil
	}
	key, err := s.keeper.KeyFor(ctx, who.pseudonym)
	if err != nil {
		return err
	}
	p := parts{takenOut: true}
	if p.sealed, err = sealMessage(key, &surveyv1.Refusal{Respondent: m.GetRespondent()}, org, m.GetName()); err != nil {
		return err
	}
	in.record.Body, err = encodeStored(takeOutOfRefusal(m, who.pseudonym), p)
	return err
}

// takeOutOfRefusal is a refusal with a pseudonym in place of the respondent.
func takeOutOfRefusal(m *surveyv1.Refusal, pseudonym string) *surveyv1.Refusal {
	out := &surveyv1.Refusal{
		Name: m.Name, Kind: m.Kind, RefuseTime: m.RefuseTime, Language: m.Language, Context: m.Context, Invitation: m.Invitation,
		ReceiveTime: m.ReceiveTime, CountTime: m.CountTime,
	}
	if m.GetRespondent() != "" {
		out.Respondent = pseudonym
	}
	return out
}

func sealMessage(key seal.Key, m proto.Message, org, name string) ([]byte, error) {
	// Nobody compares sealed parts, nor bodies: they need not be deterministic, which takes longer.
	text, err := proto.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode what is said of a person: %w", err)
	}
	sealed, err := seal.Seal(key, text, associated(org, name))
	if err != nil {
		return nil, fmt.Errorf("seal what is said of a person: %w", err)
	}
	return sealed, nil
}

// openMessage is the inverse of sealMessage.
func openMessage(key seal.Key, sealed []byte, m proto.Message, org, name string) error {
	text, err := seal.Open(key, sealed, associated(org, name))
	if err != nil {
		return fmt.Errorf("open what is said of a person in %s: %w", name, err)
	}
	if err := proto.Unmarshal(text, m); err != nil {
		return fmt.Errorf("decode what is said of a person in %s: %w", name, err)
	}
	return nil
}

// encodeStored is the body of a message; names, which follow from the record, are left out.
func encodeStored(m proto.Message, p parts) ([]byte, error) {
	switch m := m.(type) {
	case *surveyv1.Response:
		m.Name, m.Revision, m.WithheldFields = "", "", nil
	case *surveyv1.Refusal:
		m.Name, m.WithheldFields = "", nil
	}
	body, err := proto.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode submission: %w", err)
	}
	return p.appendTo(body), nil
}

// recorder is the credential by which something is recorded.
func recorder(ctx context.Context) string {
	p, _ := authn.FromContext(ctx)
	return p.ID
}
