package api

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/seal"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
	"github.com/otklik/otklik/services/survey/internal/store"
)

// permissionPersons lets a caller see who answered and what was written in words.
const permissionPersons = "survey.persons.view"

// The fields that are withheld. A path with answers names the field of each of them.
var (
	responsePersonal = []string{"respondent", "answers.free_text", "answers.comment", "consents"}
	responseWithheld = append([]string{"invitation", "context.employee"}, responsePersonal...)
	refusalPersonal  = []string{"respondent"}
	refusalWithheld  = append([]string{"invitation", "context.employee"}, refusalPersonal...)
)

// viewer is what a caller may see of responses and refusals.
type viewer struct {
	// units are in order.
	units map[string][]string
	// persons tells that it sees who answered, service that it is a service of the suite.
	persons, service bool
}

func viewerOf(ctx context.Context) viewer {
	p, _ := authn.FromContext(ctx)
	service := p.HasRole(authn.RoleService)
	return viewer{units: inOrder(p.Units), service: service, persons: service || authz.FromContext(ctx).Holds(permissionPersons)}
}

// inOrder are units in order: a region of a chain has thousands of locations, and a page a thousand responses.
func inOrder(units map[string][]string) map[string][]string {
	out := make(map[string][]string, len(units))
	for dimension, values := range units {
		if out[dimension] = values; !slices.IsSorted(values) {
			out[dimension] = slices.Sorted(slices.Values(values))
		}
	}
	return out
}

// restricted tells whether it sees what belongs to some units only.
func (v viewer) restricted() bool { return len(v.units) > 0 }

// sees tells whether what came about in a context belongs to the viewer.
func (v viewer) sees(c *typev1.Context) bool {
	if !v.restricted() {
		return true
	}
	for _, d := range []struct{ key, value string }{
		{"region", c.GetRegion()}, {"location", c.GetLocation()}, {"company", c.GetCompany()}, {"employee", c.GetEmployee()},
	} {
		if _, found := slices.BinarySearch(v.units[d.key], d.value); found && d.value != "" {
			return true
		}
	}
	return false
}

// protect refuses to show single answers of employees to anybody but a service. The survey may not exist: store.ErrNotFound.
func (s *Server) protect(ctx context.Context, org, survey string, v viewer) error {
	if v.service {
		return nil
	}
	asked, err := s.asksEmployees(ctx, org, survey)
	if err != nil {
		return storeError(err)
	}
	if !asked {
		return nil
	}
	return refuse(codes.PermissionDenied, surveyv1.ErrorReason_ERROR_REASON_POPULATION_PROTECTED,
		"employees were asked: nobody reads single answers and refusals; scores are shown when enough have answered")
}

// asksEmployees tells whether a survey asks employees, or did in a revision before. Errors: store.ErrNotFound.
func (s *Server) asksEmployees(ctx context.Context, org, survey string) (bool, error) {
	status, err := s.store.Status(ctx, org, survey)
	if err != nil {
		return false, err
	}
	return s.forms.employees(ctx, org, survey, status.Revision)
}

// protected is asksEmployees for a survey that may not exist, which asks nobody.
func (s *Server) protected(ctx context.Context, org, survey string) (bool, error) {
	asked, err := s.asksEmployees(ctx, org, survey)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return asked, storeError(err)
}

// showResponses makes what the caller sees of responses, in their order; nil in place of those that it does not see.
func (s *Server) showResponses(ctx context.Context, v viewer, records []store.Submission) ([]*surveyv1.Response, error) {
	out, all := make([]*surveyv1.Response, len(records)), make([]parts, len(records))
	for i, r := range records {
		m, p, err := responseFromRecord(r)
		if err != nil {
			return nil, err
		}
		if v.sees(m.GetContext()) {
			out[i], all[i] = m, p
		}
	}
	if !v.persons {
		for _, m := range out {
			withholdResponse(m)
		}
		return out, nil
	}
	keys, err := s.keysOf(ctx, all)
	if err != nil {
		return nil, err
	}
	for i, record := range records {
		m := out[i]
		if m == nil || !all[i].takenOut {
			continue
		}
		key, ok := keys[all[i].key()]
		if !ok {
			m.Respondent, m.WithheldFields = "", responsePersonal
			continue
		}
		personal := &surveyv1.Response{}
		if err := openMessage(key, all[i].sealed, personal, record.Organization, m.GetName()); err != nil {
			return nil, err
		}
		putBack(m, personal)
	}
	return out, nil
}

// withholdResponse takes what says who answered out of a response.
func withholdResponse(m *surveyv1.Response) {
	if m == nil {
		return
	}
	takeWords(m)
	withholdEmployee(m.GetContext())
	m.Respondent, m.Invitation, m.Consents, m.WithheldFields = "", "", nil, responseWithheld
}

// withholdEmployee takes out who was rated: from a list with it anybody would work out the scores of employees that are withheld for want of answers.
func withholdEmployee(c *typev1.Context) {
	if c != nil {
		c.Employee = ""
	}
}

// showRefusals is showResponses for refusals.
func (s *Server) showRefusals(ctx context.Context, v viewer, records []store.Submission) ([]*surveyv1.Refusal, error) {
	out, all := make([]*surveyv1.Refusal, len(records)), make([]parts, len(records))
	for i, r := range records {
		m, p, err := refusalFromRecord(r)
		if err != nil {
			return nil, err
		}
		if !v.sees(m.GetContext()) {
			continue
		}
		out[i], all[i] = m, p
		if !v.persons {
			withholdEmployee(m.GetContext())
			m.Respondent, m.Invitation, m.WithheldFields = "", "", refusalWithheld
			all[i] = parts{}
		}
	}
	keys, err := s.keysOf(ctx, all)
	if err != nil {
		return nil, err
	}
	for i, record := range records {
		m := out[i]
		if m == nil || !all[i].takenOut {
			continue
		}
		key, ok := keys[all[i].key()]
		if !ok {
			m.Respondent, m.WithheldFields = "", refusalPersonal
			continue
		}
		personal := &surveyv1.Refusal{}
		if err := openMessage(key, all[i].sealed, personal, record.Organization, m.GetName()); err != nil {
			return nil, err
		}
		m.Respondent = personal.GetRespondent()
	}
	return out, nil
}

// keysOf fetches the keys of sealed parts; those that were destroyed are missing.
func (s *Server) keysOf(ctx context.Context, all []parts) (map[string]seal.Key, error) {
	var ids []string
	for _, p := range all {
		if id := p.key(); id != "" {
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return s.keeper.Keys(ctx, ids)
}
