package rows

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/services/reporting/internal/api/fault"
	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/peers"
	"github.com/otklik/otklik/services/reporting/internal/plain"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	reportingv1 "github.com/otklik/otklik/proto/gen/go/otklik/reporting/v1"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Prefixes of keys, as scores have them.
const (
	attributeKeys = "attributes."
	answerKeys    = "answers."
	employeeKey   = "employee"
)

// values are those that a row has of a key; none where it is not stated.
type values[T any] func(T) []string

// one is the value of a key that has one.
func one[T any](of func(T) string) values[T] {
	return func(row T) []string {
		if v := of(row); v != "" {
			return []string{v}
		}
		return nil
	}
}

// where reads the filter of an order against the keys that rows have; more has those whose names are not fixed. Errors are refusals of the filter.
func where[T any](ctx context.Context, o export.Order, keys map[string]values[T], more func(key string) values[T]) (func(T) bool, error) {
	terms, err := plain.Terms(o.Filter)
	if err != nil {
		return nil, badFilter(err.Error())
	}
	_, persons := Needed(o.Kind)
	of := make([]values[T], len(terms))
	for i, t := range terms {
		if t.Key == employeeKey && keys[employeeKey] != nil && !authz.FromContext(ctx).Holds(persons) {
			return nil, fault.Field(codes.PermissionDenied, reportingv1.ErrorReason_ERROR_REASON_COLUMN_FORBIDDEN, "export.filter", "employee is of persons: it needs "+persons+"; leave it out")
		}
		if of[i] = keys[t.Key]; of[i] == nil && more != nil {
			of[i] = more(t.Key)
		}
		if of[i] == nil {
			known := slices.Sorted(maps.Keys(keys))
			if more != nil {
				known = append(known, attributeKeys+"NAME")
			}
			return nil, badFilter("these rows have no key " + strconv.Quote(t.Key) + ": there are " + strings.Join(known, ", "))
		}
	}
	return func(row T) bool {
		for i, t := range terms {
			has := of[i](row)
			if t.Value == "" && len(has) > 0 || t.Value != "" && !slices.Contains(has, t.Value) {
				return false
			}
		}
		return true
	}, nil
}

func badFilter(problem string) error {
	return fault.Field(codes.InvalidArgument, reportingv1.ErrorReason_ERROR_REASON_EXPORT_FILTER_INVALID, "export.filter", problem)
}

// ofContext adds the keys of the context of an answer or a refusal.
func ofContext[T any](keys map[string]values[T], of func(T) *typev1.Context) map[string]values[T] {
	for key, value := range map[string]func(*typev1.Context) string{
		"touchpoint": (*typev1.Context).GetTouchpoint, "channel": (*typev1.Context).GetChannel, "location": (*typev1.Context).GetLocation,
		"region": (*typev1.Context).GetRegion, "company": (*typev1.Context).GetCompany, employeeKey: (*typev1.Context).GetEmployee,
	} {
		keys[key] = one(func(row T) string { return value(of(row)) })
	}
	return keys
}

// attributesOf are the keys of attributes.
func attributesOf[T any](of func(T) map[string]string) func(key string) values[T] {
	return func(key string) values[T] {
		id, ok := strings.CutPrefix(key, attributeKeys)
		if !ok {
			return nil
		}
		return one(func(row T) string { return of(row)[id] })
	}
}

func responseKeys(ctx context.Context, o export.Order, questions []export.Question) (func(*surveyv1.Response) bool, error) {
	type row = *surveyv1.Response
	attributes := attributesOf(func(m row) map[string]string { return m.GetContext().GetAttributes() })
	return where(ctx, o, ofContext(map[string]values[row]{
		"language": one(row.GetLanguage),
		"revision": one(func(m row) string { return lastPart(m.GetRevision()) }),
	}, row.GetContext), func(key string) values[row] {
		id, ok := strings.CutPrefix(key, answerKeys)
		if !ok {
			return attributes(key)
		}
		if !slices.ContainsFunc(questions, func(q export.Question) bool { return q.ID == id && (q.Scored || q.Choice) }) {
			return nil
		}
		return func(m row) []string {
			switch v := answerTo(m, id).GetValue().(type) {
			case *surveyv1.Answer_Score:
				return []string{strconv.FormatFloat(v.Score, 'f', -1, 64)}
			case *surveyv1.Answer_Choice:
				return v.Choice.GetOptions()
			}
			return nil
		}
	})
}

