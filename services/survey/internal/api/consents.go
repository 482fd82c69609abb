package api

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/seal"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/questionnaire"
	"github.com/otklik/otklik/services/survey/internal/store"
)

const (
	consentsCollection = "consents/"
	// maxConsents is the most decisions of an answer.
	maxConsents = 1000
)

// checkConsents refuses decisions of nobody and several for one purpose.
func checkConsents(v *questionnaire.Violations, base string, m *surveyv1.Response) {
	if len(m.GetConsents()) == 0 {
		return
	}
	if m.GetRespondent() == "" {
		v.Add(base+".respondent", questionnaire.ReasonRespondentMissing, "is empty, and consents are somebody's: say whose, or leave the consents out")
	}
	first := make(map[surveyv1.Purpose]int, len(m.GetConsents()))
	for i, c := range m.GetConsents() {
		path := fmt.Sprintf("%s.consents[%d]", base, i)
		if j, ok := first[c.GetPurpose()]; ok {
			v.Add(path+".purpose", questionnaire.ReasonConsentDuplicate, fmt.Sprintf("consents[%d] is for the same purpose; keep one", j))
		} else {
			first[c.GetPurpose()] = i
		}
		checkConsent(v, path, c)
	}
}

func checkConsent(v *questionnaire.Violations, path string, c *surveyv1.ConsentGiven) {
	if questionnaire.HasControl(c.GetEvidence(), true) {
		v.Add(path+".evidence", questionnaire.ReasonControlCharacter, "holds a control character; remove it (tab and line breaks are allowed)")
	}
	if t := c.GetDecideTime(); t != nil && !t.IsValid() {
		v.Add(path+".decide_time", questionnaire.ReasonTimestampInvalid, "must lie between the years 1 and 9999, with nanos from 0 to 999,999,999")
	}
}

// consentIDs spells identifiers so that their order is that of the bytes.
var consentIDs = base32.HexEncoding.WithPadding(base32.NoPadding)

// newConsentID makes an identifier that begins with the moment.
func newConsentID(now time.Time) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], uint64(now.UnixMicro()))
	// crypto/rand.Read never fails since Go 1.24: it ends the process instead.
	_, _ = rand.Read(b[8:])
	return strings.ToLower(consentIDs.EncodeToString(b[:]))
}

// sealConsent is the record of a decision, to which it gives a name.
func sealConsent(key seal.Key, org string, who person, c *surveyv1.Consent) (store.Consent, error) {
	id := newConsentID(c.GetCreateTime().AsTime())
	c.Name = consentsCollection + id
	body, err := sealMessage(key, c, org, c.GetName())
	return store.Consent{Organization: org, Person: who.bytes, ID: id, Key: key.ID, Body: body}, err
}

// RecordConsent records what a person decided for a purpose.
func (s *surveyServer) RecordConsent(ctx context.Context, req *surveyv1.RecordConsentRequest) (*surveyv1.RecordConsentResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	if want, ok := boundOf(ctx)[boundRespondent]; ok && req.GetRespondent() != want {
		return nil, boundElsewhere("respondent", "must be the respondent that the credential belongs to")
	}
	var v questionnaire.Violations
	checkIdentifier(&v, "respondent", req.GetRespondent())
	checkConsent(&v, "given", req.GetGiven())
	if !v.Empty() {
		return nil, validation.Malformed(v.List[0].Field, v.List[0].Reason, v.List[0].Description)
	}
	who, err := s.personOf(ctx, org, req.GetRespondent())
	if err != nil {
		return nil, err
	}
	key, err := s.keeper.KeyFor(ctx, who.pseudonym)
	if err != nil {
		return nil, err
	}
	c := &surveyv1.Consent{Respondent: req.GetRespondent(), Given: req.GetGiven(), Recorder: recorder(ctx), CreateTime: timestamppb.New(s.now())}
	record, err := sealConsent(key, org, who, c)
	if err != nil {
		return nil, err
	}
	content, err := encode(req.GetGiven())
	if err != nil {
		return nil, fmt.Errorf("encode consent: %w", err)
	}
	print := fingerprint(who.bytes, content)
	stored, replayed, err := s.store.RecordConsent(ctx, record, store.Request{Key: req.GetRequestId(), Fingerprint: print})
	if err != nil {
		return nil, requestError(err)
	}
	if !replayed {
		return &surveyv1.RecordConsentResponse{Consent: c}, nil
	}
	first, err := s.openConsents(ctx, []store.Consent{stored})
	if err != nil {
		return nil, err
	}
	if len(first) == 0 {
		// It was erased meanwhile: what came now stands in for it.
		c.Name = consentsCollection + stored.ID
		first = []*surveyv1.Consent{c}
	}
	return &surveyv1.RecordConsentResponse{Consent: first[0], Replayed: true}, nil
}

// openConsents opens decisions; those whose keys are destroyed are left out.
func (s *Server) openConsents(ctx context.Context, records []store.Consent) ([]*surveyv1.Consent, error) {
	ids := make([]string, len(records))
	for i, c := range records {
		ids[i] = c.Key
	}
	keys, err := s.keeper.Keys(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]*surveyv1.Consent, 0, len(records))
	for _, r := range records {
		key, ok := keys[r.Key]
		if !ok {
			continue
		}
		c := &surveyv1.Consent{}
		name := consentsCollection + r.ID
		if id, err := seal.KeyID(r.Body); err != nil || id != r.Key {
			return nil, fmt.Errorf("open %s: it is sealed with another key than the record says", name)
		}
		if err := openMessage(key, r.Body, c, r.Organization, name); err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	return out, nil
}

// QueryConsents tells where a person stands for each purpose, and lists all decisions.
func (s *surveyServer) QueryConsents(ctx context.Context, req *surveyv1.QueryConsentsRequest) (*surveyv1.QueryConsentsResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	who, err := s.personOf(ctx, org, req.GetRespondent())
	if err != nil {
		return nil, err
	}
	records, err := s.store.ListConsents(ctx, org, who.bytes, maxConsents)
	if err != nil {
		return nil, storeError(err)
	}
	all, err := s.openConsents(ctx, records)
	if err != nil {
		return nil, err
	}
	return &surveyv1.QueryConsentsResponse{Statuses: standing(all), Consents: all}, nil
}

// standing is where somebody stands for each purpose after these decisions, the newest first.
func standing(all []*surveyv1.Consent) []*surveyv1.ConsentStatus {
	var out []*surveyv1.ConsentStatus
	for number := surveyv1.Purpose(1); surveyv1.Purpose_name[int32(number)] != ""; number++ {
		status := &surveyv1.ConsentStatus{Purpose: number}
		for _, c := range all {
			if c.GetGiven().GetPurpose() == number && (status.Consent == nil || decided(c).After(decided(status.Consent))) {
				status.Consent, status.Granted = c, c.GetGiven().GetGranted()
			}
		}
		out = append(out, status)
	}
	return out
}

// decided is when a decision counts: when it was made, but never later than it was recorded. What was decided offline and comes late undoes nothing
// that was decided after it.
func decided(c *surveyv1.Consent) time.Time {
	at, recorded := c.GetGiven().GetDecideTime(), c.GetCreateTime().AsTime()
	if at == nil || at.AsTime().After(recorded) {
		return recorded
	}
	return at.AsTime()
}

// requestError explains an error of a call that a request id makes repeatable.
func requestError(err error) error {
	if errors.Is(err, store.ErrIDReused) {
		return idReused("request_id")
	}
	return storeError(err)
}
