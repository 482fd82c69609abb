package operations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/page"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/operation"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// mark is where a page of records ended.
type mark struct {
	Time int64
	Key  string
}

// personsView lets a caller see who persons are.
const personsView = "segmentation.persons.view"

// seesPersons tells whether the caller is told whose a record is: what customers pressed after each employee is as much about him as his scores.
func seesPersons(ctx context.Context) bool {
	caller, _ := authn.FromContext(ctx)
	return caller.HasRole(authn.RoleService) || authz.FromContext(ctx).Holds(personsView)
}

// withhold takes out whose a record is, and the identifier where that was made of it.
func withhold(m *reportingv1.OperationRecord, r operation.Record) {
	if r.Employee == "" {
		return
	}
	m.Employee, m.WithheldFields = "", []string{"employee"}
	if r.Key == r.MadeKey() {
		m.Id, m.WithheldFields = "", []string{"id", "employee"}
	}
}

// ListOperations lists records of a kind.
func (s *Server) ListOperations(ctx context.Context, req *reportingv1.ListOperationsRequest) (*reportingv1.ListOperationsResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	shown := seesPersons(ctx)
	if !shown && req.GetEmployee() != "" {
		return nil, fault.Field(codes.PermissionDenied, reportingv1.ErrorReason_ERROR_REASON_EMPLOYEE_FORBIDDEN, "employee",
			"needs the permission "+personsView+": leave it out, and the employees of the records are withheld")
	}
	binding := page.Binding(reportingv1.OperationsService_ListOperations_FullMethodName, organization, req)
	cursor, err := s.Tokens.Decode(binding, req.GetPageToken())
	if err != nil {
		return nil, err
	}
	q := store.OperationQuery{
		Kind: operation.Kind(req.GetKind()), Employee: strings.TrimPrefix(req.GetEmployee(), employeePrefix), //nolint:gosec // the numbers are the API's
		From: timeFrom(req.GetPeriod().GetStartTime()), To: timeFrom(req.GetPeriod().GetEndTime()), Limit: int(req.GetPageSize()),
	}
	if q.Limit == 0 {
		q.Limit = defaultPage
	}
	if q.After, err = s.openMark(ctx, organization, shown, cursor); err != nil {
		return nil, err
	}
	if q.Locations, err = s.reach(ctx, identifiers(locationPrefix, req.GetLocations())); err != nil {
		return nil, err
	}
	list, more, err := s.Store.ListOperations(ctx, organization, q)
	if err != nil {
		return nil, err
	}
	out := &reportingv1.ListOperationsResponse{}
	for _, r := range list {
		m := recordTo(r)
		if !shown {
			withhold(m, r)
		}
		out.Records = append(out.Records, m)
	}
	if more {
		next, err := s.mark(ctx, organization, shown, list[len(list)-1])
		if err != nil {
			return nil, err
		}
		out.NextPageToken = s.Tokens.Encode(binding, next)
	}
	return out, nil
}

// Pages seals where pages end. Errors are of the vault, or of a text that was not sealed so.
type Pages interface {
	Seal(ctx context.Context, organization, text string) ([]byte, error)
	Open(ctx context.Context, organization string, sealed []byte) (string, error)
}

// mark is where a page ends: sealed for who may not see persons, since the key of a record may be made of its employee.
func (s *Server) mark(ctx context.Context, organization string, shown bool, last operation.Record) ([]byte, error) {
	encoded, err := json.Marshal(mark{last.Start.UnixMicro(), last.Key})
	if err != nil {
		return nil, fmt.Errorf("encode cursor: %w", err)
	}
	if shown {
		return encoded, nil
	}
	sealed, err := s.Pages.Seal(ctx, organization, string(encoded))
	return sealed, vaultError(err)
}

// openMark reads where the page before ended; zero for the first.
func (s *Server) openMark(ctx context.Context, organization string, shown bool, cursor []byte) (store.OperationMark, error) {
	if len(cursor) == 0 {
		return store.OperationMark{}, nil
	}
	if !shown {
		text, err := s.Pages.Open(ctx, organization, cursor)
		if errors.Is(err, seal.ErrMalformed) || errors.Is(err, seal.ErrOpen) {
			return store.OperationMark{}, page.ErrMalformed
		}
		if err != nil {
			return store.OperationMark{}, vaultError(err)
		}
		cursor = []byte(text)
	}
	var at mark
	if err := json.Unmarshal(cursor, &at); err != nil {
		return store.OperationMark{}, page.ErrMalformed
	}
	return store.OperationMark{Start: time.UnixMicro(at.Time).UTC(), Key: at.Key}, nil
}

// vaultError explains why a page cannot be sealed or opened.
func vaultError(err error) error {
	if err == nil {
		return nil
	}
	return fault.Refuse(codes.Unavailable, reportingv1.ErrorReason_ERROR_REASON_ACCESS_UNAVAILABLE, "the access service, which keeps the keys, did not answer: try again", rpcerr.WithCause(err))
}

// DeleteOperations removes records.
func (s *Server) DeleteOperations(ctx context.Context, req *reportingv1.DeleteOperationsRequest) (*reportingv1.DeleteOperationsResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	q := store.OperationQuery{
		Kind: operation.Kind(req.GetKind()), Keys: req.GetIds(), Locations: identifiers(locationPrefix, req.GetLocations()), //nolint:gosec // the numbers are the API's
		From: timeFrom(req.GetPeriod().GetStartTime()), To: timeFrom(req.GetPeriod().GetEndTime()),
	}
	if q.Keys == nil && q.Locations == nil && q.From.IsZero() && q.To.IsZero() {
		return nil, fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_OPERATIONS_SELECTION_REQUIRED, "period",
			"say which records are meant, by ids, locations or period; for all of the kind a period with a start in 1700")
	}
	out := &reportingv1.DeleteOperationsResponse{}
	for {
		n, err := s.Store.DeleteOperations(ctx, organization, q, atOnce)
		if err != nil {
			return nil, err
		}
		if out.DeletedCount += int64(n); n < atOnce {
			return out, nil
		}
	}
}
