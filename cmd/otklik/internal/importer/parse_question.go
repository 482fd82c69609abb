package importer

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// questionTypes are the values of the key `type`.
var questionTypes = []string{"nps", "csat", "ces", "rating", "expectation", "importance", "likelihood", "like", "smile", "choice", "number", "date", "text"}

// questionFields is what a question's mapping says, before its type is known.
type questionFields struct {
	kind, column, direction string
	scale                   *typev1.Scale
	satisfied, easy         *float64
	netEasy, netDifficult   *float64
	item                    string
	faces, decimals         int32
	least, greatest         *float64
	earliest, latest        string
	options                 []*surveyv1.ChoiceQuestion_Option
	multiple                bool
	maxChoices, maxLength   int32
	rawValues               map[string]string
	commentMode             string
	commentBelow            *float64
	commentLength           int32
	hasComment              bool
	// lines of keys that only some types have.
	lines map[string]node
}

func (r *mappingReader) questions(n node) {
	ids := map[string]int{}
	r.list(n, func(item node) {
		q := r.question(item)
		if q == nil {
			return
		}
		id := q.Definition.GetId()
		if first, ok := ids[id]; ok {
			r.fail(item, "id: the question %q stands in line %d already", id, first)
		}
		ids[id] = item.Line
		r.m.Questions = append(r.m.Questions, *q)
	})
	if n.Kind == yaml.SequenceNode && (len(n.Content) == 0 || len(n.Content) > maxQuestions) {
		r.fail(n, "must have 1 to %d questions", maxQuestions)
	}
}

func (r *mappingReader) question(n node) *QuestionMapping {
	n, ok := r.enter(n)
	if !ok {
		return nil
	}
	q := &QuestionMapping{Definition: &surveyv1.Question{}, From: map[string]string{}, OnBadValue: r.m.OnBadValue, line: n.Line}
	f := &questionFields{lines: map[string]node{}}
	own := func(key string, read func(node)) func(node) {
		return func(n node) { f.lines[key] = n; read(n) }
	}
	before := len(r.problems)
	r.object(n, fields{
		"id":                        r.set(&q.Definition.Id),
		"type":                      r.set(&f.kind),
		"text":                      func(n node) { q.Definition.Text = r.questionText(n) },
		"column":                    r.set(&f.column),
		"columns":                   own("columns", func(n node) { q.Columns = r.texts(n) }),
		"missing":                   func(n node) { q.Missing = r.codes(n) },
		"required":                  r.setBool(&q.Definition.Required),
		"on_bad_value":              func(n node) { r.policy(n, &q.OnBadValue) },
		"values":                    own("values", func(n node) { f.rawValues = r.values(n) }),
		"comment":                   func(n node) { f.hasComment = true; r.comment(n, q, f) },
		"scale":                     own("scale", func(n node) { f.scale = r.scale(n) }),
		"satisfied_at_or_above":     own("satisfied_at_or_above", r.number(&f.satisfied)),
		"direction":                 own("direction", r.set(&f.direction)),
		"easy_at_or_above":          own("easy_at_or_above", r.number(&f.easy)),
		"net_easy_at_or_above":      own("net_easy_at_or_above", r.number(&f.netEasy)),
		"net_difficult_at_or_below": own("net_difficult_at_or_below", r.number(&f.netDifficult)),
		"options":                   own("options", func(n node) { f.options = r.options(n, q) }),
		"multiple":                  own("multiple", r.setBool(&f.multiple)),
		"max_choices":               own("max_choices", r.setInt(&f.maxChoices, 0, 500)),
		"separator":                 own("separator", r.set(&q.Separator)),
		"max_length":                own("max_length", r.setInt(&f.maxLength, 0, 10000)),
		"item":                      own("item", r.set(&f.item)),
		"faces":                     own("faces", r.setInt(&f.faces, 2, 7)),
		"decimals":                  own("decimals", r.setInt(&f.decimals, 0, 6)),
		"min":                       own("min", r.real(&f.least)),
		"max":                       own("max", r.real(&f.greatest)),
		"earliest":                  own("earliest", r.set(&f.earliest)),
		"latest":                    own("latest", r.set(&f.latest)),
	})
	if n.Kind != yaml.MappingNode || len(r.problems) > before {
		return nil
	}
	if f.column != "" {
		if len(q.Columns) > 0 {
			r.fail(n, "either column or columns, not both")
		}
		q.Columns = []string{f.column}
	}
	if len(q.Columns) == 0 || strings.TrimSpace(q.Columns[0]) == "" {
		r.fail(n, "column: the column of the answers is needed")
	}
	if !questionIDPattern.MatchString(q.Definition.GetId()) {
		r.fail(n, "id: must be a lower-case letter, then lower-case letters, digits and underscores, at most 63, not %q", q.Definition.GetId())
	}
	r.kind(n, q, f)
	if len(r.problems) > before {
		return nil
	}
	return q
}

