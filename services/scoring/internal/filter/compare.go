package filter

import (
	"slices"
	"strings"

	"github.com/otklik/otklik/libs/near"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

// Operators. The operator : is read as =.
const (
	equal    operator = "="
	notEqual operator = "!="
	has      operator = ":"
)

// compare makes a comparison of the field with a value.
func (f field) compare(op operator, at int, value literal) (node, *Error) {
	if op == has {
		op = equal
	}
	if value.empty() || value.anything() {
		return f.stated(op, at, value.anything())
	}
	switch f.kind {
	case revisionField, scoreField:
		return f.compareNumber(op, value)
	}
	if op != equal && op != notEqual {
		return nil, refuse(WrongType, at, "%s is a text, which has no order: compare it with =, != or :", f.name)
	}
	if value.number() {
		return nil, refuse(WrongType, value.at, `%s is a text: write "%s" in quotes`, f.name, string(value.text))
	}
	p, err := value.pattern()
	if err != nil {
		return nil, err
	}
	if f.kind == choiceField {
		return f.compareOption(op, value.at, p)
	}
	if f.name == segmentKey && !p.before {
		// Segments are known by their identifiers; callers may name them as the segmentation service does.
		p.text = strings.TrimPrefix(p.text, segmentsCollection)
	}
	return opposite(op, comparison{field: f, op: equal, pattern: p}.written()), nil
}

// opposite is a comparison, or its negation for !=.
func opposite(op operator, c comparison) node {
	if op == notEqual {
		return not(c)
	}
	return c
}

// stated is whether the field is stated, or a question answered.
func (f field) stated(op operator, at int, wanted bool) (node, *Error) {
	if op != equal && op != notEqual {
		return nil, refuse(WrongType, at, "whether %s is stated is asked with =, != or :", f.name)
	}
	var n node = comparison{field: f, op: has}.written()
	if wanted == (op == notEqual) {
		n = not(n)
	}
	return n, nil
}

func (f field) compareNumber(op operator, value literal) (node, *Error) {
	if !value.number() {
		hint := "write it without quotes"
		if !decimal.MatchString(string(value.text)) {
			hint = "compare it with a number"
		}
		return nil, refuse(WrongType, value.at, "%s is a number: %s", f.name, hint)
	}
	number, ok := value.centi()
	if f.kind == revisionField {
		if !ok || number < question.Unit || number%question.Unit != 0 {
			return nil, refuse(WrongType, value.at, "revisions are whole numbers from 1: there is no %s", string(value.text))
		}
		return comparison{field: f, op: op, number: number}.written(), nil
	}
	if !ok || !f.onScale(op, number) {
		return nil, refuse(WrongType, value.at, "%s is not on the scale of question %q, %s", string(value.text), f.question.ID, f.scales())
	}
	return comparison{field: f, op: op, number: number}.written(), nil
}

// onScale tells whether a number can be an answer on a scale on which the question was asked; for an order, whether it lies between the ends.
func (f field) onScale(op operator, number question.Centi) bool {
	return slices.ContainsFunc(f.question.Scales, func(s question.Scale) bool {
		if op == equal || op == notEqual {
			return s.Contains(number)
		}
		return number >= s.Min && number <= s.Max
	})
}

func (f field) scales() string {
	ids := make([]string, len(f.question.Scales))
	for i, s := range f.question.Scales {
		ids[i] = s.ID()
	}
	return strings.Join(ids, " or ")
}

// compareOption holds only for what answered the question, also for !=.
func (f field) compareOption(op operator, at int, p pattern) (node, *Error) {
	options := f.question.Options
	if p.exact() && len(options) > 0 && !slices.Contains(options, p.text) {
		e := refuse(Unknown, at, "question %q has no option %q", f.question.ID, p.text)
		e.Nearest = near.Name(p.text, options)
		return nil, e
	}
	n := opposite(op, comparison{field: f, op: equal, pattern: p}.written())
	if op == notEqual {
		n = all([]node{comparison{field: f, op: has}.written(), n})
	}
	return n, nil
}
