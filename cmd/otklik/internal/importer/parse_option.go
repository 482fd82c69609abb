package importer

import (
	"strconv"
	"strings"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

func (r *mappingReader) options(n node, q *QuestionMapping) []*surveyv1.ChoiceQuestion_Option {
	var options []*surveyv1.ChoiceQuestion_Option
	seen := map[string]bool{}
	r.list(n, func(item node) {
		option := &surveyv1.ChoiceQuestion_Option{}
		var from []string
		hasFrom := false
		r.object(item, fields{
			"id":   r.set(&option.Id),
			"text": func(n node) { option.Text = r.questionText(n) },
			"from": func(n node) { hasFrom = true; from = r.texts(n) },
		})
		switch {
		case !optionIDPattern.MatchString(option.Id):
			r.fail(item, "id: must be letters, digits, dots, hyphens and underscores, at most 63, not %q", option.Id)
			return
		case seen[option.Id]:
			r.fail(item, "id: the option %q stands there already", option.Id)
			return
		}
		seen[option.Id] = true
		if !hasFrom {
			from = []string{option.Id}
		}
		for _, code := range from {
			r.optionCode(item, q, option.Id, code)
		}
		options = append(options, option)
	})
	return options
}

// optionCode notes that cells with the code, or in the range such as 41..47, mean the option.
func (r *mappingReader) optionCode(n node, q *QuestionMapping, option, code string) {
	if first, last, ok := strings.Cut(code, ".."); ok {
		low, err1 := strconv.ParseInt(strings.TrimSpace(first), 10, 64)
		high, err2 := strconv.ParseInt(strings.TrimSpace(last), 10, 64)
		if err1 != nil || err2 != nil || low > high {
			r.fail(n, "from: %q is not a range of whole numbers such as 41..47", code)
			return
		}
		for _, other := range q.Ranges {
			if low <= other.Last && other.First <= high {
				r.fail(n, "from: %q overlaps with the range of the option %q", code, other.Option)
			}
		}
		q.Ranges = append(q.Ranges, CodeRange{First: low, Last: high, Option: option})
		return
	}
	if other, ok := q.From[code]; ok {
		r.fail(n, "from: %q means the option %q already", code, other)
		return
	}
	q.From[code] = option
}
