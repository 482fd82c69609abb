package importer

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Target is the revision that answers go to.
type Target struct {
	// Survey is the survey as it is on the server.
	Survey *surveyv1.Survey
	// Revision is the resource name of the revision.
	Revision string
	// Created tells that the import created the survey.
	Created bool
}

// MisfitError tells that the survey exists and asks something else than the mapping answers.
type MisfitError struct {
	// Survey is its resource name.
	Survey string
	// Misfits says in words what does not fit.
	Misfits []string
}

// Error lists what does not fit.
func (e *MisfitError) Error() string {
	return fmt.Sprintf("%s exists and does not fit the mapping:\n  %s\nchange the mapping, or its survey.id to make a new survey",
		e.Survey, strings.Join(e.Misfits, "\n  "))
}

// Prepare makes sure that the mapping's survey takes answers: it creates and publishes the survey when there is none, publishes a draft that
// fits, and otherwise finds the oldest published revision that fits. The oldest, because a second import of the same file must find the same
// revision whatever was published since: it is part of what makes a response the same. Errors: *MisfitError, or the server's.
func Prepare(ctx context.Context, client surveyv1.SurveyServiceClient, m *Mapping) (Target, error) {
	got, err := client.GetSurvey(ctx, &surveyv1.GetSurveyRequest{Name: m.Survey.Name()})
	if rpcerr.Code(err) == codes.NotFound {
		return create(ctx, client, m)
	}
	if err != nil {
		return Target{}, fmt.Errorf("look for the survey: %w", err)
	}
	survey := got.GetSurvey()
	if survey.GetState() == surveyv1.Survey_STATE_DRAFT {
		if misfits := m.Misfits(survey.GetDraft()); len(misfits) > 0 {
			return Target{}, &MisfitError{Survey: survey.GetName(), Misfits: misfits}
		}
		return publish(ctx, client, survey, false)
	}
	revision, misfits, err := fittingRevision(ctx, client, m)
	if err != nil {
		return Target{}, err
	}
	if revision == "" {
		return Target{}, &MisfitError{Survey: survey.GetName(), Misfits: misfits}
	}
	return Target{Survey: survey, Revision: revision}, nil
}

func create(ctx context.Context, client surveyv1.SurveyServiceClient, m *Mapping) (Target, error) {
	questionnaire, err := m.Questionnaire()
	if err != nil {
		return Target{}, err
	}
	created, err := client.CreateSurvey(ctx, &surveyv1.CreateSurveyRequest{
		SurveyId: m.Survey.ID,
		Survey:   &surveyv1.Survey{DisplayName: m.Survey.DisplayName, Draft: questionnaire},
	})
	if err != nil {
		return Target{}, fmt.Errorf("create the survey: %w", err)
	}
	return publish(ctx, client, created.GetSurvey(), true)
}

func publish(ctx context.Context, client surveyv1.SurveyServiceClient, survey *surveyv1.Survey, created bool) (Target, error) {
	published, err := client.PublishSurvey(ctx, &surveyv1.PublishSurveyRequest{Name: survey.GetName(), Etag: survey.GetEtag()})
	if err != nil {
		return Target{}, fmt.Errorf("publish the survey: %w", err)
	}
	return Target{Survey: published.GetSurvey(), Revision: published.GetRevision().GetName(), Created: created}, nil
}

// fittingRevision returns the oldest revision that fits, or "" and what does not fit in the newest.
func fittingRevision(ctx context.Context, client surveyv1.SurveyServiceClient, m *Mapping) (string, []string, error) {
	oldest := ""
	var misfits []string
	request := &surveyv1.ListRevisionsRequest{Parent: m.Survey.Name()}
	for first := true; ; {
		page, err := client.ListRevisions(ctx, request)
		if err != nil {
			return "", nil, fmt.Errorf("list the survey's revisions: %w", err)
		}
		for _, revision := range page.GetRevisions() {
			found := m.Misfits(revision.GetQuestionnaire())
			if first {
				misfits, first = found, false
			}
			if len(found) == 0 {
				oldest = revision.GetName()
			}
		}
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return oldest, misfits, nil
		}
	}
}
