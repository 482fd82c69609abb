package api

import (
	"context"
	"fmt"
	"math"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/experiment"
	"github.com/otklik/otklik/services/reporting/internal/peers"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

const (
	// definitionExperiment names what a comparison of variants is.
	definitionExperiment = "experiment"
	// defaultControl is the variant that others are compared with where nothing is said of it.
	defaultControl = "control"
	// defaultPower is the probability with which detectable differences are found.
	defaultPower = 0.8
)

// AssignVariants gives variants out.
func (s *Server) AssignVariants(_ context.Context, req *reportingv1.AssignVariantsRequest) (*reportingv1.AssignVariantsResponse, error) {
	arms, err := armsOf(req.GetVariants())
	if err != nil {
		return nil, err
	}
	out := &reportingv1.AssignVariantsResponse{Variants: make([]string, len(req.GetSubjects()))}
	for i, subject := range req.GetSubjects() {
		out.Variants[i] = experiment.Assign(req.GetSeed(), subject, arms)
	}
	return out, nil
}

// armsOf reads variants; one stands once.
func armsOf(in []*reportingv1.ExperimentArm) ([]experiment.Arm, error) {
	arms := make([]experiment.Arm, len(in))
	for i, a := range in {
		if slices.ContainsFunc(arms[:i], func(o experiment.Arm) bool { return o.Name == a.GetValue() }) {
			return nil, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_VARIANT_INVALID, fmt.Sprintf("variants[%d].value", i),
				fmt.Sprintf("%q is a variant already", a.GetValue()))
		}
		arms[i] = experiment.Arm{Name: a.GetValue(), Share: a.GetShare()}
		if a.GetShare() == 0 {
			arms[i].Share = 1
		}
	}
	return arms, nil
}

// trial is an experiment that is asked for.
type trial struct {
	req  *reportingv1.QueryExperimentRequest
	arms []experiment.Arm
	// outcomes are what is compared.
	outcomes []outcome
}

// QueryExperiment compares the variants of an A/B test.
func (s *Server) QueryExperiment(ctx context.Context, req *reportingv1.QueryExperimentRequest) (*reportingv1.QueryExperimentResponse, error) {
	arms, err := armsOf(req.GetVariants())
	if err != nil {
		return nil, err
	}
	x := &trial{req: req, arms: arms}
	if err := x.check(); err != nil {
		return nil, err
	}
	q, err := s.questionnaireOf(ctx, req.GetQuery().GetSurvey())
	if err != nil {
		return nil, err
	}
	if err := x.find(ctx, q); err != nil {
		return nil, err
	}
	tally, counted, unassigned, err := s.readTrial(ctx, x)
	if err != nil {
		return nil, err
	}
	return s.judgeTrial(ctx, x, tally, counted, unassigned)
}

// check refuses what cannot be compared, whatever the answers are.
func (x *trial) check() error {
	if err := checkKey("key", x.req.GetKey()); err != nil {
		return err
	}
	invalid := func(field, description string) error {
		return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_VARIANT_INVALID, field, description)
	}
	switch control := x.req.GetControl(); {
	case len(x.arms) == 1:
		return invalid("variants", "one variant has none to be compared with: state two, or none for all that responses state")
	case len(x.arms) > 0 && control != "" && !slices.ContainsFunc(x.arms, func(a experiment.Arm) bool { return a.Name == control }):
		return invalid("control", fmt.Sprintf("%q is none of the variants", control))
	}
	return nil
}

// find finds the outcomes.
func (x *trial) find(ctx context.Context, q questionnaire) error {
	asked := x.req.GetOutcomes()
	if len(asked) == 0 {
		asked = []*reportingv1.ExperimentOutcome{{}}
	}
	for i, a := range asked {
		at := fmt.Sprintf("outcomes[%d]", i)
		found, err := q.compared(ctx, at, a)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(x.outcomes, func(o outcome) bool {
			return o.question.ID == found.question.ID && o.metric == found.metric && o.option == found.option
		}) {
			return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_ITEM_REPEATED, at, "it is an outcome already; leave it out here")
		}
		x.outcomes = append(x.outcomes, found)
	}
	return nil
}

