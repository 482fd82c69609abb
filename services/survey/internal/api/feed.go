package api

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/interceptor/validation"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// StreamEvents streams the change log from a position on, until its reader or the server ends it.
func (s *feedServer) StreamEvents(req *surveyv1.StreamEventsRequest, stream grpc.ServerStreamingServer[surveyv1.StreamEventsResponse]) error {
	ctx := stream.Context()
	part := partition{number: int(req.GetPartition()), count: max(int(req.GetPartitionCount()), 1)}
	if part.number >= part.count {
		return validation.Malformed("partition", "PARTITION_UNKNOWN", fmt.Sprintf("must be less than the number of partitions, %d", part.count))
	}
	tail := s.newTail(req.GetAfterPosition(), req.GetOrganization(), part)
	for {
		batch, err := tail.next(ctx)
		if err != nil {
			return err
		}
		out := &surveyv1.StreamEventsResponse{Events: batch.Events, HeadPosition: batch.Head}
		if !batch.AsOf.IsZero() {
			out.AsOfTime = timestamppb.New(batch.AsOf)
		}
		if err := stream.Send(out); err != nil {
			return err
		}
	}
}

// eventFromRecord is an entry of the change log as others see it: with a pseudonym in place of the respondent, and what was said sealed.
func (s *Server) eventFromRecord(ctx context.Context, c store.Change) (*surveyv1.Event, error) {
	v := c.Submission
	out := &surveyv1.Event{Position: c.Position, Organization: v.Organization, Traceparent: v.Trace}
	switch v.Kind {
	case store.KindResponse:
		m, p, err := responseFromRecord(v)
		if err != nil {
			return nil, err
		}
		if !p.takenOut {
			pseudonym, err := s.pseudonymOf(ctx, v.Organization, m.GetRespondent())
			if err != nil {
				return nil, err
			}
			var personal *surveyv1.Response
			m, personal = takeOut(m, pseudonym)
			out.WordsInResponse = len(personal.GetAnswers()) > 0
		}
		out.Change, out.Key = &surveyv1.Event_Response{Response: m}, eventKey(v, m.GetInvitation(), responsesCollection)
		out.Sealed, out.PersonKey = p.sealed, p.key()
	case store.KindRefusal:
		m, p, err := refusalFromRecord(v)
		if err != nil {
			return nil, err
		}
		if !p.takenOut {
			pseudonym, err := s.pseudonymOf(ctx, v.Organization, m.GetRespondent())
			if err != nil {
				return nil, err
			}
			m = takeOutOfRefusal(m, pseudonym)
		}
		out.Change, out.Key = &surveyv1.Event_Refusal{Refusal: m}, eventKey(v, m.GetInvitation(), refusalsCollection)
		out.Sealed, out.PersonKey = p.sealed, p.key()
	case store.KindRemoval:
		removal := &surveyv1.Event{}
		if err := proto.Unmarshal(v.Body, removal); err != nil {
			return nil, fmt.Errorf("decode removal at %d: %w", c.Position, err)
		}
		out.Change, out.Key = removal.GetChange(), removal.GetKey()
	default:
		return nil, fmt.Errorf("read change %d: kind %d is not known", c.Position, v.Kind)
	}
	return out, nil
}

type surveyKey struct{ organization, survey string }

// protection tells of which surveys single answers are protected, asking once for each.
type protection struct {
	server *Server
	known  map[surveyKey]bool
}

// of tells whether something belongs to a survey that asks employees, or did in a revision before.
func (p protection) of(ctx context.Context, v store.Submission) (bool, error) {
	key := surveyKey{v.Organization, v.Survey}
	protected, ok := p.known[key]
	if ok {
		return protected, nil
	}
	protected, err := p.server.protected(ctx, v.Organization, v.Survey)
	if err == nil {
		p.known[key] = protected
	}
	return protected, err
}

// pseudonymOf is the pseudonym of a respondent, if there is one.
func (s *Server) pseudonymOf(ctx context.Context, org, respondent string) (string, error) {
	if respondent == "" {
		return "", nil
	}
	who, err := s.personOf(ctx, org, respondent)
	return who.pseudonym, err
}

// removalOf says what the change log tells of the removal of a submission. The key is that of its acceptance, so that both are applied in order.
func (s *Server) removalOf(v store.Submission, invitation, erasure string) ([]byte, error) {
	name, collection := responseName(v.Survey, v.ID), responsesCollection
	if v.Kind == store.KindRefusal {
		name, collection = refusalName(v.Survey, v.ID), refusalsCollection
	}
	body, err := encode(&surveyv1.Event{
		Change: &surveyv1.Event_Removed{Removed: &surveyv1.Removed{Name: name, Position: v.Position, Erasure: erasure}},
		Key:    eventKey(v, invitation, collection),
	})
	if err != nil {
		return nil, fmt.Errorf("encode removal: %w", err)
	}
	return protowire.AppendVarint(protowire.AppendTag(body, removedAtField, protowire.VarintType), uint64(s.now().Unix())), nil
}

// removedAt is when what a body tells of was removed; the beginning of time when it does not say.
func removedAt(body []byte) (time.Time, error) {
	m := &surveyv1.Event{}
	if err := proto.Unmarshal(body, m); err != nil {
		return time.Time{}, fmt.Errorf("decode removal: %w", err)
	}
	var at time.Time
	takeOwn(m, func(number protowire.Number, kind protowire.Type, value []byte) {
		if number == removedAtField && kind == protowire.VarintType {
			seconds, _ := protowire.ConsumeVarint(value)
			at = time.Unix(int64(seconds), 0)
		}
	})
	return at, nil
}

// eventKey is what the order of changes is kept by. All outcomes of an invitation share one, since the last of them is the one that counts; what
// belongs to no invitation stands alone.
func eventKey(v store.Submission, invitation, collection string) string {
	if invitation != "" {
		return v.Organization + "/" + v.Survey + "/invitations/" + invitation
	}
	return v.Organization + "/" + v.Survey + collection + v.ID
}
