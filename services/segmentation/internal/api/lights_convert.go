package api

import (
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/services/segmentation/internal/light"
	"github.com/otklik/otklik/services/segmentation/internal/store"

	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// How intervals of lights are made.
const (
	clusteredT = "CLUSTERED_T"
	studentT   = "STUDENT_T"
)

// lightPolicyName is the name of the one policy of an organisation.
const lightPolicyName = "lightPolicy"

// lightToProto converts a light that has a colour. The numbers of kinds, colours and trends are those of the API.
func lightToProto(l store.Light) *segmentationv1.Light {
	out := &segmentationv1.Light{
		Name: light.Name(l.Unit), Kind: segmentationv1.LightKind(l.Unit.Kind), Colour: segmentationv1.LightColour(l.Colour), Uncertain: l.Uncertain, Mean: l.Mean,
		AnswerCount: l.Answers, ResponseCount: l.Responses, ContactCount: l.Contacts, Trend: segmentationv1.Light_Trend(l.Trend), TrendDifference: l.Change,
		PreviousColour: segmentationv1.LightColour(l.Previous), ColourTime: timestamppb.New(l.Since), Company: named(companiesCollection, l.Company),
		Value: l.Value, ValueAtStake: l.Stake, PolicyVersion: l.PolicyVersion,
	}
	if l.Unit.Kind == light.Location {
		out.Region = named(regionsCollection, l.Region)
	}
	if l.Interval != nil {
		method := studentT
		if l.Clustered {
			method = clusteredT
		}
		out.Interval = &typev1.ConfidenceInterval{Lower: l.Interval.Low, Upper: l.Interval.High, Level: l.Level, Method: method}
	}
	return out
}

// policyToProto converts a policy. Its numbers are those of the API.
func policyToProto(p light.Policy, counting bool) *segmentationv1.LightPolicy {
	return &segmentationv1.LightPolicy{
		Name: lightPolicyName, Mode: segmentationv1.LightPolicy_Mode(p.Mode), Survey: named(surveysCollection, p.Survey), Question: p.Question, RedBelow: p.Red,
		AmberBelow: p.Amber, CompanyScore: segmentationv1.LightPolicy_CompanyScore(p.CompanyScore), WindowDays: int32(p.WindowDays), TrendDays: int32(p.TrendDays), //nolint:gosec // checked
		ConfidenceLevel: p.Level, ValueAttribute: p.ValueAttribute, Version: p.Version, UpdateTime: timeToProto(p.UpdateTime), Counting: counting,
		Etag: etag(p.UpdateTime, p.Version),
	}
}