// keysOf names the keys that each type has beyond those of all.
var keysOf = map[string][]string{
	"nps":         {"scale", "values"},
	"csat":        {"scale", "values", "satisfied_at_or_above"},
	"ces":         {"scale", "values", "direction", "easy_at_or_above", "net_easy_at_or_above", "net_difficult_at_or_below"},
	"rating":      {"scale", "values"},
	"expectation": {"scale", "values"},
	"importance":  {"scale", "values", "item"},
	"likelihood":  {"scale", "values"},
	"like":        {"values"},
	"smile":       {"faces", "values"},
	"choice":      {"columns", "options", "multiple", "max_choices", "separator"},
	"number":      {"min", "max", "decimals"},
	"date":        {"earliest", "latest"},
	"text":        {"max_length"},
}

// kind fills in the part of the definition that depends on the type.
func (r *mappingReader) kind(n node, q *QuestionMapping, f *questionFields) {
	allowed, ok := keysOf[f.kind]
	if !ok {
		r.fail(n, "type: must be one of %s, not %q", strings.Join(questionTypes, ", "), f.kind)
		return
	}
	for key, at := range f.lines {
		if !slices.Contains(allowed, key) {
			r.fail(at, "a question of type %s has no such key", f.kind)
		}
	}
	d := q.Definition
	switch f.kind {
	case "nps":
		d.Kind = &surveyv1.Question_Nps{Nps: r.nps(n, f)}
	case "csat":
		d.Kind = &surveyv1.Question_Csat{Csat: &surveyv1.CsatQuestion{Scale: f.scale, SatisfiedAtOrAbove: f.satisfied}}
	case "ces":
		ces := &surveyv1.CesQuestion{Scale: f.scale, EasyAtOrAbove: f.easy, NetEasyAtOrAbove: f.netEasy, NetDifficultAtOrBelow: f.netDifficult}
		switch f.direction {
		case "", "ease":
			ces.Direction = surveyv1.CesQuestion_DIRECTION_EASE
		case "effort":
			ces.Direction = surveyv1.CesQuestion_DIRECTION_EFFORT
		default:
			r.fail(n, "direction: must be ease (high is easy) or effort (high is hard), not %q", f.direction)
		}
		d.Kind = &surveyv1.Question_Ces{Ces: ces}
	case "rating":
		d.Kind = &surveyv1.Question_Rating{Rating: &surveyv1.RatingQuestion{Scale: f.scale}}
	case "expectation":
		d.Kind = &surveyv1.Question_Expectation{Expectation: &surveyv1.ExpectationQuestion{Scale: f.scale}}
	case "importance":
		d.Kind = &surveyv1.Question_Importance{Importance: &surveyv1.ImportanceQuestion{Scale: f.scale, Item: f.item}}
	case "likelihood":
		d.Kind = &surveyv1.Question_Likelihood{Likelihood: &surveyv1.LikelihoodQuestion{Scale: f.scale}}
	case "like":
		d.Kind = &surveyv1.Question_Like{Like: &surveyv1.LikeQuestion{}}
	case "smile":
		d.Kind = &surveyv1.Question_Smile{Smile: &surveyv1.SmileQuestion{Faces: f.faces}}
	case "number":
		d.Kind = &surveyv1.Question_Number{Number: &surveyv1.NumberQuestion{Min: f.least, Max: f.greatest, Decimals: f.decimals}}
	case "date":
		d.Kind = &surveyv1.Question_Date{Date: &surveyv1.DateQuestion{Earliest: f.earliest, Latest: f.latest}}
	case "choice":
		r.choice(n, q, f)
	case "text":
		d.Kind = &surveyv1.Question_FreeText{FreeText: &surveyv1.TextQuestion{MaxLength: f.maxLength}}
	}
	r.checkScores(n, q, f)
	if f.hasComment {
		r.commentPolicy(n, q, f)
	}
}

func (r *mappingReader) nps(n node, f *questionFields) *surveyv1.NpsQuestion {
	nps := &surveyv1.NpsQuestion{Scale: surveyv1.NpsQuestion_SCALE_KIND_0_10}
	if s := f.scale; s != nil {
		switch {
		case s.GetMin() == 0 && s.GetMax() == 10:
		case s.GetMin() == 1 && s.GetMax() == 10:
			nps.Scale = surveyv1.NpsQuestion_SCALE_KIND_1_10
		default:
			r.fail(n, "scale: NPS is asked on 0-10 or 1-10")
		}
		nps.Step = s.GetStep()
	}
	return nps
}

