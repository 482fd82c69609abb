package api

import (
	"context"
	"encoding/json"
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// ExportPerson streams everything that the service keeps about a person.
func (s *personServer) ExportPerson(req *surveyv1.ExportPersonRequest, stream grpc.ServerStreamingServer[surveyv1.ExportPersonResponse]) error {
	ctx := stream.Context()
	org, err := authn.Organization(ctx)
	if err != nil {
		return err
	}
	who, err := s.whoIs(ctx, org, req)
	if err != nil {
		return err
	}
	find := search{Server: s.Server, org: org, who: who}
	if err := find.findInvitations(ctx); err != nil {
		return storeError(err)
	}
	for _, part := range []func(context.Context, func([]found) error) error{find.own, find.invited} {
		err := part(ctx, func(batch []found) error {
			out, err := s.exported(ctx, batch)
			if err != nil {
				return err
			}
			return stream.Send(&surveyv1.ExportPersonResponse{Records: out})
		})
		if err != nil {
			return storeError(err)
		}
	}
	return s.exportConsents(ctx, org, who, stream)
}

// noteProtected says why nothing is told of what a person submitted.
const noteProtected = "of a survey of employees: single answers are shown to nobody; an erasure removes them"

// exported is what is found, in full; of surveys of employees only that it is there, since those who export are often those who must not read it.
func (s *Server) exported(ctx context.Context, batch []found) ([]*typev1.PersonRecord, error) {
	everything := viewer{persons: true}
	protection := protection{server: s, known: make(map[surveyKey]bool)}
	var out []*typev1.PersonRecord
	for _, f := range batch {
		protected, err := protection.of(ctx, f.record)
		if err != nil {
			return nil, err
		}
		if protected {
			out = append(out, f.listed())
			continue
		}
		records := []store.Submission{f.record}
		var kind, name string
		var at *timestamppb.Timestamp
		var m proto.Message
		if f.response != nil {
			shown, err := s.showResponses(ctx, everything, records)
			if err != nil {
				return nil, err
			}
			kind, m, name, at = "responses", shown[0], shown[0].GetName(), shown[0].GetReceiveTime()
		} else {
			shown, err := s.showRefusals(ctx, everything, records)
			if err != nil {
				return nil, err
			}
			kind, m, name, at = "refusals", shown[0], shown[0].GetName(), shown[0].GetReceiveTime()
		}
		record, err := personRecord(kind, name, at, m)
		if err != nil {
			return nil, err
		}
		out = append(out, record)
	}
	return out, nil
}

// listed says that something was found, and nothing of what it holds.
func (f found) listed() *typev1.PersonRecord {
	out := &typev1.PersonRecord{Service: serviceName, Kind: "responses", Name: f.response.GetName(), Time: f.response.GetReceiveTime(), Note: noteProtected}
	if f.refusal != nil {
		out.Kind, out.Name, out.Time = "refusals", f.refusal.GetName(), f.refusal.GetReceiveTime()
	}
	return out
}

func (s *Server) exportConsents(ctx context.Context, org string, who person, stream grpc.ServerStreamingServer[surveyv1.ExportPersonResponse]) error {
	records, err := s.store.ListConsents(ctx, org, who.bytes, everyConsent)
	if err != nil {
		return storeError(err)
	}
	for len(records) > 0 {
		n := min(len(records), erasureBatch)
		consents, err := s.openConsents(ctx, records[:n])
		if err != nil {
			return err
		}
		records = records[n:]
		out := &surveyv1.ExportPersonResponse{}
		for _, c := range consents {
			record, err := personRecord("consents", c.GetName(), c.GetCreateTime(), c)
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

// serviceName is the service in what is told of persons.
const serviceName = "survey"

// everyConsent is more decisions than anybody makes.
const everyConsent = 1 << 20

// personRecord is a message in the form of the REST API.
func personRecord(kind, name string, at *timestamppb.Timestamp, m proto.Message) (*typev1.PersonRecord, error) {
	text, err := protojson.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	content, err := structpb.NewStruct(fields)
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", name, err)
	}
	return &typev1.PersonRecord{Service: serviceName, Kind: kind, Name: name, Time: at, Content: content}, nil
}
