package shares

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/reporting/internal/api/formats"
	"github.com/otklik/otklik/services/reporting/internal/share"

	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

func toProto(s share.Share, now time.Time) *reportingv1.ReportShare {
	out := &reportingv1.ReportShare{
		Name: collection + s.ID, DisplayName: s.DisplayName, Report: s.Report, Rendition: s.Rendition, Survey: s.Survey, Subject: s.Subject, Filter: s.Filter,
		LanguageCode: s.Language, Formats: formats.ToProto(s.Formats), ExpireTime: timestamppb.New(s.ExpireTime), State: reportingv1.ReportShare_STATE_ACTIVE,
		Creator: s.Creator, CreateTime: timestamppb.New(s.CreateTime), ViewCount: s.Views, Schedule: s.Schedule, SecretHint: s.Hint,
	}
	if !s.Start.IsZero() {
		out.Period = &typev1.Period{StartTime: timestamppb.New(s.Start), EndTime: timestamppb.New(s.End)}
	}
	if s.Ended(now) {
		out.State = reportingv1.ReportShare_STATE_EXPIRED
	}
	if !s.ViewTime.IsZero() {
		out.LastViewTime = timestamppb.New(s.ViewTime)
	}
	return out
}