// compared finds an outcome of an experiment.
func (q questionnaire) compared(ctx context.Context, at string, a *reportingv1.ExperimentOutcome) (outcome, error) {
	option := func(description string) error {
		return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_OPTION_INVALID, at+".option", description)
	}
	if a.GetQuestion() == "" {
		found, err := q.outcome(ctx, "")
		switch {
		case err != nil:
			return outcome{}, err
		case a.GetOption() != "":
			return outcome{}, option("name the question that has it")
		}
		return outcomeOf(found, a.GetMetric(), at+".metric")
	}
	found, ok, err := q.Find(ctx, a.GetQuestion())
	switch {
	case err != nil:
		return outcome{}, fault.Survey(err)
	case !ok:
		return outcome{}, questionNotFound(at+".question", a.GetQuestion())
	case found.Kind != peers.KindOther && a.GetOption() != "":
		return outcome{}, option(fmt.Sprintf("question %q has a scale and no options", found.ID))
	case found.Kind != peers.KindOther:
		return outcomeOf(found, a.GetMetric(), at+".metric")
	case len(found.Options) == 0:
		_, err := q.scored(ctx, at+".question", found.ID)
		return outcome{}, err
	case a.GetOption() == "":
		return outcome{}, option(fmt.Sprintf("name the option of question %q whose share is compared", found.ID))
	case !slices.Contains(found.Options, a.GetOption()):
		return outcome{}, option(fmt.Sprintf("question %q has no option %q; see its revision", found.ID, a.GetOption()))
	case a.GetMetric() != reportingv1.OutcomeMetric_OUTCOME_METRIC_UNSPECIFIED:
		return outcome{}, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_METRIC_MISMATCH, at+".metric", "of an option the share is compared: leave it out")
	}
	return outcome{question: found, option: a.GetOption()}, nil
}

// readTrial counts the responses of each variant, and those that state none.
func (s *Server) readTrial(ctx context.Context, x *trial) (tally *experiment.Tally, counted peers.Counted, unassigned int64, err error) {
	described := make([]experiment.Outcome, len(x.outcomes))
	for i := range x.outcomes {
		o := &x.outcomes[i]
		described[i] = experiment.Outcome{Metric: o.kind(), Least: o.question.Scale.GetMin(), Most: o.question.Scale.GetMax()}
	}
	tally = experiment.NewTally(described, peers.Groups)
	for _, a := range x.arms {
		tally.Expect(a.Name)
	}
	values, key := make([]float64, len(x.outcomes)), x.req.GetKey()
	counted, err = s.scoring.Facts(ctx, selectionOf(x.req.GetQuery()), func(f *scoringv1.Fact) error {
		stated := keyValues(f, key)
		switch {
		case len(stated) > 1:
			return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_KEY_MULTIPLE, "key",
				fmt.Sprintf("some responses have several values of %q, and a response is of one variant; choose what has one value", key))
		case len(stated) == 0 || len(x.arms) > 0 && !slices.Contains(tally.Variants, stated[0]):
			unassigned++
			return nil
		}
		for i := range x.outcomes {
			v, ok := x.outcomes[i].value(f)
			if !ok {
				v = math.NaN()
			}
			values[i] = v
		}
		if !tally.Add(int(f.GetGroup()), stated[0], weightOf(x.req.GetQuery(), f), values) {
			return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_TOO_MANY, "key",
				fmt.Sprintf("responses state more than %d values of %q: name the variants that are compared", experiment.MostVariants, key))
		}
		return nil
	})
	if err != nil {
		return nil, counted, 0, fault.Scoring(err, fault.Fields(nil).Of)
	}
	return tally, counted, unassigned, x.settle(tally)
}

// settle makes variants of what responses state, where the request states none.
func (x *trial) settle(tally *experiment.Tally) error {
	if len(x.arms) > 0 {
		return nil
	}
	switch control := x.req.GetControl(); {
	case len(tally.Variants) == 0:
		return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_KEY_UNKNOWN, "key",
			fmt.Sprintf("no response states %q; choose another key, a longer period or a wider filter", x.req.GetKey()))
	case len(tally.Variants) == 1:
		return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_VARIANT_INVALID, "key",
			fmt.Sprintf("all responses that state %q state %q: there is nothing to compare with", x.req.GetKey(), tally.Variants[0]))
	case control != "" && !slices.Contains(tally.Variants, control):
		return fault.Field(codes.FailedPrecondition, reportingv1.ErrorReason_ERROR_REASON_VARIANT_INVALID, "control", fmt.Sprintf("no response states %q", control))
	}
	for _, v := range tally.Variants {
		x.arms = append(x.arms, experiment.Arm{Name: v, Share: 1})
	}
	return nil
}
