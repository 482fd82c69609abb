// Package sample makes a small survey that looks like a real one, for a first look at the suite: a grocery chain asks at its checkouts and after
// deliveries. The answers are generated from a fixed seed; nobody's data is in them.
package sample

import (
	"context"
	"fmt"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Survey is the resource name of the sample survey.
const Survey = "surveys/" + surveyID

// Question is the identifier of the survey's first question, which every response answers, from 0 to 10.
const Question = recommend

const (
	surveyID = "sample-groceries"
	// Responses is how many responses are loaded.
	Responses = 2000
	// Refusals is how many refusals are loaded.
	Refusals = 600
	// batchSize is how many responses go into one call, refusalsInFlight how many refusals are under way at a time.
	batchSize        = 250
	refusalsInFlight = 16
)

// Load creates the sample survey with its responses and refusals through the public API, in an organisation that has no survey, and tells whether
// it loaded anything. A load that was cut off is completed by the next: identifiers and content come from the seed and from the survey's
// creation time, so that nothing is stored twice. progress is told how many responses and refusals are done; nil is told nothing.
func Load(ctx context.Context, client surveyv1.SurveyServiceClient, progress func(done, total int)) (bool, error) {
	if progress == nil {
		progress = func(int, int) {}
	}
	survey, err := prepare(ctx, client)
	if err != nil || survey == nil {
		return false, err
	}
	done, err := complete(ctx, client)
	if err != nil || done {
		return false, err
	}
	responses, refusals := generate(survey.GetCreateTime().AsTime())
	total := len(responses) + len(refusals)
	for i := 0; i < len(responses); i += batchSize {
		if err := submit(ctx, client, responses[i:min(i+batchSize, len(responses))]); err != nil {
			return false, err
		}
		progress(min(i+batchSize, len(responses)), total)
	}
	if err := record(ctx, client, refusals, func(n int) { progress(len(responses)+n, total) }); err != nil {
		return false, err
	}
	return true, nil
}

// prepare returns the published sample survey, created if the organisation has no survey; nil when there are others, or the sample was closed.
func prepare(ctx context.Context, client surveyv1.SurveyServiceClient) (*surveyv1.Survey, error) {
	list, err := client.ListSurveys(ctx, &surveyv1.ListSurveysRequest{PageSize: 2, ShowArchived: true})
	if err != nil {
		return nil, fmt.Errorf("list surveys: %w", err)
	}
	var survey *surveyv1.Survey
	switch surveys := list.GetSurveys(); {
	case len(surveys) == 0:
		created, err := client.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{
			SurveyId: surveyID, Survey: &surveyv1.Survey{DisplayName: displayName, Draft: questionnaire()},
		})
		if err != nil {
			return nil, fmt.Errorf("create the sample survey: %w", err)
		}
		survey = created.GetSurvey()
	case len(surveys) == 1 && surveys[0].GetName() == Survey:
		survey = surveys[0]
	default:
		return nil, nil
	}
	switch survey.GetState() {
	case surveyv1.Survey_STATE_DRAFT:
		published, err := client.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Name: survey.GetName()})
		if err != nil {
			return nil, fmt.Errorf("publish the sample survey: %w", err)
		}
		return published.GetSurvey(), nil
	case surveyv1.Survey_STATE_PUBLISHED:
		return survey, nil
	default:
		return nil, nil
	}
}

// complete tells whether the sample was loaded to its end: the last refusal is stored after everything else.
func complete(ctx context.Context, client surveyv1.SurveyServiceClient) (bool, error) {
	_, err := client.GetRefusal(ctx, &surveyv1.GetRefusalRequest{Name: Survey + "/refusals/" + refusalID(Refusals-1)})
	switch {
	case err == nil:
		return true, nil
	case rpcerr.Code(err) == codes.NotFound:
		return false, nil
	default:
		return false, fmt.Errorf("look for the end of the sample: %w", err)
	}
}

func submit(ctx context.Context, client surveyv1.SurveyServiceClient, responses []*surveyv1.SubmitResponseRequest) error {
	answer, err := client.BatchSubmitResponses(ctx, &surveyv1.BatchSubmitResponsesRequest{Parent: Survey, Requests: responses})
	if err != nil {
		return fmt.Errorf("submit responses of the sample: %w", err)
	}
	for _, result := range answer.GetResults() {
		if refused := result.GetError(); refused != nil {
			return fmt.Errorf("submit response %s of the sample: %w", result.GetResponseId(), status.ErrorProto(refused))
		}
	}
	return nil
}

// record stores the refusals, several at a time, the last of them after all others.
func record(ctx context.Context, client surveyv1.SurveyServiceClient, refusals []*surveyv1.RecordRefusalRequest, progress func(int)) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	last := len(refusals) - 1
	queue, failures := make(chan *surveyv1.RecordRefusalRequest), make(chan error, refusalsInFlight)
	var workers sync.WaitGroup
	for range refusalsInFlight {
		workers.Go(func() {
			for r := range queue {
				if err := recordOne(inner, client, r); err != nil {
					failures <- err
					cancel()
					return
				}
			}
		})
	}
feed:
	for i, r := range refusals[:last] {
		select {
		case queue <- r:
			if i%50 == 0 {
				progress(i)
			}
		case <-inner.Done():
			break feed
		}
	}
	close(queue)
	workers.Wait()
	select {
	case err := <-failures:
		return err
	default:
	}
	if err := inner.Err(); err != nil {
		return fmt.Errorf("record refusals of the sample: %w", err)
	}
	if err := recordOne(ctx, client, refusals[last]); err != nil {
		return err
	}
	progress(len(refusals))
	return nil
}

func recordOne(ctx context.Context, client surveyv1.SurveyServiceClient, r *surveyv1.RecordRefusalRequest) error {
	if _, err := client.RecordRefusal(ctx, r); err != nil {
		return fmt.Errorf("record refusal %s of the sample: %w", r.GetRefusalId(), err)
	}
	return nil
}
