package cases

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	"github.com/otklik/otklik/tests/harness"
)

// contents is all that the case's two organisations own, as text: surveys, revisions, responses and refusals, read through the API.
func (p *Player) contents(ctx context.Context) (string, error) {
	var out strings.Builder
	for _, organization := range []string{p.Organization, p.Other} {
		r := reader{client: surveyv1.NewSurveyServiceClient(p.Suite.Conn(harness.KeyFor(organization, harness.Admin))), out: &out}
		if err := r.surveys(ctx); err != nil {
			return "", fmt.Errorf("read what %s owns: %w", organization, err)
		}
	}
	return out.String(), nil
}

// reader writes down what an organisation owns.
type reader struct {
	client surveyv1.SurveyServiceClient
	out    *strings.Builder
}

const pageSize = 1000

func (r reader) write(m proto.Message) {
	r.out.WriteString(prototext.MarshalOptions{}.Format(m))
	r.out.WriteByte('\n')
}

func (r reader) surveys(ctx context.Context) error {
	request := &surveyv1.ListSurveysRequest{PageSize: pageSize, ShowArchived: true}
	for {
		page, err := r.client.ListSurveys(ctx, request)
		if err != nil {
			return err
		}
		for _, s := range page.GetSurveys() {
			r.write(s)
			if err := errors.Join(r.revisions(ctx, s.GetName()), r.responses(ctx, s.GetName()), r.refusals(ctx, s.GetName())); err != nil {
				return err
			}
		}
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			return nil
		}
	}
}

func (r reader) revisions(ctx context.Context, survey string) error {
	page, err := r.client.ListRevisions(ctx, &surveyv1.ListRevisionsRequest{Parent: survey, PageSize: pageSize})
	if err != nil {
		return err
	}
	r.write(page)
	return nil
}

func (r reader) responses(ctx context.Context, survey string) error {
	stream, err := r.client.StreamResponses(ctx, &surveyv1.StreamResponsesRequest{Parent: survey})
	if err != nil {
		return err
	}
	for {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		r.write(m)
	}
}

func (r reader) refusals(ctx context.Context, survey string) error {
	request := &surveyv1.ListRefusalsRequest{Parent: survey, PageSize: pageSize}
	for {
		page, err := r.client.ListRefusals(ctx, request)
		if err != nil {
			return err
		}
		for _, m := range page.GetRefusals() {
			r.write(m)
		}
		if request.PageToken = page.GetNextPageToken(); request.GetPageToken() == "" {
			return nil
		}
	}
}
