package ingest

import (
	"context"
	"errors"
	"strings"

	"google.golang.org/grpc"

	"github.com/otklik/otklik/services/segmentation/internal/follow"
	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/recovery"
	"github.com/otklik/otklik/services/segmentation/internal/store"
	"github.com/otklik/otklik/services/segmentation/internal/surveys"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// recoveryAnswersFollower hears what is answered after cases.
const recoveryAnswersFollower = "recovery_answers"

// Follow makes the followers: of cases that are closed, and of responses.
func (r *Recovery) Follow(survey grpc.ClientConnInterface) []follow.Follower {
	return []follow.Follower{
		follow.Own(recoveryFollower, r.Store, r.closings),
		follow.Survey(recoveryAnswersFollower, survey, r.answers),
	}
}

// casesName is the identifier in the name of a case.
func casesName(name string) (string, bool) {
	id, ok := strings.CutPrefix(name, "cases/")
	return id, ok && id != ""
}

// answers looks at responses to invitations after cases, and at responses that were removed.
func (r *Recovery) answers(ctx context.Context, events []*surveyv1.Event, from, to int64) error {
	var answers []store.RecoveryAnswer
	for _, e := range events {
		if removed := e.GetRemoved(); removed != nil {
			answers = append(answers, store.RecoveryAnswer{Organization: e.GetOrganization(), Response: removed.GetName(), Removed: true})
			continue
		}
		m := e.GetResponse()
		id, ok := recovery.CaseOf(m.GetInvitation())
		if !ok || e.GetPopulationProtected() {
			continue
		}
		survey, _, named := light.ParseResponse(m.GetName())
		if !named {
			return &follow.Unfit{Reason: "it names no response"}
		}
		revision, err := r.Revisions.Revision(ctx, e.GetOrganization(), m.GetRevision())
		if errors.Is(err, surveys.ErrFault) {
			return &follow.Unfit{Reason: "its revision cannot be read"}
		}
		if err != nil {
			return err
		}
		rated, err := surveys.Rated(revision.Scales, m.GetAnswers())
		if errors.Is(err, light.ErrOffScale) {
			return &follow.Unfit{Reason: "it has an answer that is not on its scale"}
		}
		if err != nil {
			return err
		}
		answers = append(answers, store.RecoveryAnswer{Organization: e.GetOrganization(), Case: id, Response: m.GetName(), Survey: survey, Scores: scored(rated)})
	}
	return r.Store.ApplyRecoveryAnswers(ctx, recoveryAnswersFollower, from, to, answers)
}
