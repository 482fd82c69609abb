package schedules

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/mask"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/api/formats"
	"github.com/otklik/otklik/services/reporting/internal/delivery"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/schedule"
	"github.com/otklik/otklik/services/reporting/internal/store"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// mutable are the fields of a schedule that an update may change.
var mutable = []string{
	"display_name", "report", "survey", "subject", "filter", "language_code", "formats", "recurrence", "catch_up", "recipients", "delivery", "paused",
}

// CreateReportSchedule makes a schedule. The same identifier with the same content returns what is there.
func (s *Server) CreateReportSchedule(ctx context.Context, req *reportingv1.CreateReportScheduleRequest) (*reportingv1.CreateReportScheduleResponse, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	in := req.GetReportSchedule()
	made := schedule.Schedule{Organization: c.organization, ID: req.GetReportScheduleId(), CreateTime: s.Now(), Owner: c.id}
	if made.ID == "" {
		made.ID = newID()
	}
	if there, err := s.find(ctx, c, collection+made.ID); err == nil {
		return s.thereAlready(ctx, c, there, in)
	} else if rpcerr.Code(err) != codes.NotFound {
		return nil, err
	}
	if err := s.fill(ctx, c, &made, in); err != nil {
		return nil, err
	}
	if made.Recipients, err = s.recipients(ctx, c, in.GetRecipients(), nil); err != nil {
		return nil, err
	}
	stored, err := s.Store.CreateSchedule(ctx, made, mostSchedules)
	if err != nil {
		err = errors.Join(err, s.endAll(ctx, c.organization, made.Recipients, nil))
		switch {
		case errors.Is(err, store.ErrExists):
			return nil, exists()
		case errors.Is(err, store.ErrTooMany):
			return nil, fault.Refuse(codes.ResourceExhausted, reportingv1.ErrorReason_ERROR_REASON_SCHEDULE_LIMIT,
				fmt.Sprintf("the organisation has %d schedules, the most there may be: delete one", mostSchedules))
		}
		return nil, storeError(err)
	}
	out, err := s.shown(ctx, c, stored)
	return &reportingv1.CreateReportScheduleResponse{ReportSchedule: out}, err
}

func exists() error {
	return fault.Field(codes.AlreadyExists, reportingv1.ErrorReason_ERROR_REASON_SCHEDULE_EXISTS, "report_schedule_id", "is taken; choose another one")
}

// thereAlready answers who makes what there is.
func (s *Server) thereAlready(
	ctx context.Context, c caller, there schedule.Schedule, in *reportingv1.ReportSchedule,
) (*reportingv1.CreateReportScheduleResponse, error) {
	full := c
	full.outside = true
	have, err := s.toProto(ctx, full, there)
	if err != nil {
		return nil, err
	}
	wanted := proto.CloneOf(have)
	mask.Overlay(wanted, in, mutable)
	if wanted.GetLanguageCode() == "" {
		wanted.LanguageCode = defaultLanguage
	}
	if wanted.GetCatchUp() == reportingv1.ReportSchedule_CATCH_UP_UNSPECIFIED {
		wanted.CatchUp = reportingv1.ReportSchedule_CATCH_UP_LATEST
	}
	if wanted.GetDelivery() == reportingv1.ReportSchedule_DELIVERY_UNSPECIFIED {
		wanted.Delivery = reportingv1.ReportSchedule_DELIVERY_EMAIL
	}
	if r := wanted.GetRecurrence(); r != nil && r.GetTimeZone() == "" {
		r.TimeZone = s.Zone.String()
	}
	for _, r := range wanted.GetRecipients() {
		r.UnsubscribeTime = nil
	}
	for _, r := range have.GetRecipients() {
		r.UnsubscribeTime = nil
	}
	if !proto.Equal(have, wanted) {
		return nil, exists()
	}
	out, err := s.shown(ctx, c, there)
	return &reportingv1.CreateReportScheduleResponse{ReportSchedule: out}, err
}

