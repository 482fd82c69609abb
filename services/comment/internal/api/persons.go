package api

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/comment/internal/ingest"
	"github.com/otklik/otklik/services/comment/internal/store"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	// serviceName is the service in what is told of persons.
	serviceName = "comment"
	// removalPatience is how long a caller waits for removals at most.
	removalPatience = 30 * time.Second
	// removalPause is the wait between two looks at what is applied.
	removalPause = 50 * time.Millisecond
	// recordsPerMessage is how many records a message of an export holds.
	recordsPerMessage = 100

	retryAfter = time.Second
)

// personServer serves PersonService.
type personServer struct {
	commentv1.UnimplementedPersonServiceServer
	*Server
}

// ErasePerson waits until everything that the survey service removed of a person is removed here, and tells what that was.
func (s *personServer) ErasePerson(ctx context.Context, req *commentv1.ErasePersonRequest) (*commentv1.ErasePersonResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	if err := s.awaitPosition(ctx, req.GetPosition()); err != nil {
		return nil, err
	}
	e, err := s.Store.Erased(ctx, org, strings.TrimPrefix(req.GetErasure(), erasuresCollection))
	if err != nil {
		return nil, storeError(err)
	}
	line := func(kind string, count int64) *typev1.Removal {
		return &typev1.Removal{Service: serviceName, Kind: kind, Place: "database", Count: count}
	}
	return &commentv1.ErasePersonResponse{Removals: []*typev1.Removal{
		line("comments", e.Comments), line("corrections", e.Corrections), line("testimonials", e.Testimonials), line("register_mentions", e.Mentions),
		line("dead_letters", e.DeadLetters),
	}}, nil
}

// awaitPosition waits until the change log is applied up to a position.
func (s *personServer) awaitPosition(ctx context.Context, position int64) error {
	ctx, cancel := context.WithTimeout(ctx, removalPatience)
	defer cancel()
	for {
		cursor, err := s.Store.Cursor(ctx)
		if err == nil && cursor.Position >= position {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			return storeError(err)
		}
		if pause.For(ctx, removalPause) != nil {
			return refuse(codes.Unavailable, commentv1.ErrorReason_ERROR_REASON_NOT_CAUGHT_UP,
				"what is to be erased has not reached the comments yet: try again", rpcerr.WithRetryAfter(retryAfter))
		}
	}
}

// ExportPerson streams everything that is kept about a person.
func (s *personServer) ExportPerson(req *commentv1.ExportPersonRequest, stream grpc.ServerStreamingServer[commentv1.ExportPersonResponse]) error {
	ctx := stream.Context()
	org, err := authn.Organization(ctx)
	if err != nil {
		return err
	}
	person, known := seal.ParsePseudonym(req.GetPerson())
	if !known {
		if person, err = s.Originals.Pseudonym(ctx, org, req.GetRespondent()); err != nil {
			return err
		}
	}
	for after := int64(0); ; {
		list, err := s.Store.ListPerson(ctx, org, person, after, recordsPerMessage)
		if err != nil {
			return storeError(err)
		}
		if len(list) == 0 {
			return s.exportRecords(ctx, org, person, stream.Send)
		}
		out := &commentv1.ExportPersonResponse{}
		for _, c := range list {
			after = c.Seq
			record, err := s.record(ctx, c)
			if err != nil {
				return err
			}
			out.Records = append(out.Records, record)
		}
		if err := stream.Send(out); err != nil {
			return err
		}
	}
}

// exportRecords sends what is kept of a person beside comments: the same kinds that an erasure counts.
func (s *personServer) exportRecords(ctx context.Context, org string, person []byte, send func(*commentv1.ExportPersonResponse) error) error {
	kept, err := s.Store.ListPersonRecords(ctx, org, person)
	if err != nil {
		return storeError(err)
	}
	var records []*typev1.PersonRecord
	add := func(kind, name string, at time.Time, content proto.Message) error {
		r := &typev1.PersonRecord{Service: serviceName, Kind: kind, Name: name, Time: timeToProto(at)}
		var err error
		if content != nil {
			r.Content, err = contentOf(content)
		}
		records = append(records, r)
		return err
	}
	for _, t := range kept.Testimonials {
		err = errors.Join(err, add("testimonials", testimonialsCollection+t.ID, t.CreateTime, testimonialToProto(t)))
	}
	for _, c := range kept.Corrections {
		err = errors.Join(err, add("corrections", correctionName(c.ID), c.CreateTime, correctionToProto(c)))
	}
	for _, m := range kept.Mentions {
		err = errors.Join(err, add("register_mentions", entriesCollection+m.Entry, time.Time{}, &commentv1.RegisterEntry{Comments: []string{commentName(m.Ref)}}))
	}
	for _, d := range kept.DeadLetters {
		err = errors.Join(err, add("dead_letters", letterName(d.ID), d.CreateTime, deadLetterToProto(d)))
	}
	if err != nil {
		return err
	}
	for part := range slices.Chunk(records, recordsPerMessage) {
		if err := send(&commentv1.ExportPersonResponse{Records: part}); err != nil {
			return err
		}
	}
	return nil
}

// contentOf is a message in the form of the REST API.
func contentOf(m proto.Message) (*structpb.Struct, error) {
	text, err := protojson.Marshal(m)
	if err != nil {
		return nil, err
	}
	out := &structpb.Struct{}
	return out, protojson.Unmarshal(text, out)
}

// record is all that is kept of a comment.
func (s *personServer) record(ctx context.Context, c store.Comment) (*typev1.PersonRecord, error) {
	out := &typev1.PersonRecord{Service: serviceName, Kind: "comments", Name: commentName(c.Ref), Time: timestamppb.New(c.CountTime)}
	var err error
	if out.Content, err = contentOf(commentToProto(c)); err != nil {
		return nil, err
	}
	original, err := s.Originals.Open(ctx, c)
	switch {
	case errors.Is(err, ingest.ErrDestroyed):
		return out, nil
	case err != nil:
		return nil, err
	}
	out.Content.Fields["originalText"] = structpb.NewStringValue(original)
	return out, nil
}
