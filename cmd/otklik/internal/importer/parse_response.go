package importer

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

func (r *mappingReader) response(n node) {
	m := &r.m.Response
	m.line = n.Line
	value := func(dst **ValueMapping) func(node) {
		return func(n node) { *dst = r.value(n) }
	}
	r.object(n, fields{
		"id":         r.template(&m.ID),
		"time":       r.time,
		"language":   value(&m.Language),
		"weight":     value(&m.Weight),
		"respondent": value(&m.Respondent),
		"invitation": value(&m.Invitation),
		"context": func(n node) {
			r.object(n, fields{
				"touchpoint": value(&m.Touchpoint),
				"channel":    value(&m.Channel),
				"location":   value(&m.Location),
				"region":     value(&m.Region),
				"company":    value(&m.Company),
				"employee":   value(&m.Employee),
				"attributes": r.attributes,
			})
		},
	})
	switch {
	case n.Kind != yaml.MappingNode:
	case m.ID == nil:
		if len(r.problems) == 0 {
			r.fail(n, `id: a template is needed, for example "visit-{NUMBER}"; it makes a second import add nothing`)
		}
		m.ID = &Template{}
	case m.ID.Constant():
		r.fail(n, "id: %q is the same for every row; name a column, for example {NUMBER}, or {@row}", m.ID)
	}
}

func (r *mappingReader) attributes(n node) {
	m := &r.m.Response
	r.pairs(n, func(name string, keyNode, value node) {
		if !questionIDPattern.MatchString(name) {
			r.fail(keyNode, "%q cannot be the key of an attribute: a lower-case letter, then lower-case letters, digits and underscores", name)
			return
		}
		if v := r.value(value); v != nil {
			m.Attributes = append(m.Attributes, AttributeMapping{Name: name, ValueMapping: *v})
		}
	})
	if len(m.Attributes) > maxAttributes {
		r.fail(n, "more than %d attributes", maxAttributes)
	}
	slices.SortFunc(m.Attributes, func(a, b AttributeMapping) int { return strings.Compare(a.Name, b.Name) })
}

// value reads a value: a text that stands for a template, or an object with column, template or value and how to read it.
func (r *mappingReader) value(n node) *ValueMapping {
	resolved, ok := r.enter(n)
	if !ok {
		return nil
	}
	v := &ValueMapping{line: resolved.Line}
	if resolved.Kind == yaml.ScalarNode {
		r.template(&v.Template)(n)
		if v.Template == nil {
			return nil
		}
		return v
	}
	var column, template, constant *Template
	r.object(n, fields{
		"column":   r.columnTemplate(&column),
		"template": r.template(&template),
		"value": func(n node) {
			if s, ok := r.text(n); ok {
				constant = &Template{text: s, parts: []part{{literal: s}}}
			}
		},
		"missing": func(n node) { v.Missing = r.codes(n) },
		"values":  func(n node) { v.Values = r.values(n) },
	})
	if resolved.Kind != yaml.MappingNode {
		return nil
	}
	r.oneOf(resolved, "column, template and value", column, template, constant)
	for _, t := range []*Template{column, template, constant} {
		if t != nil {
			v.Template = t
		}
	}
	if v.Template == nil {
		return nil
	}
	return v
}

func (r *mappingReader) values(n node) map[string]string {
	values := map[string]string{}
	r.pairs(n, func(raw string, _, value node) {
		if s, ok := r.text(value); ok {
			values[raw] = s
		}
	})
	return values
}

// noon is the default time of day of answers of which only the date is known.
const noon = 12 * time.Hour

func (r *mappingReader) time(n node) {
	t := &TimeMapping{Noon: noon, line: n.Line}
	var column, template *Template
	hasFormat := false
	r.object(n, fields{
		"column":      r.columnTemplate(&column),
		"template":    r.template(&template),
		"format":      r.timeFormat(&t.format, parseTimeFormat, &hasFormat),
		"zone":        r.zone(t),
		"at":          r.clock(&t.Noon),
		"time_of_day": func(n node) { r.timeOfDay(n, t) },
	})
	if n.Kind != yaml.MappingNode {
		return
	}
	r.oneOf(n, "column and template", column, template)
	if t.Template = column; column == nil {
		t.Template = template
	}
	if !hasFormat {
		t.format, _ = parseTimeFormat("")
	}
	if t.Zone == nil {
		if len(r.problems) == 0 {
			r.fail(n, "zone: the time zone of the answers is needed, for example Asia/Bishkek or UTC")
		}
		t.Zone = time.UTC
	}
	if t.Template != nil {
		r.m.Response.Time = t
	}
}

func (r *mappingReader) timeFormat(dst *timeLayouts, parse func(string) (timeLayouts, error), given *bool) func(node) {
	return func(n node) {
		s, ok := r.text(n)
		if !ok {
			return
		}
		layouts, err := parse(s)
		if err != nil {
			r.fail(n, "%v", err)
			return
		}
		*dst, *given = layouts, true
	}
}

func (r *mappingReader) zone(t *TimeMapping) func(node) {
	return func(n node) {
		s, ok := r.text(n)
		if !ok {
			return
		}
		zone, err := time.LoadLocation(s)
		if err != nil || s == "" || s == "Local" {
			r.fail(n, "%q is not a time zone such as Asia/Bishkek or UTC", s)
			return
		}
		t.Zone = zone
	}
}

func (r *mappingReader) timeOfDay(n node, t *TimeMapping) {
	var column, template *Template
	hasFormat := false
	r.object(n, fields{
		"column":   r.columnTemplate(&column),
		"template": r.template(&template),
		"missing":  func(n node) { t.ClockMissing = r.codes(n) },
		"format":   r.timeFormat(&t.clockFormat, parseClockFormat, &hasFormat),
	})
	if n.Kind != yaml.MappingNode {
		return
	}
	r.oneOf(n, "column and template", column, template)
	if t.Clock = column; column == nil {
		t.Clock = template
	}
	if !hasFormat {
		t.clockFormat, _ = parseClockFormat("")
	}
}
