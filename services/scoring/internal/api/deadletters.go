package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/ingest"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/surveys"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

const deadLetterPrefix = "deadLetters/"

const defaultDeadLetters = 50

// ListDeadLetters lists events that were set aside, the oldest first.
func (s *Server) ListDeadLetters(ctx context.Context, req *scoringv1.ListDeadLettersRequest) (*scoringv1.ListDeadLettersResponse, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	binding := page.Binding(scoringv1.ScoringService_ListDeadLetters_FullMethodName, org, req)
	after, err := s.pageCursor(binding, req.GetPageToken())
	if err != nil {
		return nil, err
	}
	size := int(req.GetPageSize())
	if size == 0 {
		size = defaultDeadLetters
	}
	// One more than the page holds tells whether there is a next one.
	list, err := s.Store.Aside(ctx, store.Ledger{Organization: org}, after, size+1)
	if err != nil {
		return nil, err
	}
	out := &scoringv1.ListDeadLettersResponse{}
	if len(list) > size {
		list = list[:size]
		out.NextPageToken = s.nextPage(binding, list[size-1].Position)
	}
	for _, a := range list {
		letter, _ := deadLetterToProto(a)
		out.DeadLetters = append(out.DeadLetters, letter)
	}
	return out, nil
}

// GetDeadLetter returns an event that was set aside.
func (s *Server) GetDeadLetter(ctx context.Context, req *scoringv1.GetDeadLetterRequest) (*scoringv1.GetDeadLetterResponse, error) {
	a, err := s.deadLetter(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	letter, event := deadLetterToProto(a)
	employees, err := s.ofEmployees(ctx, a.Organization, letter.GetResource())
	if err != nil {
		return nil, err
	}
	if employees {
		letter.Reason += "; what was answered is withheld, since employees answer this survey"
	} else if letter.Content, err = contentOf(event); err != nil {
		letter.RawContent = a.Event
	}
	return &scoringv1.GetDeadLetterResponse{DeadLetter: letter}, nil
}

// ofEmployees tells whether employees answer, or have answered, the survey that something belongs to: nobody may read single answers of theirs.
func (s *Server) ofEmployees(ctx context.Context, org, resource string) (bool, error) {
	survey, _, _ := strings.Cut(strings.TrimPrefix(resource, surveyPrefix), "/")
	if survey == "" {
		return false, nil
	}
	// As of now: revisions that ask employees may have been published a moment ago.
	history, err := s.Catalog.HistoryAfter(ctx, org, survey, time.Now())
	if errors.Is(err, surveys.ErrNotFound) {
		// Nobody is asked by a survey that there is not.
		return false, nil
	}
	if err != nil {
		return false, catalogError(err, "name", resource)
	}
	for _, r := range history.Revisions {
		if r.Population == fact.Employee {
			return true, nil
		}
	}
	return false, nil
}

// ReplayDeadLetter applies an event that was set aside.
func (s *Server) ReplayDeadLetter(ctx context.Context, req *scoringv1.ReplayDeadLetterRequest) (*scoringv1.ReplayDeadLetterResponse, error) {
	a, err := s.deadLetter(ctx, req.GetName())
	if err != nil {
		return nil, err
	}
	err = s.Applier.Replay(ctx, a.Organization, a.Position)
	var unfit *ingest.Unfit
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, deadLetterNotFound(req.GetName())
	case errors.As(err, &unfit):
		what := "it still cannot be counted: " + unfit.Reason
		return nil, refuse(codes.FailedPrecondition, scoringv1.ErrorReason_ERROR_REASON_DEAD_LETTER_UNFIT, req.GetName()+": "+what,
			rpcerr.WithField("name", "DEAD_LETTER_UNFIT", what))
	case errors.Is(err, surveys.ErrUnavailable):
		return nil, surveyServiceUnavailable(err)
	case err != nil:
		return nil, err
	}
	letter, _ := deadLetterToProto(a)
	return &scoringv1.ReplayDeadLetterResponse{Resource: letter.GetResource()}, nil
}

// deadLetter reads the event that a name of the caller's organisation stands for.
func (s *Server) deadLetter(ctx context.Context, name string) (store.SetAside, error) {
	org, err := authn.Organization(ctx)
	if err != nil {
		return store.SetAside{}, err
	}
	position, err := strconv.ParseInt(strings.TrimPrefix(name, deadLetterPrefix), 10, 64)
	if err != nil || deadLetterName(position) != name {
		return store.SetAside{}, deadLetterNotFound(name)
	}
	a, err := s.Store.AsideAt(ctx, store.Ledger{Organization: org}, position)
	if errors.Is(err, store.ErrNotFound) {
		return store.SetAside{}, deadLetterNotFound(name)
	}
	return a, err
}

func deadLetterNotFound(name string) error {
	const what = "there is no such dead letter in your organisation; it may have been replayed, or counted by a rebuild"
	return refuse(codes.NotFound, scoringv1.ErrorReason_ERROR_REASON_DEAD_LETTER_NOT_FOUND, name+": "+what,
		rpcerr.WithField("name", "DEAD_LETTER_NOT_FOUND", what))
}

func deadLetterName(position int64) string { return deadLetterPrefix + strconv.FormatInt(position, 10) }

// deadLetterToProto converts all but the content, and decodes the event; nil when that cannot be done.
func deadLetterToProto(a store.SetAside) (*scoringv1.DeadLetter, *surveyv1.Event) {
	letter := &scoringv1.DeadLetter{Name: deadLetterName(a.Position), Reason: a.Reason, CreateTime: momentToProto(a.Time)}
	event, err := ingest.DecodeEvent(a)
	if err != nil {
		return letter, nil
	}
	letter.Resource = event.GetResponse().GetName()
	if letter.Resource == "" {
		letter.Resource = event.GetRefusal().GetName()
	}
	if letter.Resource == "" {
		letter.Resource = event.GetRemoved().GetName()
	}
	return letter, event
}

// contentOf is an event as JSON. How it travelled is left out.
func contentOf(event *surveyv1.Event) (*structpb.Struct, error) {
	if event == nil {
		return nil, errors.New("read content: the event was not decoded")
	}
	raw, err := protojson.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("write content: %w", err)
	}
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, fmt.Errorf("read content: %w", err)
	}
	for _, own := range []string{"organization", "key", "traceparent"} {
		delete(fields, own)
	}
	return structpb.NewStruct(fields)
}