// fill takes over what callers say of a schedule but for its recipients, and sets when it is made next.
func (s *Server) fill(ctx context.Context, c caller, to *schedule.Schedule, in *reportingv1.ReportSchedule) error {
	if err := s.possible(ctx, *to, in); err != nil {
		return err
	}
	way, err := s.way(ctx, c, in)
	if err != nil {
		return err
	}
	recurrence := recurrenceFromProto(in.GetRecurrence(), s.Zone)
	var refusal *schedule.Refusal
	if err := recurrence.Check(); errors.As(err, &refusal) {
		return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_RECURRENCE_INVALID, "report_schedule.recurrence."+refusal.Field, refusal.Description)
	}
	now := s.Now()
	// What is due and not begun yet stays due, unless the calendar is another one.
	keep := !to.NextTime.IsZero() && reflect.DeepEqual(recurrence, to.Recurrence)
	to.DisplayName, to.Report, to.Survey, to.Subject, to.Filter = in.GetDisplayName(), in.GetReport(), in.GetSurvey(), in.GetSubject(), in.GetFilter()
	to.Language, to.Recurrence, to.CatchUp, to.Formats = in.GetLanguageCode(), recurrence, schedule.CatchUp(in.GetCatchUp()), formats.FromProto(in.GetFormats()...) //nolint:gosec // an enum
	if to.Language == "" {
		to.Language = defaultLanguage
	}
	if to.CatchUp == 0 {
		to.CatchUp = schedule.Latest
	}
	to.Way = way
	to.UpdateTime, to.Paused, to.PauseReason = now, in.GetPaused(), ""
	if to.Paused {
		to.NextTime = time.Time{}
		return nil
	}
	if keep {
		return nil
	}
	next, err := recurrence.Next(now)
	to.NextTime = next
	return err
}

// possible refuses what could never be made. What a schedule has told before is not looked at again: a recipient can be taken out, and the schedule paused, also when
// its survey is gone.
func (s *Server) possible(ctx context.Context, was schedule.Schedule, in *reportingv1.ReportSchedule) error {
	if was.Report == in.GetReport() && was.Survey == in.GetSurvey() && was.Subject == in.GetSubject() && was.Filter == in.GetFilter() {
		return nil
	}
	zone, err := time.LoadLocation(in.GetRecurrence().GetTimeZone())
	if err != nil || in.GetRecurrence().GetTimeZone() == "" {
		// One that there is not is refused with the rest of the calendar.
		zone = s.Zone
	}
	err = s.Reports.CheckPlanned(ctx, report.Request{
		Report: in.GetReport(), Zone: zone, Slice: report.Slice{Survey: in.GetSurvey(), Subject: in.GetSubject(), Filter: in.GetFilter()},
	})
	forMember := func(r *reportingv1.ReportRecipient) bool { return r.GetMember() != "" }
	if rpcerr.Code(err) == codes.PermissionDenied && slices.ContainsFunc(in.GetRecipients(), forMember) {
		// It is made with the rights of its members, who may see what the caller may not.
		return nil
	}
	return err
}

// way reads how a report reaches its recipients, and whether it can.
func (s *Server) way(ctx context.Context, c caller, in *reportingv1.ReportSchedule) (schedule.Way, error) {
	invalid := func(code codes.Code, field, description string) error {
		return fault.Field(code, reportingv1.ErrorReason_ERROR_REASON_DELIVERY_INVALID, "report_schedule."+field, description)
	}
	switch in.GetDelivery() {
	case reportingv1.ReportSchedule_DELIVERY_WEBHOOK:
		if len(in.GetRecipients()) > 0 {
			return 0, invalid(codes.InvalidArgument, "recipients", "must be empty where webhooks tell that the report is made: who receives these fetches it")
		}
		return schedule.ByWebhook, nil
	case reportingv1.ReportSchedule_DELIVERY_EMAIL_LINK:
		switch {
		case !c.shares:
			return 0, invalid(codes.PermissionDenied, "delivery", "sending links takes the permission "+delivery.PermissionShare)
		case s.PublicURL == "":
			return 0, invalid(codes.FailedPrecondition, "delivery", "cannot be by link: no address of the app is configured (reporting.public_url)")
		}
		return schedule.ByLink, s.Reports.CheckShareable(ctx, "report_schedule.report", in.GetReport(), in.GetSubject(), in.GetFilter())
	}
	return schedule.ByMail, nil
}

