package schedules

import (
	"context"
	"errors"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/schedule"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// GetReportSchedule returns a schedule.
func (s *Server) GetReportSchedule(ctx context.Context, req *reportingv1.GetReportScheduleRequest) (*reportingv1.GetReportScheduleResponse, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.find(ctx, c, req.GetName())
	if err != nil {
		return nil, err
	}
	out, err := s.shown(ctx, c, found)
	return &reportingv1.GetReportScheduleResponse{ReportSchedule: out}, err
}

// ListReportSchedules lists schedules.
func (s *Server) ListReportSchedules(ctx context.Context, req *reportingv1.ListReportSchedulesRequest) (*reportingv1.ListReportSchedulesResponse, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	list, next, err := pageOf(s, reportingv1.ScheduleService_ListReportSchedules_FullMethodName, c.organization+"/"+c.owner, req,
		func(offset, limit int) ([]schedule.Schedule, bool, error) {
			return s.Store.ListSchedules(ctx, c.organization, c.owner, offset, limit)
		})
	if err != nil {
		return nil, err
	}
	out := &reportingv1.ListReportSchedulesResponse{NextPageToken: next}
	out.ReportSchedules, err = s.allShown(ctx, c, list)
	return out, err
}

// shown converts a schedule as the caller sees it.
func (s *Server) shown(ctx context.Context, c caller, one schedule.Schedule) (*reportingv1.ReportSchedule, error) {
	all, err := s.allShown(ctx, c, []schedule.Schedule{one})
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// allShown converts schedules as the caller sees them, with what is overdue of them.
func (s *Server) allShown(ctx context.Context, c caller, list []schedule.Schedule) ([]*reportingv1.ReportSchedule, error) {
	ids := make([]string, len(list))
	for i, one := range list {
		ids[i] = one.ID
	}
	late, err := s.Store.LateRuns(ctx, c.organization, ids)
	if err != nil {
		return nil, storeError(err)
	}
	now := s.Now()
	out := make([]*reportingv1.ReportSchedule, len(list))
	for i, one := range list {
		if out[i], err = s.toProto(ctx, c, one); err != nil {
			return nil, err
		}
		if one.Paused {
			continue
		}
		since := late[one.ID].OverdueSince(now)
		if late[one.ID].ID == "" {
			// What is due and not even begun.
			since = schedule.Run{State: schedule.Due, Time: one.NextTime}.OverdueSince(now)
		}
		out[i].OverdueSince = peers.Stamp(since)
	}
	return out, nil
}

// RunReportSchedule has a report made now.
func (s *Server) RunReportSchedule(ctx context.Context, req *reportingv1.RunReportScheduleRequest) (*reportingv1.RunReportScheduleResponse, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.find(ctx, c, req.GetName())
	if err != nil {
		return nil, err
	}
	id := req.GetRunId()
	if id == "" {
		id = "manual-" + newID()
	}
	now := s.Now().Truncate(time.Microsecond)
	run, err := s.Store.AddRun(ctx, schedule.Run{
		Organization: c.organization, Schedule: found.ID, ID: id, Report: found.ReportName(), Time: now, BeginTime: now, State: schedule.Due, Manual: true,
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound(req.GetName())
	}
	if err != nil {
		return nil, storeError(err)
	}
	return &reportingv1.RunReportScheduleResponse{Run: runToProto(run, now)}, nil
}

// ListReportRuns lists the runs of a schedule.
func (s *Server) ListReportRuns(ctx context.Context, req *reportingv1.ListReportRunsRequest) (*reportingv1.ListReportRunsResponse, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.find(ctx, c, req.GetParent())
	if err != nil {
		return nil, err
	}
	list, next, err := pageOf(s, reportingv1.ScheduleService_ListReportRuns_FullMethodName, c.organization, req,
		func(offset, limit int) ([]schedule.Run, bool, error) {
			return s.Store.ListRuns(ctx, c.organization, found.ID, offset, limit)
		})
	if err != nil {
		return nil, err
	}
	out, now := &reportingv1.ListReportRunsResponse{NextPageToken: next}, s.Now()
	for _, r := range list {
		out.Runs = append(out.Runs, runToProto(r, now))
	}
	return out, nil
}

// ListReportDeliveries lists what became of a run for each recipient.
func (s *Server) ListReportDeliveries(ctx context.Context, req *reportingv1.ListReportDeliveriesRequest) (*reportingv1.ListReportDeliveriesResponse, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	parent, run, _ := strings.Cut(req.GetParent(), runsPart)
	found, err := s.find(ctx, c, parent)
	if err != nil {
		return nil, err
	}
	if _, err := s.Store.GetRun(ctx, c.organization, found.ID, run); errors.Is(err, store.ErrNotFound) {
		return nil, fault.Refuse(codes.NotFound, reportingv1.ErrorReason_ERROR_REASON_RUN_NOT_FOUND, "there is no "+req.GetParent()+"; list the runs",
			rpcerr.WithMetadata("resource", req.GetParent()))
	} else if err != nil {
		return nil, storeError(err)
	}
	list, next, err := pageOf(s, reportingv1.ScheduleService_ListReportDeliveries_FullMethodName, c.organization, req,
		func(offset, limit int) ([]schedule.Delivery, bool, error) {
			return s.Store.ListReportDeliveries(ctx, c.organization, found.ID, run, offset, limit)
		})
	if err != nil {
		return nil, err
	}
	out := &reportingv1.ListReportDeliveriesResponse{NextPageToken: next}
	for _, d := range list {
		shown, err := s.deliveryToProto(ctx, c, found, d)
		if err != nil {
			return nil, err
		}
		out.Deliveries = append(out.Deliveries, shown)
	}
	return out, nil
}

// ListReportCadences tells which reports that are to be made so often were.
func (s *Server) ListReportCadences(ctx context.Context, req *reportingv1.ListReportCadencesRequest) (*reportingv1.ListReportCadencesResponse, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	kept := schedule.KeptReports()
	list, next, err := pageOf(s, reportingv1.ScheduleService_ListReportCadences_FullMethodName, c.organization, req,
		func(offset, limit int) ([]report.Definition, bool, error) {
			from, to := min(offset, len(kept)), min(offset+limit, len(kept))
			return kept[from:to], to < len(kept), nil
		})
	if err != nil {
		return nil, err
	}
	names := make([]string, len(list))
	for i, d := range list {
		names[i] = "reports/" + d.ID
	}
	last, err := s.Store.LastDelivered(ctx, c.organization, names)
	if err != nil {
		return nil, storeError(err)
	}
	out, now := &reportingv1.ListReportCadencesResponse{NextPageToken: next}, s.Now()
	for i, d := range list {
		shown := &reportingv1.ReportCadenceState{Report: names[i], Cadence: cadenceToProto(d.Cadence), Overdue: true}
		if run, ok := last[names[i]]; ok {
			due := schedule.DueAfter(d.Cadence, run.Time.In(s.Zone))
			shown.LastDeliveryTime, shown.DueTime, shown.Overdue = timestamppb.New(run.EndTime), timestamppb.New(due), now.After(due)
		}
		out.Cadences = append(out.Cadences, shown)
	}
	return out, nil
}

// UnsubscribeReport sends no more reports to the recipient whose credential the call carries.
func (s *Server) UnsubscribeReport(ctx context.Context, _ *reportingv1.UnsubscribeReportRequest) (*reportingv1.UnsubscribeReportResponse, error) {
	organization, err := authn.Organization(ctx)
	if err != nil {
		return nil, err
	}
	p, _ := authn.FromContext(ctx)
	if err := s.Store.UnsubscribeReport(ctx, organization, p.ID, s.Now()); errors.Is(err, store.ErrNotFound) {
		return nil, notFound("recipient of this secret")
	} else if err != nil {
		return nil, storeError(err)
	}
	return &reportingv1.UnsubscribeReportResponse{}, nil
}
