package api

import (
	"encoding/base64"
	"encoding/binary"
	"strconv"
	"strings"

	"github.com/otklik/otklik/services/scoring/internal/alert"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/store"

	"github.com/otklik/otklik/libs/calendar"
	"github.com/otklik/otklik/libs/stat"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const (
	rulePrefix      = "alertRules/"
	alertCollection = "/alerts/"
	// alertLevel is the confidence level of the interval of a change, alertMethod how it is made.
	alertLevel  = 0.95
	alertMethod = metric.StudentT
)

// ruleEtag changes with every change of a rule; with the time of creation in it, it is not that of a rule of the same name deleted before.
func ruleEtag(r *alert.Rule) string {
	raw := binary.AppendVarint(binary.AppendVarint(nil, r.CreateTime.UnixNano()), r.Revision)
	return base64.RawURLEncoding.EncodeToString(raw)
}

func ruleToProto(r *store.AlertRule) *scoringv1.AlertRule {
	out := &scoringv1.AlertRule{
		Name: rulePrefix + r.ID, DisplayName: r.DisplayName, Survey: surveyPrefix + r.Survey, Metric: metricToProto(r.Metric), Variant: variantToProto(r.Variant),
		Question: r.Question, UnitKey: r.UnitKey, Filter: r.Filter, Population: populationToProto(r.Population), Grain: typev1.TimeGrain(r.Grain), TimeZone: r.TimeZone,
		Method: scoringv1.AlertRule_Method(r.Method), Lambda: r.Lambda, Limit: r.Limit, ReferenceValue: r.Reference, Q: r.Q, Baseline: baselineToProto(r.Baseline),
		LeastAnswers: int32(r.Least), ResolveAfter: int32(r.ResolveAfter), Disabled: r.Disabled, Revision: r.Revision, //nolint:gosec // they are bounded
		CreateTime: momentToProto(r.CreateTime), UpdateTime: momentToProto(r.UpdateTime), UpdatedBy: r.UpdatedBy,
		EvaluatedToTime: momentToProto(r.Progress.EvaluatedTo), AsOfTime: momentToProto(r.Progress.AsOf), EvaluatedUnits: int32(r.Progress.Units), //nolint:gosec // they are few
		LastError: r.Progress.Error, Etag: ruleEtag(&r.Rule),
	}
	for _, s := range r.Silences {
		out.Silences = append(out.Silences, silenceToProto(s))
	}
	return out
}

func baselineToProto(b alert.Baseline) *scoringv1.AlertBaseline {
	switch {
	case b.Value != nil:
		return &scoringv1.AlertBaseline{Kind: &scoringv1.AlertBaseline_Value{Value: *b.Value}}
	case b.Fixed():
		return &scoringv1.AlertBaseline{Kind: &scoringv1.AlertBaseline_Period{Period: &typev1.Period{StartTime: momentToProto(b.Start), EndTime: momentToProto(b.End)}}}
	}
	return &scoringv1.AlertBaseline{Kind: &scoringv1.AlertBaseline_FirstPeriods_{FirstPeriods: &scoringv1.AlertBaseline_FirstPeriods{
		Count: int32(b.First), StartTime: momentToProto(b.Start), //nolint:gosec // it is bounded
	}}}
}

func baselineFromProto(in *scoringv1.AlertBaseline) (b alert.Baseline, err error) {
	switch kind := in.GetKind().(type) {
	case *scoringv1.AlertBaseline_Value:
		b.Value = &kind.Value
	case *scoringv1.AlertBaseline_Period:
		b.Start, b.End = momentFromProto(kind.Period.GetStartTime()), momentFromProto(kind.Period.GetEndTime())
		if b.Start.IsZero() || b.End.IsZero() {
			return b, &alert.FieldError{Field: "baseline.period", Description: "needs both bounds"}
		}
	case *scoringv1.AlertBaseline_FirstPeriods_:
		b.First, b.Start = int(kind.FirstPeriods.GetCount()), momentFromProto(kind.FirstPeriods.GetStartTime())
	}
	return b, nil
}

func silenceToProto(s alert.Silence) *scoringv1.AlertSilence {
	return &scoringv1.AlertSilence{
		StartTime: momentToProto(s.Start), EndTime: momentToProto(s.End), Units: s.Units, Reason: s.Reason, CreatedBy: s.CreatedBy,
	}
}

func silenceFromProto(in *scoringv1.AlertSilence, by string) alert.Silence {
	return alert.Silence{
		Start: momentFromProto(in.GetStartTime()), End: momentFromProto(in.GetEndTime()), Units: in.GetUnits(), Reason: in.GetReason(), CreatedBy: by,
	}
}

// ruleFromProto converts what a caller says of a rule; silences are by the caller.
func (s *alertServer) ruleFromProto(in *scoringv1.AlertRule, by string) (alert.Rule, error) {
	r := alert.Rule{
		DisplayName: in.GetDisplayName(), Disabled: in.GetDisabled(),
		Subject: alert.Subject{
			Survey: strings.TrimPrefix(in.GetSurvey(), surveyPrefix), Metric: metricFromProto(in.GetMetric()), Question: in.GetQuestion(), UnitKey: in.GetUnitKey(),
			Filter: in.GetFilter(), Population: populationFromProto(in.GetPopulation()), Grain: grainFromProto(in.GetGrain()), TimeZone: in.GetTimeZone(),
		},
		Params: alert.Params{
			Method: alert.Method(in.GetMethod()), Lambda: in.GetLambda(), Limit: in.GetLimit(), Reference: in.GetReferenceValue(), Q: in.GetQ(), //nolint:gosec // the rules of the message hold
			Least: int64(in.GetLeastAnswers()), ResolveAfter: int(in.GetResolveAfter()),
		},
	}
	if in.GetVariant() != scoringv1.Variant_VARIANT_UNSPECIFIED {
		r.Variant = variantFromProto(in.GetVariant())
	}
	for _, x := range in.GetSilences() {
		r.Silences = append(r.Silences, silenceFromProto(x, by))
	}
	if r.Grain == calendar.None {
		r.Grain = calendar.Day
	}
	if r.TimeZone == "" {
		r.TimeZone = s.Location.String()
	}
	if _, err := s.zones.load(r.TimeZone); err != nil {
		return r, &alert.FieldError{Field: "time_zone", Description: "is no time zone of the IANA database: use a name such as Asia/Bishkek"}
	}
	var err error
	r.Baseline, err = baselineFromProto(in.GetBaseline())
	return r, err
}

// alertName is the name of an alert; empty for one that is not stored.
func alertName(rule string, number int64) string {
	if number == 0 {
		return ""
	}
	return rulePrefix + rule + alertCollection + strconv.FormatInt(number, 10)
}

func alertToProto(rule string, a *alert.Alert) *scoringv1.Alert {
	v := &a.Verdict
	return &scoringv1.Alert{
		Name: alertName(rule, a.Number), Survey: surveyPrefix + a.Subject.Survey, Metric: metricToProto(a.Subject.Metric), Variant: variantToProto(a.Subject.Variant),
		Question: a.Subject.Question, UnitKey: a.Subject.UnitKey, Unit: a.Unit, State: scoringv1.Alert_State(a.State), Direction: scoringv1.Alert_Direction(a.Direction),
		Resolution: scoringv1.Alert_Resolution(a.Resolution), Change: v.Change, Interval: changeInterval(v.Interval), Level: v.Level, Baseline: v.Baseline,
		BaselineN: v.BaselineN, N: v.N, Statistic: v.Statistic, PValue: v.P, QValue: v.Q, EvaluatedUnits: int32(v.Family), //nolint:gosec // they are few
		FirstSeenTime: momentToProto(a.FirstSeen), LastSeenTime: momentToProto(a.LastSeen), OnsetTime: momentToProto(v.Onset), ResolveTime: momentToProto(a.ResolveTime),
		AsOfTime: momentToProto(a.AsOf), RuleRevision: a.Revision,
	}
}

// alertWithLife is an alert with what became of it.
func alertWithLife(rule string, a *alert.Alert) *scoringv1.Alert {
	out := alertToProto(rule, a)
	for _, step := range a.Life {
		out.Changes = append(out.Changes, &scoringv1.AlertChange{
			State: scoringv1.Alert_State(step.State), Time: momentToProto(step.Time), Change: step.Change, Interval: changeInterval(step.Interval), PValue: step.P,
		})
	}
	return out
}

func changeInterval(i *stat.Interval) *typev1.ConfidenceInterval {
	return intervalToProto(i, alertLevel, alertMethod)
}

func eventToProto(e *store.AlertEvent) *scoringv1.AlertEvent {
	return &scoringv1.AlertEvent{
		Position: e.Position, Organization: e.Organization, Kind: scoringv1.AlertEvent_Kind(e.Kind), Alert: alertToProto(e.Rule, &e.Alert),
		RuleDisplayName: e.RuleName, Time: momentToProto(e.Time),
	}
}