// defaultLanguage is that of schedules unless stated.
const defaultLanguage = "ru"

// recipientKey is what tells recipients apart.
func recipientKey(r *reportingv1.ReportRecipient) string {
	return r.GetMember() + "\x00" + r.GetAddress()
}

// recipients are those that are asked for: as they are where they are known, with new credentials otherwise.
func (s *Server) recipients(
	ctx context.Context, c caller, in []*reportingv1.ReportRecipient, known map[string]schedule.Recipient,
) (out []schedule.Recipient, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(err, s.endAll(ctx, c.organization, out, known))
		}
	}()
	seen := map[string]bool{}
	for i, r := range in {
		field := fmt.Sprintf("report_schedule.recipients[%d]", i)
		if (r.GetMember() == "") == (r.GetAddress() == "") {
			return out, invalidRecipient(field, "must be either a member or an address")
		}
		if seen[recipientKey(r)] {
			return out, invalidRecipient(field, "is named twice")
		}
		seen[recipientKey(r)] = true
		if there, ok := known[recipientKey(r)]; ok {
			out = append(out, there)
			continue
		}
		added, err := s.recipient(ctx, c, field, r)
		if added.Key != "" {
			out = append(out, added)
		}
		if err != nil {
			return out, err
		}
	}
	return out, nil
}

func invalidRecipient(field, description string) error {
	return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_RECIPIENT_INVALID, field, description)
}

// recipient makes a recipient with a credential, which is there also with an error where it is not empty.
func (s *Server) recipient(ctx context.Context, c caller, field string, in *reportingv1.ReportRecipient) (out schedule.Recipient, err error) {
	out.Member = in.GetMember()
	if out.Member != "" {
		address, ok, err := s.Credentials.Address(ctx, c.organization, out.Member)
		switch {
		case err != nil:
			return out, err
		case !ok:
			return out, invalidRecipient(field+".member", "is no enabled member")
		case address == "":
			return out, invalidRecipient(field+".member", "has no e-mail address: give the member one")
		}
	} else {
		if !c.outside {
			return out, addressesForbidden(field + ".address")
		}
		if out.Address, err = s.Envelope.Seal(ctx, c.organization, in.GetAddress()); err != nil {
			return out, err
		}
	}
	name, secret, err := s.Credentials.Make(ctx, c.organization, peers.Credential{DisplayName: "Recipient of a report", Role: peers.RoleRecipient})
	if err != nil {
		return out, err
	}
	out.Key = name
	out.Secret, err = s.Envelope.Seal(ctx, c.organization, secret)
	return out, err
}

func addressesForbidden(field string) error {
	return fault.Field(codes.PermissionDenied, reportingv1.ErrorReason_ERROR_REASON_ADDRESSES_FORBIDDEN, field,
		"sending to addresses of nobody who logs in takes the permission reporting.addresses.send")
}

// endAll revokes the credentials of recipients but for some that stay, and ends the links that were mailed to them.
func (s *Server) endAll(ctx context.Context, organization string, recipients []schedule.Recipient, stay map[string]schedule.Recipient) (err error) {
	ctx = context.WithoutCancel(ctx)
	kept := map[string]bool{}
	for _, r := range stay {
		kept[r.Key] = true
	}
	for _, r := range recipients {
		if !kept[r.Key] {
			err = errors.Join(err, s.Links.EndMailed(ctx, organization, r.Key), s.Credentials.End(ctx, organization, r.Key))
		}
	}
	return err
}

