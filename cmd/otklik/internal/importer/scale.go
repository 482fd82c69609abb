package importer

import (
	"cmp"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// scale reads a scale: `0-10`, `1-5`, `1-10/0.5`, or an object with min, max and step.
func (r *mappingReader) scale(n node) *typev1.Scale {
	n, ok := r.enter(n)
	if !ok {
		return nil
	}
	minimum, maximum, step := "", "", "1"
	if n.Kind == yaml.MappingNode {
		r.object(n, fields{"min": r.set(&minimum), "max": r.set(&maximum), "step": r.set(&step)})
	} else if s, ok := r.text(n); ok {
		var rest string
		if rest, step, ok = strings.Cut(s, "/"); !ok {
			step = "1"
		}
		// The dash behind the first character separates; one in front is a sign.
		if i := strings.Index(rest[min(1, len(rest)):], "-"); i >= 0 {
			minimum, maximum = rest[:i+1], rest[i+2:]
		}
	} else {
		return nil
	}
	low, ok1 := parseCenti(minimum, '.')
	high, ok2 := parseCenti(maximum, '.')
	stride, ok3 := parseCenti(step, '.')
	const bound = 1000_00
	if !ok1 || !ok2 || !ok3 || low < -bound || high > bound || low >= high || stride <= 0 || (high-low)%stride != 0 || (high-low)/stride > 1000 {
		r.fail(n, "must be a scale such as 1-5, 0-10 or 1-10/0.5, in hundredths, with at most 1,001 values")
		return nil
	}
	scale := &typev1.Scale{Min: low.float(), Max: high.float()}
	if stride != 100 {
		scale.Step = stride.float()
	}
	return scale
}

// scaleOf is the range of a question's values; false for choices and texts.
func scaleOf(q *surveyv1.Question) (valueRange, bool) {
	var s *typev1.Scale
	switch k := q.GetKind().(type) {
	case *surveyv1.Question_Nps:
		s = &typev1.Scale{Min: 0, Max: 10, Step: k.Nps.GetStep()}
		if k.Nps.GetScale() == surveyv1.NpsQuestion_SCALE_KIND_1_10 {
			s.Min = 1
		}
	case *surveyv1.Question_Csat:
		s = cmp.Or(k.Csat.GetScale(), usualScale(1, 5))
	case *surveyv1.Question_Ces:
		s = cmp.Or(k.Ces.GetScale(), usualScale(1, 5))
	case *surveyv1.Question_Rating:
		s = cmp.Or(k.Rating.GetScale(), usualScale(1, 5))
	case *surveyv1.Question_Expectation:
		s = cmp.Or(k.Expectation.GetScale(), usualScale(1, 5))
	case *surveyv1.Question_Importance:
		s = cmp.Or(k.Importance.GetScale(), usualScale(1, 10))
	case *surveyv1.Question_Likelihood:
		s = cmp.Or(k.Likelihood.GetScale(), usualScale(0, 10))
	case *surveyv1.Question_Like:
		s = usualScale(0, 1)
	case *surveyv1.Question_Smile:
		s = usualScale(1, float64(cmp.Or(k.Smile.GetFaces(), 5)))
	default:
		return valueRange{}, false
	}
	r := valueRange{min: toCenti(s.GetMin()), max: toCenti(s.GetMax()), step: toCenti(s.GetStep())}
	if r.step <= 0 {
		r.step = 100
	}
	return r, true
}

// usualScale is the scale of a question that states none, as the survey service takes it.
func usualScale(least, most float64) *typev1.Scale { return &typev1.Scale{Min: least, Max: most} }

func (r valueRange) String() string {
	s := fmt.Sprintf("%v-%v", r.min.float(), r.max.float())
	if r.step != 100 {
		s += fmt.Sprintf("/%v", r.step.float())
	}
	return s
}
