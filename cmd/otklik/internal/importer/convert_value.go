package importer

import (
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// Limits of the API, in characters.
const (
	maxContextRunes   = 128
	maxAttributeRunes = 256
)

// valueConverter makes one field of a response or its context.
type valueConverter struct {
	target   string
	column   string
	text     boundTemplate
	missing  *missingSet
	values   map[string]string
	policy   Policy
	maxRunes int
	// assign stores the value; a reason other than "" refuses it.
	assign func(*surveyv1.Response, string) (Reason, string)
}

func newValueConverters(m *Mapping, columns *columnIndex) []valueConverter {
	var out []valueConverter
	add := func(v *ValueMapping, target string, policy Policy, maxRunes int, assign func(*surveyv1.Response, string) (Reason, string)) {
		if v == nil {
			return
		}
		c := valueConverter{
			target: target, text: v.Template.bind(columns), missing: newMissingSet(m.Missing, v.Missing), values: v.Values,
			column: v.Template.firstColumn(), policy: policy, maxRunes: maxRunes, assign: assign,
		}
		out = append(out, c)
	}
	set := func(store func(*surveyv1.Response, string)) func(*surveyv1.Response, string) (Reason, string) {
		return func(r *surveyv1.Response, s string) (Reason, string) { store(r, s); return "", "" }
	}
	r := &m.Response
	add(r.Language, "language", m.OnBadValue, maxContextRunes, languageAssigner())
	add(r.Weight, "weight", PolicyRefuse, maxContextRunes, weightAssigner(m.CSV.Decimal))
	add(r.Respondent, "respondent", PolicyRefuse, maxContextRunes, set(func(r *surveyv1.Response, s string) { r.Respondent = s }))
	add(r.Invitation, "invitation", PolicyRefuse, maxContextRunes, set(func(r *surveyv1.Response, s string) { r.Invitation = s }))
	add(r.Touchpoint, "context.touchpoint", m.OnBadValue, maxContextRunes, set(func(r *surveyv1.Response, s string) { contextOf(r).Touchpoint = s }))
	add(r.Channel, "context.channel", m.OnBadValue, maxContextRunes, set(func(r *surveyv1.Response, s string) { contextOf(r).Channel = s }))
	add(r.Location, "context.location", m.OnBadValue, maxContextRunes, set(func(r *surveyv1.Response, s string) { contextOf(r).Location = s }))
	add(r.Region, "context.region", m.OnBadValue, maxContextRunes, set(func(r *surveyv1.Response, s string) { contextOf(r).Region = s }))
	add(r.Company, "context.company", m.OnBadValue, maxContextRunes, set(func(r *surveyv1.Response, s string) { contextOf(r).Company = s }))
	add(r.Employee, "context.employee", m.OnBadValue, maxContextRunes, set(func(r *surveyv1.Response, s string) { contextOf(r).Employee = s }))
	for i := range r.Attributes {
		name := r.Attributes[i].Name
		add(&r.Attributes[i].ValueMapping, "context.attributes."+name, m.OnBadValue, maxAttributeRunes, set(func(r *surveyv1.Response, s string) {
			c := contextOf(r)
			if c.Attributes == nil {
				c.Attributes = make(map[string]string, len(m.Response.Attributes))
			}
			c.Attributes[name] = s
		}))
	}
	return out
}

func (c *valueConverter) convert(row *Row, rec Record, response *surveyv1.Response) {
	for _, i := range c.text.indexes {
		if i >= 0 && c.missing.isNone(rec.Cells[i]) {
			return
		}
	}
	raw := c.text.expand(rec.Cells, rec.Row)
	value := raw
	bad := func(reason Reason, message string) {
		row.bad(c.policy, RowProblem{Column: c.column, Target: c.target, Value: raw, Reason: reason, Message: message})
	}
	if c.values != nil {
		v, ok := c.values[raw]
		if !ok {
			v, ok = c.values[canonicalNumber(raw)]
		}
		if !ok {
			bad(ReasonUnmapped, "is none of the "+describe(len(c.values), "values of the mapping"))
			return
		}
		value = v
	}
	if value == "" {
		return
	}
	if len(value) > c.maxRunes && utf8.RuneCountInString(value) > c.maxRunes {
		bad(ReasonTooLong, "is longer than "+describe(c.maxRunes, "characters"))
		return
	}
	if reason, message := c.assign(response, value); reason != "" {
		bad(reason, message)
	}
}

// languageAssigner stores a language tag; what it has checked it remembers.
func languageAssigner() func(*surveyv1.Response, string) (Reason, string) {
	valid := map[string]bool{}
	return func(r *surveyv1.Response, s string) (Reason, string) {
		ok, seen := valid[s]
		if !seen {
			ok = languageTagPattern.MatchString(s)
			if len(valid) < maxCached {
				valid[strings.Clone(s)] = ok
			}
		}
		if !ok {
			return ReasonLanguageInvalid, "is not a language tag such as en or ky"
		}
		r.Language = s
		return "", ""
	}
}

func weightAssigner(decimal byte) func(*surveyv1.Response, string) (Reason, string) {
	return func(r *surveyv1.Response, s string) (Reason, string) {
		if decimal != '.' {
			s = strings.Replace(s, string(rune(decimal)), ".", 1)
		}
		w, err := strconv.ParseFloat(s, 64)
		if err != nil || w <= 0 || math.IsInf(w, 0) || math.IsNaN(w) {
			return ReasonWeightInvalid, "must be a number greater than 0"
		}
		r.Weight = &w
		return "", ""
	}
}

// canonicalNumber writes 1.0 and 01 as 1, so that codes that went through a spreadsheet are still found; other texts stay as they are.
func canonicalNumber(s string) string {
	v, ok := parseCenti(s, '.')
	if !ok || v%100 != 0 {
		return s
	}
	return strconv.FormatInt(int64(v/100), 10)
}