func (r *mappingReader) choice(n node, q *QuestionMapping, f *questionFields) {
	if len(f.options) < 2 || len(f.options) > 500 {
		r.fail(n, "options: 2 to 500 options are needed")
	}
	if !f.multiple && (len(q.Columns) > 1 || q.Separator != "" || f.maxChoices > 0) {
		r.fail(n, "multiple: must be true when there are several columns, a separator or max_choices")
	}
	q.Definition.Kind = &surveyv1.Question_Choice{Choice: &surveyv1.ChoiceQuestion{
		Options: f.options, Multiple: f.multiple, MaxChoices: f.maxChoices,
	}}
}

// checkScores reads the values of cells that are not the values of the scale themselves, and checks what must lie on the scale.
func (r *mappingReader) checkScores(n node, q *QuestionMapping, f *questionFields) {
	limits, ok := scaleOf(q.Definition)
	if !ok {
		return
	}
	if f.rawValues != nil {
		q.Values = make(map[string]centi, len(f.rawValues))
	}
	for raw, value := range f.rawValues {
		v, ok := parseCenti(value, '.')
		if !ok || !limits.holds(v) {
			r.fail(f.lines["values"], "%q means %q, which is not on the scale", raw, value)
		}
		q.Values[raw] = v
	}
	for key, v := range map[string]*float64{
		"satisfied_at_or_above": f.satisfied, "easy_at_or_above": f.easy,
		"net_easy_at_or_above": f.netEasy, "net_difficult_at_or_below": f.netDifficult,
	} {
		if v != nil && !limits.holds(toCenti(*v)) {
			r.fail(n, "%s: %v is not on the scale", key, *v)
		}
	}
}

// number returns a reader of a multiple of 0.01 into dst.
func (r *mappingReader) number(dst **float64) func(node) {
	return func(n node) {
		s, ok := r.text(n)
		if !ok {
			return
		}
		v, ok := parseCenti(s, '.')
		if !ok {
			r.fail(n, "must be a number with at most two decimals, not %q", s)
			return
		}
		f := v.float()
		*dst = &f
	}
}

// real returns a reader of a number of a number question into dst.
func (r *mappingReader) real(dst **float64) func(node) {
	return func(n node) {
		s, ok := r.text(n)
		if !ok {
			return
		}
		v, ok := parseNumber(s, '.', 6)
		if !ok {
			r.fail(n, "must be a number with at most six digits behind the point, not %q", s)
			return
		}
		*dst = &v
	}
}

func (r *mappingReader) questionText(n node) *typev1.LocalizedText {
	texts := r.localized(n)
	if len(texts) == 0 {
		return nil
	}
	if texts[r.m.Survey.DefaultLanguage] == "" {
		r.fail(n, "the text in the default language %q is missing", r.m.Survey.DefaultLanguage)
	}
	return &typev1.LocalizedText{Texts: texts}
}

func (r *mappingReader) comment(n node, q *QuestionMapping, f *questionFields) {
	f.commentMode = "optional"
	r.object(n, fields{
		"column":               r.set(&q.Comment),
		"missing":              func(n node) { q.CommentMissing = r.codes(n) },
		"mode":                 r.set(&f.commentMode),
		"required_at_or_below": r.number(&f.commentBelow),
		"max_length":           r.setInt(&f.commentLength, 0, 10000),
	})
}

func (r *mappingReader) commentPolicy(n node, q *QuestionMapping, f *questionFields) {
	policy := &surveyv1.CommentPolicy{Mode: surveyv1.CommentPolicy_MODE_OPTIONAL, MaxLength: f.commentLength}
	limits, scored := scaleOf(q.Definition)
	switch f.commentMode {
	case "optional":
		if f.commentBelow != nil {
			r.fail(n, "comment: required_at_or_below needs the mode required_below")
		}
	case "required_below":
		policy.Mode = surveyv1.CommentPolicy_MODE_REQUIRED_BELOW
		policy.RequiredAtOrBelow = f.commentBelow
		if f.commentBelow == nil || !scored || !limits.holds(toCenti(*f.commentBelow)) {
			r.fail(n, "comment: the mode required_below needs required_at_or_below, a value of the question's scale")
		}
	default:
		r.fail(n, "comment: mode must be optional or required_below, not %q", f.commentMode)
	}
	q.Definition.Comment = policy
}
