package schedules

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/otklik/otklik/libs/seal"
	"github.com/otklik/otklik/services/reporting/internal/api/formats"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/report"
	"github.com/otklik/otklik/services/reporting/internal/schedule"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
)

// withheld are the fields that callers do not see who may not send to addresses.
var withheld = []string{"recipients.address"}

// toProto converts a schedule as the caller sees it, but for what is overdue.
func (s *Server) toProto(ctx context.Context, c caller, in schedule.Schedule) (*reportingv1.ReportSchedule, error) {
	out := &reportingv1.ReportSchedule{
		Name: collection + in.ID, DisplayName: in.DisplayName, Report: in.Report, Survey: in.Survey, Subject: in.Subject, Filter: in.Filter, LanguageCode: in.Language,
		Formats: formats.ToProto(in.Formats), Recurrence: recurrenceToProto(in.Recurrence), CatchUp: reportingv1.ReportSchedule_CatchUp(in.CatchUp), Delivery: reportingv1.ReportSchedule_Delivery(max(in.Way, schedule.ByMail)), Paused: in.Paused, PauseReason: in.PauseReason,
		Owner: in.Owner, NextRunTime: peers.Stamp(in.NextTime), CreateTime: peers.Stamp(in.CreateTime), UpdateTime: peers.Stamp(in.UpdateTime), Etag: etagOf(in),
	}
	for _, r := range in.Recipients {
		shown, hidden, err := s.recipientToProto(ctx, c, in.Organization, r)
		if err != nil {
			return nil, err
		}
		if hidden {
			out.WithheldFields = withheld
		}
		out.Recipients = append(out.Recipients, shown)
	}
	return out, nil
}

// recipientToProto converts a recipient as the caller sees it, and tells whether the address is withheld. It is empty where the key is gone, so that the schedule can
// still be seen, changed and deleted.
func (s *Server) recipientToProto(ctx context.Context, c caller, organization string, r schedule.Recipient) (*reportingv1.ReportRecipient, bool, error) {
	out := &reportingv1.ReportRecipient{Member: r.Member, UnsubscribeTime: peers.Stamp(r.UnsubscribeTime)}
	if r.Member != "" {
		return out, false, nil
	}
	if !c.outside {
		return out, true, nil
	}
	address, err := s.Envelope.Open(ctx, organization, r.Address)
	if err != nil && !errors.Is(err, seal.ErrDestroyed) {
		return nil, false, err
	}
	out.Address = address
	return out, false, nil
}

// deliveryToProto converts a delivery of a schedule.
func (s *Server) deliveryToProto(ctx context.Context, c caller, of schedule.Schedule, d schedule.Delivery) (*reportingv1.ReportDelivery, error) {
	id := strings.TrimPrefix(d.Key, "apiKeys/")
	if id == "" {
		id = "none"
	}
	out := &reportingv1.ReportDelivery{
		Name:  collection + d.Schedule + runsPart + d.Run + "/deliveries/" + id,
		State: reportingv1.ReportDelivery_State(d.State), Attempts: int32(d.Attempts), Failure: d.Failure, SendTime: peers.Stamp(d.SendTime), //nolint:gosec // small
	}
	if d.State == schedule.Pending {
		out.NextAttemptTime = peers.Stamp(d.NextTime)
	}
	out.ReportShare = d.Share
	if d.Fingerprint != "" {
		out.Rendition = "reportRenditions/" + d.Fingerprint
	}
	for _, r := range of.Recipients {
		if r.Key != d.Key {
			continue
		}
		var err error
		if out.Recipient, _, err = s.recipientToProto(ctx, c, of.Organization, r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func runToProto(r schedule.Run, now time.Time) *reportingv1.ReportRun {
	return &reportingv1.ReportRun{
		Name: collection + r.Schedule + runsPart + r.ID, Time: peers.Stamp(r.Time), State: reportingv1.ReportRun_State(r.State), CaughtUp: r.CaughtUp, Manual: r.Manual,
		BeginTime: peers.Stamp(r.BeginTime), EndTime: peers.Stamp(r.EndTime), OverdueSince: peers.Stamp(r.OverdueSince(now)), Failure: r.Failure,
	}
}

const cadencePrefix = "REPORT_CADENCE_"

func cadenceToProto(c report.Cadence) reportingv1.ReportCadence {
	return reportingv1.ReportCadence(reportingv1.ReportCadence_value[cadencePrefix+strings.ToUpper(strings.ReplaceAll(string(c), "-", "_"))])
}

// daysOfWeek is the length of a week; weekdays of the API begin with Monday at 1, Go's with Sunday at 0.
const daysOfWeek = 7

func recurrenceToProto(in schedule.Recurrence) *reportingv1.Recurrence {
	out := &reportingv1.Recurrence{
		Frequency: reportingv1.Recurrence_Frequency(in.Frequency), DayOfMonth: int32(in.Day), NthWeekday: int32(in.Nth), Month: int32(in.Month), //nolint:gosec // small
		ShortMonth: reportingv1.Recurrence_ShortMonth(in.Short), MinuteOfDay: int32(in.Minute), TimeZone: in.Zone, //nolint:gosec // small
	}
	for _, w := range in.Weekdays {
		out.Weekdays = append(out.Weekdays, reportingv1.Recurrence_Weekday((int32(w)+daysOfWeek-1)%daysOfWeek+1)) //nolint:gosec // small
	}
	return out
}

// recurrenceFromProto reads when it recurs; a zone that is not stated is the one given.
func recurrenceFromProto(in *reportingv1.Recurrence, zone *time.Location) schedule.Recurrence {
	out := schedule.Recurrence{
		Frequency: schedule.Frequency(in.GetFrequency()), Day: int(in.GetDayOfMonth()), Nth: int(in.GetNthWeekday()), Month: int(in.GetMonth()), //nolint:gosec // an enum
		Short: schedule.Short(in.GetShortMonth()), Minute: int(in.GetMinuteOfDay()), Zone: in.GetTimeZone(), //nolint:gosec // an enum
	}
	if out.Zone == "" {
		out.Zone = zone.String()
	}
	for _, w := range in.GetWeekdays() {
		out.Weekdays = append(out.Weekdays, time.Weekday(w%daysOfWeek))
	}
	return out
}