func commentKeys(ctx context.Context, o export.Order) (func(*commentv1.Comment) bool, error) {
	type row = *commentv1.Comment
	return where(ctx, o, ofContext(map[string]values[row]{
		"language":  one(row.GetAnswerLanguage),
		"question":  one(row.GetQuestion),
		"sentiment": one(func(m row) string { return sentiment(m.GetAnalysis().GetSentiment()).Text }),
		"theme":     func(m row) []string { return aspects(m) },
	}, row.GetContext), attributesOf(func(m row) map[string]string { return m.GetContext().GetAttributes() }))
}

func refusalKeys(ctx context.Context, o export.Order) (func(*surveyv1.Refusal) bool, error) {
	type row = *surveyv1.Refusal
	return where(ctx, o, ofContext(map[string]values[row]{
		"language": one(row.GetLanguage),
		"kind":     one(func(m row) string { return word("KIND_", m.GetKind().String()).Text }),
	}, row.GetContext), attributesOf(func(m row) map[string]string { return m.GetContext().GetAttributes() }))
}

func contactKeys(ctx context.Context, o export.Order) (func(*segmentationv1.Contact) bool, error) {
	type row = *segmentationv1.Contact
	return where(ctx, o, map[string]values[row]{
		"company":  one(func(m row) string { return lastPart(m.GetCompany()) }),
		"location": one(func(m row) string { return lastPart(m.GetLocation()) }),
	}, func(key string) values[row] {
		id, ok := strings.CutPrefix(key, attributeKeys)
		if !ok {
			return nil
		}
		return one(func(m row) string { return plainValue(m.GetAttributes()[id]).String() })
	})
}

func caseKeys(ctx context.Context, o export.Order) (func(*segmentationv1.Case) bool, error) {
	type row = *segmentationv1.Case
	return where(ctx, o, map[string]values[row]{
		"state":      one(func(m row) string { return word("STATE_", m.GetState().String()).Text }),
		"severity":   one(func(m row) string { return word("SEVERITY_", m.GetSeverity().String()).Text }),
		"root_cause": one(func(m row) string { return word("ROOT_CAUSE_", m.GetRootCause().String()).Text }),
		"queue":      one(row.GetQueue),
		"owner":      one(row.GetOwner),
		"subject":    one(row.GetSubject),
		"contact":    one(func(m row) string { return lastPart(m.GetContact()) }),
		"company":    one(func(m row) string { return lastPart(m.GetCompany()) }),
		"location":   one(func(m row) string { return lastPart(m.GetLocation()) }),
		"region":     one(func(m row) string { return lastPart(m.GetRegion()) }),
		"rule":       one(func(m row) string { return lastPart(m.GetRule()) }),
	}, nil)
}

func recordKeys(ctx context.Context, o export.Order) (func(*reportingv1.OperationRecord) bool, error) {
	type row = *reportingv1.OperationRecord
	return where(ctx, o, map[string]values[row]{
		"device":    one(row.GetDevice),
		employeeKey: one(func(m row) string { return lastPart(m.GetEmployee()) }),
		"location": func(m row) (out []string) {
			for _, name := range append(m.GetPolicyChange().GetLocations(), m.GetLocation()) {
				if name != "" {
					out = append(out, lastPart(name))
				}
			}
			return out
		},
	}, nil)
}

// within tells whether a time lies in the period of an order.
func within(o export.Order, t *timestamppb.Timestamp) bool {
	at := t.AsTime()
	return (o.From.IsZero() || !at.Before(o.From)) && (o.To.IsZero() || at.Before(o.To))
}

// Period is the period of an order; nil for all time.
func Period(o export.Order) *typev1.Period {
	if o.From.IsZero() && o.To.IsZero() {
		return nil
	}
	return &typev1.Period{StartTime: peers.Stamp(o.From), EndTime: peers.Stamp(o.To)}
}
