package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/store"

	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	// serviceName is the service in what is told of persons.
	serviceName = "scoring"
	// erasurePrefix begins the resource names of erasures.
	erasurePrefix = "erasures/"
	// removalPatience is how long a caller without a deadline waits for removals.
	removalPatience = 30 * time.Second
	// removalPause is the wait between two looks at what is applied.
	removalPause = 50 * time.Millisecond
	// recordsPerMessage is how many records a message of an export holds.
	recordsPerMessage = 100
	// asidePage is how many dead letters are read at a time.
	asidePage = 500
)

// personServer serves PersonService.
type personServer struct {
	scoringv1.UnimplementedPersonServiceServer
	server *Server
}

// ErasePerson waits until everything that the survey service removed of a person has left the scores, and tells what that was.
func (p *personServer) ErasePerson(ctx context.Context, req *scoringv1.ErasePersonRequest) (*scoringv1.ErasePersonResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	if err := p.server.awaitRemovals(ctx, org, req.GetPosition()); err != nil {
		return nil, err
	}
	e, err := p.server.Store.Erased(ctx, org, strings.TrimPrefix(req.GetErasure(), erasurePrefix))
	if err != nil {
		return nil, err
	}
	line := func(kind string, count int64) *typev1.Removal {
		return &typev1.Removal{Service: serviceName, Kind: kind, Place: "scores", Count: count}
	}
	return &scoringv1.ErasePersonResponse{Removals: []*typev1.Removal{
		line("responses", e.Responses), line("refusals", e.Refusals), line("dead_letters", e.Aside),
	}}, nil
}

// awaitRemovals waits until the organisation's events up to a position are applied and counted.
func (s *Server) awaitRemovals(ctx context.Context, org string, position int64) error {
	pending := refuse(codes.Unavailable, scoringv1.ErrorReason_ERROR_REASON_REMOVALS_PENDING,
		"what is to be erased has not reached the scores yet: try again", rpcerr.WithRetryAfter(streamRetryAfter))
	ctx, cancel := context.WithTimeout(ctx, removalPatience)
	defer cancel()
	for {
		done, err := s.Applier.AppliedUpTo(ctx, org, position)
		if done && err == nil {
			return s.Applier.CatchUp(ctx)
		}
		if err != nil && ctx.Err() == nil {
			// The survey service may be away; what is applied is asked again.
			s.Logger.WarnContext(ctx, "what is applied of an erasure cannot be told; trying again", "error", err)
		}
		if !pause(ctx, removalPause) {
			return pending
		}
	}
}

// ExportPerson streams everything that is kept about a person.
func (p *personServer) ExportPerson(req *scoringv1.ExportPersonRequest, stream grpc.ServerStreamingServer[scoringv1.ExportPersonResponse]) error {
	ctx := stream.Context()
	org, err := authn.Organization(ctx)
	if err != nil {
		return err
	}
	pseudonym := req.GetPerson()
	if pseudonym == "" {
		if pseudonym, err = p.server.pseudonym(ctx, org, req.GetRespondent()); err != nil {
			return err
		}
	}
	e := &export{server: p.server, ledger: store.Ledger{Organization: org}, pseudonym: pseudonym, protected: make(map[string]bool), send: stream.Send}
	return e.run(ctx)
}

// pseudonym is what the survey service calls a person.
func (s *Server) pseudonym(ctx context.Context, org, respondent string) (string, error) {
	unavailable := func(err error) error {
		return refuse(codes.Unavailable, scoringv1.ErrorReason_ERROR_REASON_ACCESS_SERVICE_UNAVAILABLE,
			"the access service, which knows the pseudonyms of persons, did not answer: try again", rpcerr.WithCause(err), rpcerr.WithRetryAfter(streamRetryAfter))
	}
	if s.Vault == nil {
		return "", unavailable(errors.New("there is no connection to the access service"))
	}
	r, err := accessv1.NewVaultServiceClient(s.Vault).GetPseudonymKey(rpcclient.WithOrganization(ctx, org), &accessv1.GetPseudonymKeyRequest{})
	if err != nil {
		return "", unavailable(err)
	}
	return seal.Pseudonym(r.GetKey(), respondent), nil
}

// export is what is kept about a person, on its way out.
type export struct {
	server    *Server
	ledger    store.Ledger
	pseudonym string
	// protected tells, by name, of surveys whether single answers are shown to nobody.
	protected map[string]bool
	send      func(*scoringv1.ExportPersonResponse) error
	records   []*typev1.PersonRecord
}

// run looks through the surveys of which a response names its respondent, and through all dead letters.
func (e *export) run(ctx context.Context) error {
	list, err := e.server.Store.Surveys(ctx, e.ledger)
	if err != nil {
		return err
	}
	for _, survey := range list {
		if err := e.survey(ctx, survey); err != nil {
			return fmt.Errorf("export survey %s: %w", survey, err)
		}
	}
	if err := e.deadLetters(ctx); err != nil {
		return fmt.Errorf("export dead letters: %w", err)
	}
	return e.flush()
}

func (e *export) survey(ctx context.Context, survey string) error {
	st := e.server.Store
	if any, err := st.HasRespondents(ctx, e.ledger, survey); err != nil || !any {
		return err
	}
	// Refusals name nobody; those of an invitation that the person answered are the person's.
	invitations := make(map[string]bool)
	err := st.Facts(ctx, e.ledger, survey, func(_ int64, f *fact.Fact) error {
		if f.Respondent != e.pseudonym {
			return nil
		}
		if f.Invitation != "" {
			invitations[f.Invitation] = true
		}
		return e.add(ctx, "responses", surveyPrefix+survey+"/responses/"+f.ID, f.CountTime, func() map[string]any { return factContent(f) })
	})
	if err != nil || len(invitations) == 0 {
		return err
	}
	return st.Refusals(ctx, e.ledger, survey, func(_ int64, r *fact.Refusal) error {
		if !invitations[r.Invitation] {
			return nil
		}
		return e.add(ctx, "refusals", surveyPrefix+survey+"/refusals/"+r.ID, r.CountTime, func() map[string]any { return refusalContent(r) })
	})
}