// UpdateReportSchedule changes a schedule. With an etag the schedule must still have it.
func (s *Server) UpdateReportSchedule(ctx context.Context, req *reportingv1.UpdateReportScheduleRequest) (*reportingv1.UpdateReportScheduleResponse, error) {
	in := req.GetReportSchedule()
	// The rules of the protos leave the schedule of this request alone, since only the fields of the mask matter. The name always does.
	if err := s.rules.Check(&reportingv1.GetReportScheduleRequest{Name: in.GetName()}); err != nil {
		return nil, rpcerr.Under("report_schedule", err)
	}
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	fields, err := mask.Changed(req.GetUpdateMask(), in, mutable)
	if err != nil {
		return nil, err
	}
	for range mostTries {
		current, err := s.find(ctx, c, in.GetName())
		if err != nil {
			return nil, err
		}
		if in.GetEtag() != "" && in.GetEtag() != etagOf(current) {
			return nil, changed()
		}
		stored, err := s.overlay(ctx, c, current, in, fields)
		if errors.Is(err, store.ErrChanged) {
			continue
		}
		if errors.Is(err, store.ErrNotFound) {
			return nil, notFound(in.GetName())
		}
		if err != nil {
			return nil, storeError(err)
		}
		out, err := s.shown(ctx, c, stored)
		return &reportingv1.UpdateReportScheduleResponse{ReportSchedule: out}, err
	}
	return nil, changed()
}

// mostTries is how often a change is tried when other changes are faster.
const mostTries = 10

func changed() error {
	return fault.Field(codes.Aborted, reportingv1.ErrorReason_ERROR_REASON_SCHEDULE_CHANGED, "report_schedule.etag",
		"is not the etag as it is now: read again, apply the change to what is there now, and send the new etag")
}

// overlay stores a schedule with some fields changed. The result is checked as a whole.
func (s *Server) overlay(ctx context.Context, c caller, current schedule.Schedule, in *reportingv1.ReportSchedule, fields []string) (schedule.Schedule, error) {
	full := c
	full.outside = true
	merged, err := s.toProto(ctx, full, current)
	if err != nil {
		return schedule.Schedule{}, err
	}
	known := map[string]schedule.Recipient{}
	for n, r := range merged.GetRecipients() {
		known[recipientKey(r)] = current.Recipients[n]
	}
	mask.Overlay(merged, in, fields)
	if err := s.rules.Check(&reportingv1.CreateReportScheduleRequest{ReportSchedule: merged}); err != nil {
		return schedule.Schedule{}, err
	}
	next := current
	if !slices.Equal(fields, []string{"paused"}) {
		next.Owner = c.id
		for n, r := range merged.GetRecipients() {
			if r.GetAddress() != "" && !c.outside {
				return schedule.Schedule{}, addressesForbidden(fmt.Sprintf("report_schedule.recipients[%d].address", n))
			}
		}
	}
	if err := s.fill(ctx, c, &next, merged); err != nil {
		return schedule.Schedule{}, err
	}
	if next.Recipients, err = s.recipients(ctx, c, merged.GetRecipients(), known); err != nil {
		return schedule.Schedule{}, err
	}
	stored, err := s.Store.UpdateSchedule(ctx, next)
	if err != nil {
		return schedule.Schedule{}, errors.Join(err, s.endAll(ctx, current.Organization, next.Recipients, known))
	}
	gone := slices.DeleteFunc(slices.Clone(current.Recipients), func(r schedule.Recipient) bool {
		return slices.ContainsFunc(next.Recipients, func(n schedule.Recipient) bool { return n.Key == r.Key })
	})
	return stored, s.endAll(ctx, current.Organization, gone, nil)
}

// DeleteReportSchedule removes a schedule.
func (s *Server) DeleteReportSchedule(ctx context.Context, req *reportingv1.DeleteReportScheduleRequest) (*reportingv1.DeleteReportScheduleResponse, error) {
	c, err := callerOf(ctx)
	if err != nil {
		return nil, err
	}
	found, err := s.find(ctx, c, req.GetName())
	if err != nil {
		return nil, err
	}
	if err := s.endLinks(ctx, c.organization, found.Recipients); err != nil {
		return nil, err
	}
	gone, err := s.Store.DeleteSchedule(ctx, c.organization, found.ID)
	if errors.Is(err, store.ErrNotFound) {
		return nil, notFound(req.GetName())
	}
	if err != nil {
		return nil, storeError(err)
	}
	return &reportingv1.DeleteReportScheduleResponse{}, s.endAll(ctx, c.organization, gone.Recipients, nil)
}
