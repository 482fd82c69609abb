package api

import (
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/otklik/otklik/services/scoring/internal/composite"
	"github.com/otklik/otklik/services/scoring/internal/definition"
	"github.com/otklik/otklik/services/scoring/internal/metric"
	"github.com/otklik/otklik/services/scoring/internal/question"

	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// etagOf changes with every change of a definition. Identifiers are never used again, so that it is that of no other definition.
func etagOf(d *definition.Definition) string {
	if d.BuiltIn {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(binary.AppendUvarint(nil, uint64(d.Changes)))
}

// changesFromEtag reads an etag: 0 for the empty one; false for what is none.
func changesFromEtag(etag string) (int64, bool) {
	if etag == "" {
		return 0, true
	}
	raw, err := base64.RawURLEncoding.DecodeString(etag)
	if err != nil {
		return 0, false
	}
	n, read := binary.Uvarint(raw)
	return int64(n), read == len(raw) && n > 0
}

// definitionVersionToProto converts a version of a definition.
func definitionVersionToProto(d *definition.Definition) *scoringv1.MetricDefinition {
	out := contentToProto(&d.Content)
	if d.Metric != nil {
		out = definitionToProto(*d.Metric)
		out.Population = populationToProto(d.Metric.Population)
		for _, v := range d.Metric.Variants {
			if count := string(v.Requires); count != "" && !slices.Contains(out.Requires, count) {
				out.Requires = append(out.Requires, count)
			}
		}
	}
	out.Name, out.Version, out.BuiltIn, out.Reference = definitionPrefix+d.ID, int32(d.Version), d.BuiltIn, d.Reference
	out.CreateTime, out.Author, out.Note = momentToProto(d.Time), d.Author, d.Note
	out.Changed = d.Changed
	out.Etag, out.State = etagOf(d), scoringv1.MetricDefinition_STATE_ACTIVE
	if d.Retired != nil {
		out.State, out.RetireTime, out.RetiredBy = scoringv1.MetricDefinition_STATE_RETIRED, momentToProto(d.Retired.Time), d.Retired.Author
	}
	return out
}

// contentToProto converts what a version says.
func contentToProto(c *definition.Content) *scoringv1.MetricDefinition {
	out := &scoringv1.MetricDefinition{Title: titleToProto(c.Title), Description: titleToProto(c.Description)}
	if c.Survey != "" {
		out.Survey = surveyPrefix + c.Survey
	}
	switch s := c.Spec; {
	case s.Expression != nil:
		out.Meaning = &scoringv1.MetricDefinition_Expression{Expression: expressionToProto(s.Expression)}
	case s.Index != nil:
		out.Meaning = &scoringv1.MetricDefinition_Index{Index: indexToProto(s.Index)}
	case s.Gap != nil:
		out.Meaning = &scoringv1.MetricDefinition_Gap{Gap: gapToProto(s.Gap)}
	case s.Cuts != nil:
		out.Meaning = &scoringv1.MetricDefinition_Cuts{Cuts: cutsToProto(s.Cuts)}
	}
	return out
}

// titleToProto converts a text of which languages may be missing; nil when all are.
func titleToProto(t metric.Text) *typev1.LocalizedText {
	texts := map[string]string{"en": t.EN, "ru": t.RU, "ky": t.KY}
	maps.DeleteFunc(texts, func(_, text string) bool { return text == "" })
	if len(texts) == 0 {
		return nil
	}
	return &typev1.LocalizedText{Texts: texts}
}

func expressionToProto(e *composite.Expression) *scoringv1.ExpressionDefinition {
	out := &scoringv1.ExpressionDefinition{Formula: e.Formula, Unit: e.Unit, Min: e.Min, Max: e.Max}
	for _, t := range e.Terms {
		term := &scoringv1.ExpressionDefinition_Term{
			Id: t.ID, Metric: metricToProto(t.Metric), Variant: variantToProto(t.Variant), Question: t.Question,
			Option: t.Option, Normalized: t.Normalized,
		}
		if t.Definition != (composite.Ref{}) {
			term.Definition = nameOfVersion(t.Definition)
		}
		out.Terms = append(out.Terms, term)
	}
	return out
}

// nameOfVersion is the name of a definition, with its version if it has one.
func nameOfVersion(r composite.Ref) string {
	if r.Version == 0 {
		return definitionPrefix + r.ID
	}
	return definitionPrefix + r.ID + "@" + strconv.Itoa(r.Version)
}

func indexToProto(x *composite.Index) *scoringv1.IndexDefinition {
	out := &scoringv1.IndexDefinition{Importance: importances[x.Importance], Form: forms[x.Form], OutcomeQuestion: x.Outcome}
	for _, a := range x.Attributes {
		out.Attributes = append(out.Attributes, &scoringv1.IndexDefinition_Attribute{
			Id: a.ID, Title: titleToProto(a.Title), Question: a.Question, ImportanceQuestion: a.ImportanceQuestion, Weight: a.Weight,
		})
	}
	return out
}

// importances and forms of indices, as in the API.
var (
	importances = map[composite.Importance]scoringv1.IndexDefinition_Importance{
		composite.Stated: scoringv1.IndexDefinition_IMPORTANCE_STATED, composite.Fixed: scoringv1.IndexDefinition_IMPORTANCE_FIXED,
		composite.Derived: scoringv1.IndexDefinition_IMPORTANCE_DERIVED,
	}
	forms = map[composite.Form]scoringv1.IndexDefinition_Form{
		"": scoringv1.IndexDefinition_FORM_UNSPECIFIED, composite.Mean: scoringv1.IndexDefinition_FORM_MEAN,
		composite.Rosenberg: scoringv1.IndexDefinition_FORM_ROSENBERG,
	}
)

// keyOf finds what a value of a message stands for; its name when there is nothing, which the checks of the logic refuse.
func keyOf[K ~string, V interface {
	comparable
	String() string
}](table map[K]V, value V) K {
	for k, v := range table {
		if v == value {
			return k
		}
	}
	return K(value.String())
}

func gapToProto(g *composite.Gap) *scoringv1.GapDefinition {
	out := &scoringv1.GapDefinition{}
	for _, d := range g.Dimensions {
		dimension := &scoringv1.GapDefinition_Dimension{Id: d.ID, Title: titleToProto(d.Title), Points: d.Points, PointsQuestion: d.PointsQuestion}
		for _, i := range d.Items {
			dimension.Items = append(dimension.Items, &scoringv1.GapDefinition_Item{
				Id: i.ID, Title: titleToProto(i.Title), PerceptionQuestion: i.Perception, ExpectationQuestion: i.Expectation,
			})
		}
		for _, s := range d.Subdimensions {
			dimension.Subdimensions = append(dimension.Subdimensions, &scoringv1.GapDefinition_Subdimension{
				Id: s.ID, Title: titleToProto(s.Title), Items: slices.Clone(s.Items),
			})
		}
		out.Dimensions = append(out.Dimensions, dimension)
	}
	return out
}

func cutsToProto(c *composite.Cuts) *scoringv1.CutsDefinition {
	out := &scoringv1.CutsDefinition{
		Variant: variantToProto(c.Variant), Scale: c.Scale, SatisfiedFrom: cutToProto(c.Cuts.SatisfiedFrom), EasyFrom: cutToProto(c.Cuts.EasyFrom),
		NetEasyFrom: cutToProto(c.Cuts.NetEasyFrom), NetDifficultTo: cutToProto(c.Cuts.NetDifficultTo),
	}
	if t := c.Thresholds; t != nil {
		out.StrongAbove, out.SystemicTo, out.CaseLevelFrom = &t.StrongAbove, &t.SystemicTo, &t.CaseLevelFrom
	}
	return out
}

func cutToProto(c *question.Centi) *float64 {
	if c == nil {
		return nil
	}
	f := c.Float()
	return &f
}

// contentFromProto converts what a caller says of a definition. Errors: *composite.FieldError.
func contentFromProto(in *scoringv1.MetricDefinition) (definition.Content, error) {
	c := definition.Content{Survey: strings.TrimPrefix(in.GetSurvey(), surveyPrefix)}
	var err error
	if c.Title, err = textFromProto("title", in.GetTitle()); err != nil {
		return c, err
	}
	if c.Description, err = textFromProto("description", in.GetDescription()); err != nil {
		return c, err
	}
	switch m := in.GetMeaning().(type) {
	case *scoringv1.MetricDefinition_Expression:
		c.Spec.Expression = expressionFromProto(m.Expression)
	case *scoringv1.MetricDefinition_Index:
		c.Spec.Index, err = indexFromProto(m.Index)
	case *scoringv1.MetricDefinition_Gap:
		c.Spec.Gap, err = gapFromProto(m.Gap)
	case *scoringv1.MetricDefinition_Cuts:
		c.Spec.Cuts, err = cutsFromProto(m.Cuts)
	}
	return c, err
}

// textFromProto converts a text in the languages of the product, and refuses others.
func textFromProto(field string, in *typev1.LocalizedText) (metric.Text, error) {
	var t metric.Text
	for _, language := range slices.Sorted(maps.Keys(in.GetTexts())) {
		text := in.GetTexts()[language]
		switch language {
		case "en":
			t.EN = text
		case "ru":
			t.RU = text
		case "ky":
			t.KY = text
		default:
			return t, &composite.FieldError{
				Field: fmt.Sprintf("%s.texts[%q]", field, language), Description: "is none of the languages of definitions: state it in en, ru or ky",
			}
		}
	}
	return t, nil
}

func expressionFromProto(in *scoringv1.ExpressionDefinition) *composite.Expression {
	out := &composite.Expression{Formula: in.GetFormula(), Unit: in.GetUnit(), Min: in.Min, Max: in.Max}
	for _, t := range in.GetTerms() {
		term := composite.Term{ID: t.GetId(), Question: t.GetQuestion(), Option: t.GetOption(), Normalized: t.GetNormalized()}
		if t.GetMetric() != scoringv1.Metric_METRIC_UNSPECIFIED {
			term.Metric = metricFromProto(t.GetMetric())
		}
		if t.GetVariant() != scoringv1.Variant_VARIANT_UNSPECIFIED {
			term.Variant = variantFromProto(t.GetVariant())
		}
		if t.GetDefinition() != "" {
			term.Definition = refFromName(t.GetDefinition())
		}
		out.Terms = append(out.Terms, term)
	}
	return out
}

func indexFromProto(in *scoringv1.IndexDefinition) (*composite.Index, error) {
	out := &composite.Index{Importance: keyOf(importances, in.GetImportance()), Form: keyOf(forms, in.GetForm()), Outcome: in.GetOutcomeQuestion()}
	for i, a := range in.GetAttributes() {
		title, err := textFromProto(fmt.Sprintf("index.attributes[%d].title", i), a.GetTitle())
		if err != nil {
			return nil, err
		}
		out.Attributes = append(out.Attributes, composite.Attribute{
			ID: a.GetId(), Title: title, Question: a.GetQuestion(), ImportanceQuestion: a.GetImportanceQuestion(), Weight: a.GetWeight(),
		})
	}
	return out, nil
}

func gapFromProto(in *scoringv1.GapDefinition) (*composite.Gap, error) {
	out := &composite.Gap{}
	for i, d := range in.GetDimensions() {
		field := fmt.Sprintf("gap.dimensions[%d]", i)
		dimension := composite.Dimension{ID: d.GetId(), Points: d.GetPoints(), PointsQuestion: d.GetPointsQuestion()}
		var err error
		if dimension.Title, err = textFromProto(field+".title", d.GetTitle()); err != nil {
			return nil, err
		}
		for j, item := range d.GetItems() {
			title, err := textFromProto(fmt.Sprintf("%s.items[%d].title", field, j), item.GetTitle())
			if err != nil {
				return nil, err
			}
			dimension.Items = append(dimension.Items, composite.Item{
				ID: item.GetId(), Title: title, Perception: item.GetPerceptionQuestion(), Expectation: item.GetExpectationQuestion(),
			})
		}
		for j, sub := range d.GetSubdimensions() {
			title, err := textFromProto(fmt.Sprintf("%s.subdimensions[%d].title", field, j), sub.GetTitle())
			if err != nil {
				return nil, err
			}
			dimension.Subdimensions = append(dimension.Subdimensions, composite.Subdimension{ID: sub.GetId(), Title: title, Items: slices.Clone(sub.GetItems())})
		}
		out.Dimensions = append(out.Dimensions, dimension)
	}
	return out, nil
}

func cutsFromProto(in *scoringv1.CutsDefinition) (*composite.Cuts, error) {
	out := &composite.Cuts{Scale: in.GetScale()}
	if in.GetVariant() != scoringv1.Variant_VARIANT_UNSPECIFIED {
		out.Variant = variantFromProto(in.GetVariant())
	}
	for _, cut := range []struct {
		field string
		from  *float64
		to    **question.Centi
	}{
		{"satisfied_from", in.SatisfiedFrom, &out.Cuts.SatisfiedFrom}, {"easy_from", in.EasyFrom, &out.Cuts.EasyFrom},
		{"net_easy_from", in.NetEasyFrom, &out.Cuts.NetEasyFrom}, {"net_difficult_to", in.NetDifficultTo, &out.Cuts.NetDifficultTo},
	} {
		if cut.from == nil {
			continue
		}
		c, err := question.CentiOf(*cut.from)
		if err != nil {
			return nil, &composite.FieldError{Field: "cuts." + cut.field, Description: err.Error()}
		}
		*cut.to = &c
	}
	if in.StrongAbove == nil && in.SystemicTo == nil && in.CaseLevelFrom == nil {
		return out, nil
	}
	// Thresholds are stated as a whole, so that the version says them all whatever the defaults become.
	t := metric.DefaultThresholds()
	for _, threshold := range []struct{ from, to *float64 }{
		{in.StrongAbove, &t.StrongAbove}, {in.SystemicTo, &t.SystemicTo}, {in.CaseLevelFrom, &t.CaseLevelFrom},
	} {
		if threshold.from != nil {
			*threshold.to = *threshold.from
		}
	}
	out.Thresholds = &t
	return out, nil
}