func (e *export) deadLetters(ctx context.Context) error {
	for after := int64(0); ; {
		list, err := e.server.Store.Aside(ctx, e.ledger, after, asidePage)
		if err != nil || len(list) == 0 {
			return err
		}
		for _, a := range list {
			after = a.Position
			letter, event := deadLetterToProto(a)
			if event.GetResponse().GetRespondent() != e.pseudonym && event.GetRefusal().GetRespondent() != e.pseudonym {
				continue
			}
			protected, err := e.ofEmployees(ctx, letter.GetResource())
			if err != nil {
				return err
			}
			if protected {
				if err := e.put("dead_letters", deadLetterName(a.Position), a.Time, nil); err != nil {
					return err
				}
				continue
			}
			content, err := contentOf(event)
			if err != nil {
				return err
			}
			if err := e.put("dead_letters", deadLetterName(a.Position), a.Time, content); err != nil {
				return err
			}
		}
	}
}

// noteProtected says why nothing is told of what a person submitted.
const noteProtected = "of a survey of employees: single answers are shown to nobody; an erasure removes them"

// ofEmployees tells whether something belongs to a survey that employees answer, or have answered, asking once for each survey.
func (e *export) ofEmployees(ctx context.Context, resource string) (bool, error) {
	survey, _, _ := strings.Cut(strings.TrimPrefix(resource, surveyPrefix), "/")
	if known, ok := e.protected[survey]; ok {
		return known, nil
	}
	protected, err := e.server.ofEmployees(ctx, e.ledger.Organization, resource)
	if err == nil {
		e.protected[survey] = protected
	}
	return protected, err
}

// add adds a record of a survey, with its content unless nobody may see that.
func (e *export) add(ctx context.Context, kind, name string, at time.Time, content func() map[string]any) error {
	protected, err := e.ofEmployees(ctx, name)
	if err != nil {
		return err
	}
	if protected {
		return e.put(kind, name, at, nil)
	}
	c, err := structpb.NewStruct(content())
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return e.put(kind, name, at, c)
}

// put adds a record; without content nobody may see that.
func (e *export) put(kind, name string, at time.Time, content *structpb.Struct) error {
	record := &typev1.PersonRecord{Service: serviceName, Kind: kind, Name: name, Time: momentToProto(at), Content: content}
	if content == nil {
		record.Note = noteProtected
	}
	e.records = append(e.records, record)
	if len(e.records) < recordsPerMessage {
		return nil
	}
	return e.flush()
}

func (e *export) flush() error {
	if len(e.records) == 0 {
		return nil
	}
	err := e.send(&scoringv1.ExportPersonResponse{Records: e.records})
	e.records = nil
	return err
}

// factContent is all that is kept of a response.
func factContent(f *fact.Fact) map[string]any {
	answers := make([]any, len(f.Answers))
	for i, a := range f.Answers {
		answer := map[string]any{"question": a.Question}
		if a.Present {
			answer["score"], answer["scale"] = a.Value.Float(), a.Scale.ID()
		}
		if len(a.Options) > 0 {
			options := make([]any, len(a.Options))
			for j, o := range a.Options {
				options[j] = o
			}
			answer["options"] = options
		}
		answers[i] = answer
	}
	content := map[string]any{
		"respondent": f.Respondent, "revision": f.Revision, "population": f.Population.String(), "countTime": f.CountTime.Format(time.RFC3339Nano),
		"receiveTime": f.ReceiveTime.Format(time.RFC3339Nano), "invitation": f.Invitation, "weight": f.Weight, "late": f.Late, "context": contextContent(f.Context),
		"answers": answers,
	}
	if !f.Enrichment.IsZero() {
		content["enrichment"] = enrichmentContent(f.Enrichment)
	}
	return content
}

// enrichmentContent is what others have found out about a response.
func enrichmentContent(e fact.Enrichment) map[string]any {
	themes := make([]any, len(e.Themes))
	for i, t := range e.Themes {
		themes[i] = map[string]any{"theme": t.ID, "polarity": t.Polarity.String()}
	}
	segments := make([]any, len(e.Segments))
	for i, id := range e.Segments {
		segments[i] = id
	}
	return map[string]any{"sentiment": e.Sentiment.String(), "themes": themes, "segments": segments, "case": e.Case.String()}
}

// refusalContent is all that is kept of a refusal.
func refusalContent(r *fact.Refusal) map[string]any {
	return map[string]any{
		"kind": r.Kind.String(), "population": r.Population.String(), "countTime": r.CountTime.Format(time.RFC3339Nano),
		"receiveTime": r.ReceiveTime.Format(time.RFC3339Nano), "invitation": r.Invitation, "context": contextContent(r.Context),
	}
}

func contextContent(c fact.Context) map[string]any {
	out := make(map[string]any)
	for _, k := range fact.ContextKeys() {
		if v := c.Value(k); v != "" {
			out[strings.ToLower(k.String())] = v
		}
	}
	if len(c.Attributes) > 0 {
		attributes := make(map[string]any, len(c.Attributes))
		for _, a := range c.Attributes {
			attributes[a.Name] = a.Value
		}
		out["attributes"] = attributes
	}
	return out
}
