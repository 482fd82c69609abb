package api

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/rpcclient"
	"github.com/otklik/otklik/libs/rpcerr"
	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/access/internal/erasure"
)

// SurveyHolder is the survey service as one that keeps something of persons. conn has a credential of the role service.
func SurveyHolder(conn grpc.ClientConnInterface) erasure.Holder {
	client := surveyv1.NewPersonServiceClient(conn)
	return &remoteHolder{
		name: "survey",
		export: func(ctx context.Context, person string) (func() ([]*typev1.PersonRecord, error), error) {
			return parts(client.ExportPerson(ctx, &surveyv1.ExportPersonRequest{Person: person}))
		},
		erase: func(ctx context.Context, s erasure.Step) (removed, error) {
			return client.ErasePerson(ctx, &surveyv1.ErasePersonRequest{Person: s.Person, Erasure: s.Erasure, Position: s.Position})
		},
	}
}

// ScoringHolder is the scoring service as one that keeps something of persons. conn has a credential of the role service.
func ScoringHolder(conn grpc.ClientConnInterface) erasure.Holder {
	client := scoringv1.NewPersonServiceClient(conn)
	return &remoteHolder{
		name: "scoring",
		export: func(ctx context.Context, person string) (func() ([]*typev1.PersonRecord, error), error) {
			return parts(client.ExportPerson(ctx, &scoringv1.ExportPersonRequest{Person: person}))
		},
		erase: func(ctx context.Context, s erasure.Step) (removed, error) {
			return client.ErasePerson(ctx, &scoringv1.ErasePersonRequest{Person: s.Person, Erasure: s.Erasure, Position: s.Position})
		},
	}
}

// CommentHolder is the comment service as one that keeps something of persons. conn has a credential of the role service.
func CommentHolder(conn grpc.ClientConnInterface) erasure.Holder {
	client := commentv1.NewPersonServiceClient(conn)
	return &remoteHolder{
		name: "comment",
		export: func(ctx context.Context, person string) (func() ([]*typev1.PersonRecord, error), error) {
			return parts(client.ExportPerson(ctx, &commentv1.ExportPersonRequest{Person: person}))
		},
		erase: func(ctx context.Context, s erasure.Step) (removed, error) {
			return client.ErasePerson(ctx, &commentv1.ErasePersonRequest{Person: s.Person, Erasure: s.Erasure, Position: s.Position})
		},
	}
}

// SegmentationHolder is the segmentation service as one that keeps something of persons. conn has a credential of the role service.
func SegmentationHolder(conn grpc.ClientConnInterface) erasure.Holder {
	client := segmentationv1.NewPersonServiceClient(conn)
	return &remoteHolder{
		name: "segmentation",
		export: func(ctx context.Context, person string) (func() ([]*typev1.PersonRecord, error), error) {
			return parts(client.ExportPerson(ctx, &segmentationv1.ExportPersonRequest{Person: person}))
		},
		erase: func(ctx context.Context, s erasure.Step) (removed, error) {
			return client.ErasePerson(ctx, &segmentationv1.ErasePersonRequest{Person: s.Person, Persons: s.Persons, Erasure: s.Erasure, Position: s.Position})
		},
	}
}

// parts is how to read what a service answers to ExportPerson.
func parts[P interface{ GetRecords() []*typev1.PersonRecord }](stream receiver[P], err error) (func() ([]*typev1.PersonRecord, error), error) {
	if err != nil {
		return nil, err
	}
	return func() ([]*typev1.PersonRecord, error) {
		part, err := stream.Recv()
		return part.GetRecords(), err
	}, nil
}

// receiver is the receiving side of a stream of messages.
type receiver[P any] interface{ Recv() (P, error) }

// removed is what a service answers to ErasePerson.
type removed interface {
	GetRemovals() []*typev1.Removal
	GetPosition() int64
}

// remoteHolder is a service that is asked by its PersonService. The services' messages are alike and not the same.
type remoteHolder struct {
	name string
	// export begins a stream and returns how to read its parts.
	export func(ctx context.Context, person string) (func() ([]*typev1.PersonRecord, error), error)
	erase  func(ctx context.Context, s erasure.Step) (removed, error)
}

// Name is the service's.
func (h *remoteHolder) Name() string { return h.name }

// Export implements erasure.Holder.
func (h *remoteHolder) Export(ctx context.Context, organization, person string, fn func(erasure.Record) error) error {
	// The stream ends with the call, also when fn fails.
	ctx, cancel := context.WithCancel(rpcclient.WithOrganization(ctx, organization))
	defer cancel()
	next, err := h.export(ctx, person)
	if err != nil {
		return explain(h.name, err)
	}
	for {
		records, err := next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return explain(h.name, err)
		}
		for _, r := range records {
			if err := fn(recordFromProto(r)); err != nil {
				return err
			}
		}
	}
}

// Erase implements erasure.Holder.
func (h *remoteHolder) Erase(ctx context.Context, s erasure.Step) ([]erasure.Removal, int64, error) {
	answer, err := h.erase(rpcclient.WithOrganization(ctx, s.Organization), s)
	if err != nil {
		return nil, 0, explain(h.name, err)
	}
	return removalsFromProto(answer.GetRemovals()), answer.GetPosition(), nil
}

// directory is the segmentation service as the one that knows by what persons are known.
type directory struct {
	client segmentationv1.PersonServiceClient
}

// Directory is the segmentation service as the one that knows by what persons are known. conn has a credential of the role service.
func Directory(conn grpc.ClientConnInterface) erasure.Directory {
	return directory{segmentationv1.NewPersonServiceClient(conn)}
}

// Persons implements erasure.Directory.
func (d directory) Persons(ctx context.Context, organization, person string) ([]string, error) {
	answer, err := d.client.QueryPersonIdentities(rpcclient.WithOrganization(ctx, organization), &segmentationv1.QueryPersonIdentitiesRequest{Person: person})
	if err != nil {
		return nil, explain("segmentation", err)
	}
	return answer.GetPersons(), nil
}

// explain tells a service that does not answer, or cannot at present, from one that fails. The status of the service does not go on to callers of this one.
func explain(service string, err error) error {
	if known, ok := rpcerr.FromError(err); ok && known.Reason == reasonVaultExchanged {
		return fmt.Errorf("ask %s: %w", service, erasure.ErrExchanged)
	} else if ok && known.Reason == reasonFurther {
		return fmt.Errorf("ask %s: %w", service, erasure.ErrFurther)
	}
	switch status.Code(err) {
	case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Aborted:
		return fmt.Errorf("ask %s: %w: %s", service, erasure.ErrAway, err.Error())
	case codes.Canceled:
		return fmt.Errorf("ask %s: %w", service, context.Canceled)
	}
	return fmt.Errorf("ask %s: %s", service, err.Error())
}
