package api

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/otklik/otklik/services/segmentation/internal/cases"
	"github.com/otklik/otklik/services/segmentation/internal/trigger"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// Collections whose names rules hold.
const (
	aspectsCollection    = "aspects/"
	alertRulesCollection = "alertRules/"
)

// caseRuleFromProto reads a rule. What has no order is put into one, so that equal rules are found to be equal.
func caseRuleFromProto(in *segmentationv1.CaseRule) (checkedRule, error) {
	sla, err := slaFromProto("case_rule.sla", in.GetSla())
	if err != nil {
		return checkedRule{}, err
	}
	w := in.GetWhere()
	r := trigger.Rule{
		DisplayName: in.GetDisplayName(), Disabled: in.GetDisabled(), Subject: in.GetSubject(), Trigger: caseTriggerFromProto(in),
		Where: trigger.Where{
			Surveys: sortedStrings(w.GetSurveys()), Touchpoints: sortedStrings(w.GetTouchpoints()), Channels: sortedStrings(w.GetChannels()),
			Locations: sortedStrings(w.GetLocations()), Regions: sortedStrings(w.GetRegions()), Companies: sortedStrings(w.GetCompanies()),
		},
		Outcome: trigger.Outcome{
			Queue: in.GetQueue(), Owner: in.GetOwner(), Severity: severityFromProto(in.GetSeverity()), SLA: sla, Within: in.GetDedupeWindow().AsDuration(),
		},
	}
	for i, step := range in.GetEscalation() {
		if err := wholeSeconds(fmt.Sprintf("case_rule.escalation[%d].after", i), step.GetAfter().AsDuration()); err != nil {
			return checkedRule{}, err
		}
		r.Outcome.Steps = append(r.Outcome.Steps, cases.Step{
			After: step.GetAfter().AsDuration(), Owner: step.GetOwner(), Queue: step.GetQueue(), Severity: cases.Severity(step.GetSeverity()),
		})
	}
	return checkedRule{r}, nil
}

func caseTriggerFromProto(in *segmentationv1.CaseRule) trigger.Trigger {
	switch t := in.GetTrigger().(type) {
	case *segmentationv1.CaseRule_Score:
		return trigger.Trigger{Kind: trigger.Score, Question: t.Score.GetQuestion(), AtMost: t.Score.GetAtMost()}
	case *segmentationv1.CaseRule_Sentiment:
		return trigger.Trigger{Kind: trigger.Sentiment, Sentiments: sentimentsFromProto(t.Sentiment.GetSentiments())}
	case *segmentationv1.CaseRule_Aspect:
		return trigger.Trigger{Kind: trigger.Aspect, Aspect: bare(aspectsCollection, t.Aspect.GetAspect()), Sentiments: sentimentsFromProto(t.Aspect.GetSentiments())}
	case *segmentationv1.CaseRule_Keyword:
		return trigger.Trigger{Kind: trigger.Keyword, Query: t.Keyword.GetQuery()}
	case *segmentationv1.CaseRule_Alert:
		return trigger.Trigger{Kind: trigger.Alert, AlertRule: bare(alertRulesCollection, t.Alert.GetAlertRule()), Down: t.Alert.GetFallsOnly()}
	case *segmentationv1.CaseRule_Light:
		out := trigger.Trigger{Kind: trigger.Light}
		for _, kind := range t.Light.GetKinds() {
			out.Lights = append(out.Lights, lightKinds[kind])
		}
		slices.Sort(out.Lights)
		return out
	}
	return trigger.Trigger{}
}

func sentimentsFromProto(in []segmentationv1.CaseSentiment) (out []uint8) {
	for _, s := range in {
		out = append(out, uint8(s))
	}
	slices.Sort(out)
	return out
}

func caseRuleToProto(r trigger.Rule) *segmentationv1.CaseRule {
	out := &segmentationv1.CaseRule{
		Name: caseRulesCollection + r.ID, DisplayName: r.DisplayName, Disabled: r.Disabled, Subject: r.Subject, Queue: r.Outcome.Queue, Owner: r.Outcome.Owner,
		Severity: segmentationv1.Case_Severity(r.Outcome.Severity), Sla: slaToProto(r.Outcome.SLA), CreateTime: timeToProto(r.CreateTime),
		UpdateTime: timeToProto(r.UpdateTime), UpdatedBy: r.UpdatedBy, Etag: etag(r.CreateTime, r.Version),
		DedupeWindow: durationToProto(r.Outcome.Within, r.Outcome.Within == 0),
	}
	w := r.Where
	if len(w.Surveys)+len(w.Touchpoints)+len(w.Channels)+len(w.Locations)+len(w.Regions)+len(w.Companies) > 0 {
		out.Where = &segmentationv1.CaseRuleFilter{
			Surveys: w.Surveys, Touchpoints: w.Touchpoints, Channels: w.Channels, Locations: w.Locations, Regions: w.Regions, Companies: w.Companies,
		}
	}
	for _, s := range r.Outcome.Steps {
		out.Escalation = append(out.Escalation, &segmentationv1.EscalationStep{
			After: durationpb.New(s.After), Owner: s.Owner, Queue: s.Queue, Severity: segmentationv1.Case_Severity(s.Severity),
		})
	}
	caseTriggerToProto(r.Trigger, out)
	return out
}

func caseTriggerToProto(t trigger.Trigger, out *segmentationv1.CaseRule) {
	switch t.Kind {
	case trigger.Score:
		out.Trigger = &segmentationv1.CaseRule_Score{Score: &segmentationv1.ScoreTrigger{Question: t.Question, AtMost: t.AtMost}}
	case trigger.Sentiment:
		out.Trigger = &segmentationv1.CaseRule_Sentiment{Sentiment: &segmentationv1.SentimentTrigger{Sentiments: sentimentsToProto(t.Sentiments)}}
	case trigger.Aspect:
		out.Trigger = &segmentationv1.CaseRule_Aspect{
			Aspect: &segmentationv1.AspectTrigger{Aspect: aspectsCollection + t.Aspect, Sentiments: sentimentsToProto(t.Sentiments)},
		}
	case trigger.Keyword:
		out.Trigger = &segmentationv1.CaseRule_Keyword{Keyword: &segmentationv1.KeywordTrigger{Query: t.Query}}
	case trigger.Alert:
		out.Trigger = &segmentationv1.CaseRule_Alert{Alert: &segmentationv1.AlertTrigger{AlertRule: named(alertRulesCollection, t.AlertRule), FallsOnly: t.Down}}
	case trigger.Light:
		light := &segmentationv1.LightTrigger{}
		for kind := segmentationv1.LightTrigger_KIND_COMPANY; kind <= segmentationv1.LightTrigger_KIND_LOCATION; kind++ {
			if slices.Contains(t.Lights, lightKinds[kind]) {
				light.Kinds = append(light.Kinds, kind)
			}
		}
		out.Trigger = &segmentationv1.CaseRule_Light{Light: light}
	}
}

func sentimentsToProto(list []uint8) (out []segmentationv1.CaseSentiment) {
	for _, s := range list {
		out = append(out, segmentationv1.CaseSentiment(s))
	}
	return out
}
