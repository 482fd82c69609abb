package api

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/interceptor/validation"
	"github.com/otklik/otklik/libs/pause"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	// serviceName is the service in what is told of persons.
	serviceName = "segmentation"
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
	segmentationv1.UnimplementedPersonServiceServer
	*Server
}

// ErasePerson removes what is kept about a person, when everything that the survey service removed of the person is removed here, and tells what that was.
func (s *personServer) ErasePerson(ctx context.Context, req *segmentationv1.ErasePersonRequest) (*segmentationv1.ErasePersonResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	person, err := s.whoIs(ctx, org, req)
	if err != nil {
		return nil, err
	}
	known, err := parsePseudonyms("persons", req.GetPersons())
	if err != nil {
		return nil, err
	}
	if err := s.awaitPosition(ctx, req.GetPosition()); err != nil {
		return nil, err
	}
	erasure := bare(erasuresCollection, req.GetErasure())
	switch err := s.Store.ErasePerson(ctx, org, erasure, person, known...); {
	case errors.Is(err, store.ErrFurtherIdentities):
		return nil, refuse(codes.FailedPrecondition, segmentationv1.ErrorReason_ERROR_REASON_IDENTITIES_CHANGED,
			"the customer is known by further identities: list them, and erase each of them")
	case err != nil:
		return nil, storeError(err)
	}
	counts, err := s.Store.Erased(ctx, org, erasure)
	if err != nil {
		return nil, storeError(err)
	}
	out := &segmentationv1.ErasePersonResponse{}
	for _, c := range counts {
		out.Removals = append(out.Removals, &typev1.Removal{Service: serviceName, Kind: c.Kind, Place: "database", Count: c.Count})
	}
	return out, nil
}

// QueryPersonIdentities lists by what a customer is known.
func (s *personServer) QueryPersonIdentities(ctx context.Context, req *segmentationv1.QueryPersonIdentitiesRequest) (*segmentationv1.QueryPersonIdentitiesResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	asked, err := parsePseudonyms("person", []string{req.GetPerson()})
	if err != nil {
		return nil, err
	}
	list, err := s.Store.PersonIdentities(ctx, org, asked[0])
	if err != nil {
		return nil, storeError(err)
	}
	out := &segmentationv1.QueryPersonIdentitiesResponse{Persons: []string{req.GetPerson()}}
	for _, p := range list {
		if text := seal.FormatPseudonym(p); text != req.GetPerson() {
			out.Persons = append(out.Persons, text)
		}
	}
	return out, nil
}

// whoIs is the pseudonym of whom a request names, by a respondent or by the pseudonym itself.
func (s *Server) whoIs(ctx context.Context, org string, req interface {
	GetRespondent() string
	GetPerson() string
},
) ([]byte, error) {
	if req.GetPerson() == "" {
		return s.pseudonym(ctx, org, req.GetRespondent())
	}
	out, err := parsePseudonyms("person", []string{req.GetPerson()})
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// parsePseudonyms are the pseudonyms in a field, as bytes.
func parsePseudonyms(field string, texts []string) ([][]byte, error) {
	out := make([][]byte, len(texts))
	for i, text := range texts {
		b, ok := seal.ParsePseudonym(text)
		if !ok {
			return nil, validation.Malformed(field+"["+strconv.Itoa(i)+"]", "PSEUDONYM", "is no pseudonym")
		}
		out[i] = b
	}
	return out, nil
}

// pseudonym is what a respondent is called in what is stored, as bytes.
func (s *Server) pseudonym(ctx context.Context, org, respondent string) ([]byte, error) {
	text, err := s.Keeper.Pseudonym(ctx, org, respondent)
	if err != nil {
		return nil, err
	}
	b, ok := seal.ParsePseudonym(text)
	if !ok {
		return nil, errors.New("parse pseudonym: it has another form")
	}
	return b, nil
}

// awaitPosition waits until all who follow the survey service's change log have applied it up to a position.
func (s *personServer) awaitPosition(ctx context.Context, position int64) error {
	ctx, cancel := context.WithTimeout(ctx, removalPatience)
	defer cancel()
	behind := s.Followers.OfSurveys()
	for {
		var err error
		behind = slices.DeleteFunc(behind, func(follower string) bool {
			reached, failed := s.Store.FollowerPosition(ctx, follower)
			err = errors.Join(err, failed)
			return failed == nil && reached >= position
		})
		if len(behind) == 0 {
			return nil
		}
		if err != nil && ctx.Err() == nil {
			return storeError(err)
		}
		if pause.For(ctx, removalPause) != nil {
			return refuse(codes.Unavailable, segmentationv1.ErrorReason_ERROR_REASON_NOT_CAUGHT_UP,
				"what is to be erased has not reached all parts of the service yet: try again", rpcerr.WithRetryAfter(retryAfter))
		}
	}
}

// ExportPerson streams everything that is kept about a person.
func (s *personServer) ExportPerson(req *segmentationv1.ExportPersonRequest, stream grpc.ServerStreamingServer[segmentationv1.ExportPersonResponse]) error {
	ctx := stream.Context()
	org, err := authn.Organization(ctx)
	if err != nil {
		return err
	}
	person, err := s.whoIs(ctx, org, req)
	if err != nil {
		return err
	}
	list, err := s.Store.ListPerson(ctx, org, person)
	if err != nil {
		return storeError(err)
	}
	for part := range slices.Chunk(list, recordsPerMessage) {
		out := &segmentationv1.ExportPersonResponse{}
		for _, r := range part {
			record, err := s.personRecord(ctx, org, r)
			if err != nil {
				return err
			}
			out.Records = append(out.Records, record)
		}
		if err := stream.Send(out); err != nil {
			return err
		}
	}
	return nil
}

// personRecord is something that is kept about a person, with what is sealed of it.
func (s *Server) personRecord(ctx context.Context, org string, r store.PersonRecord) (*typev1.PersonRecord, error) {
	out := &typev1.PersonRecord{Service: serviceName, Kind: r.Kind, Name: r.Name, Time: timeToProto(r.Time)}
	content := &structpb.Struct{Fields: map[string]*structpb.Value{}}
	if len(r.Content) > 0 {
		if err := content.UnmarshalJSON(r.Content); err != nil {
			return nil, err
		}
	}
	if r.Contact != "" {
		content.Fields["contact"] = structpb.NewStringValue(contactsCollection + r.Contact)
	}
	if len(r.Sealed) > 0 {
		open, err := s.unseal(ctx, org, r)
		if err != nil {
			return nil, err
		}
		if open == nil {
			out.Note = "the key was destroyed by which the rest could be read"
		}
		maps.Copy(content.GetFields(), open.GetFields())
	}
	if len(content.GetFields()) > 0 {
		out.Content = content
	}
	return out, nil
}

// unseal opens what is sealed of a record: a JSON object under a key of a person. Nil when the key was destroyed.
func (s *Server) unseal(ctx context.Context, org string, r store.PersonRecord) (*structpb.Struct, error) {
	keys, err := s.Keeper.Keys(ctx, []string{r.Key})
	if err != nil {
		return nil, err
	}
	key, ok := keys[r.Key]
	if !ok {
		return nil, nil //nolint:nilnil // nobody can open it any more
	}
	text, err := seal.Open(key, r.Sealed, store.Associated(org))
	if err != nil {
		return nil, fmt.Errorf("open what is kept of a person: %w", err)
	}
	content := &structpb.Struct{}
	return content, content.UnmarshalJSON(text)
}
