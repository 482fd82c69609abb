package questionnaire

import (
	"fmt"
	"slices"
	"strings"
)

// Check tells what keeps a questionnaire from being published. base is the path of the questionnaire, e.g. `survey.draft`; the fields of the
// violations begin with it. All violations are found, in the order of the questions.
func Check(q *Questionnaire, base string) *Violations {
	c := &checker{q: q}
	c.text(base+".title", q.Title)
	c.grouping(base + ".declared_grouping")
	switch n := len(q.Questions); {
	case n == 0:
		c.v.Add(base+".questions", ReasonQuestionsMissing, "the questionnaire asks nothing; add a question")
	case n > MaxQuestions:
		c.v.Add(base+".questions", ReasonQuestionsTooMany, fmt.Sprintf("the questionnaire has %d questions; keep at most %d", n, MaxQuestions))
	}
	first := make(map[string]int, len(q.Questions))
	for i := range q.Questions {
		path := fmt.Sprintf("%s.questions[%d]", base, i)
		id := q.Questions[i].ID
		if j, ok := first[id]; ok {
			c.v.Add(path+".id", ReasonQuestionIDDuplicate,
				fmt.Sprintf("questions[%d] has the id %q too; give each question an id of its own", j, excerpt(id)))
		} else {
			first[id] = i
		}
		c.question(path, &q.Questions[i])
	}
	c.groups(base)
	return &c.v
}

// grouping checks the declared grouping. By employee it would make a group of each who answered.
func (c *checker) grouping(path string) {
	switch {
	case c.q.Grouping == GroupingNone:
	case !c.q.Employees:
		c.v.Add(path, ReasonGroupingUndeclarable, "only a questionnaire for the population EMPLOYEE declares a grouping; leave it out")
	case c.q.Grouping == GroupingEmployee:
		c.v.Add(path, ReasonGroupingUndeclarable, "employees' answers cannot be grouped by employee; declare a region, location, touchpoint, channel, company or language")
	}
}

type checker struct {
	q *Questionnaire
	v Violations
}

// text checks that a text holds the default language and that people can read it.
func (c *checker) text(path string, t Text) {
	lang := c.q.DefaultLanguage
	if _, ok := t[lang]; !ok {
		c.v.Add(path, ReasonLanguageMissing, fmt.Sprintf("the text lacks the default language %q; add it or change default_language", lang))
	}
	languages := make([]string, 0, len(t))
	for l := range t {
		languages = append(languages, l)
	}
	slices.Sort(languages)
	for _, l := range languages {
		field := fmt.Sprintf("%s.texts[%q]", path, l)
		if blank(t[l]) {
			c.v.Add(field, ReasonTextBlank, "the text is blank; write it or leave the language out")
		}
		if HasControl(t[l], true) {
			c.v.Add(field, ReasonControlCharacter, "the text holds a control character; remove it (tab and line breaks are allowed)")
		}
	}
}

func (c *checker) question(path string, q *Question) {
	c.text(path+".text", q.Text)
	kind := path + "." + q.Kind.field()
	if !q.Kind.Scored() {
		c.unscored(kind, q)
		c.comment(path+".comment", q, Scale{}, false)
		return
	}
	scale := q.EffectiveScale()
	field, step := kind+".scale", kind+".scale.step"
	if q.Kind == NPS {
		field, step = kind, kind+".step"
	}
	if !c.scale(field, step, scale) {
		// Thresholds on a scale that makes no sense would only add noise.
		return
	}
	c.thresholds(kind, q, scale)
	switch q.Kind {
	case Expectation:
		if f := scale.fixed(); (f.max-f.min)/f.step%2 != 0 {
			c.v.Add(field, ReasonScaleWithoutMiddle, fmt.Sprintf("the scale %s has no value in the middle for what is as expected; give it an odd number of values", scale.ID()))
		}
	case Importance:
		c.item(kind+".item", q)
	}
	c.comment(path+".comment", q, scale, true)
}

// unscored checks what a question without a scale states.
func (c *checker) unscored(path string, q *Question) {
	switch q.Kind {
	case Choice:
		c.choice(path, q)
	case FreeText:
		c.maxLength(path+".max_length", q.MaxLength)
	case Number:
		c.number(path, q)
	case Date:
		c.dates(path, q)
	default:
		c.v.Add(path, ReasonKindMissing, "the question has no kind; set one of "+strings.Join(kinds[1:], ", "))
	}
}

// item checks the question of which an importance is asked.
func (c *checker) item(path string, q *Question) {
	if q.Item == "" {
		return
	}
	i := slices.IndexFunc(c.q.Questions, func(other Question) bool { return other.ID == q.Item })
	if i < 0 || !c.q.Questions[i].Kind.Scored() || c.q.Questions[i].Kind == Importance {
		c.v.Add(path, ReasonItemUnknown, fmt.Sprintf("%q is no question of this questionnaire that tells how good something was; name one, or leave it out", excerpt(q.Item)))
	}
}

// scale checks a scale and tells whether it can be used.
func (c *checker) scale(path, stepPath string, s Scale) bool {
	before := c.v.Total
	for _, end := range []struct {
		field string
		value float64
	}{{path + ".min", s.Min}, {path + ".max", s.Max}} {
		if !(end.value >= -scaleBound && end.value <= scaleBound) {
			c.v.Add(end.field, ReasonScaleRange, fmt.Sprintf("%s is not within -%d to %d", formatValue(end.value), scaleBound, scaleBound))
		} else if _, ok := toCenti(end.value); !ok {
			c.v.Add(end.field, ReasonScalePrecision, fmt.Sprintf("%s is no multiple of 0.01", formatValue(end.value)))
		}
	}
	if !(s.Min < s.Max) {
		c.v.Add(path, ReasonScaleOrder, fmt.Sprintf("min %s must be less than max %s", formatValue(s.Min), formatValue(s.Max)))
	}
	step, ok := toCenti(s.step())
	if !ok || step <= 0 {
		c.v.Add(stepPath, ReasonScaleStep, fmt.Sprintf("the step %s is no positive multiple of 0.01", formatValue(s.Step)))
	}
	if c.v.Total > before {
		return false
	}
	f := s.fixed()
	if (f.max-f.min)%f.step != 0 {
		c.v.Add(stepPath, ReasonScaleStep, fmt.Sprintf("the step %s does not lead from min %s to max %s; choose one that divides %s",
			formatValue(s.step()), formatValue(s.Min), formatValue(s.Max), formatValue(float64(f.max-f.min)/centi)))
		return false
	}
	if n := (f.max-f.min)/f.step + 1; n > maxScaleValues {
		c.v.Add(stepPath, ReasonScaleTooLong, fmt.Sprintf("the scale has %d values; at most %d are allowed, choose a greater step", n, maxScaleValues))
		return false
	}
	return true
}

func (c *checker) choice(path string, q *Question) {
	switch n := len(q.Options); {
	case n < 2:
		c.v.Add(path+".options", ReasonOptionsTooFew, "a choice needs at least two options")
	case n > MaxOptions:
		c.v.Add(path+".options", ReasonOptionsTooMany, fmt.Sprintf("the question has %d options; keep at most %d", n, MaxOptions))
	}
	first := make(map[string]int, len(q.Options))
	for i, o := range q.Options {
		field := fmt.Sprintf("%s.options[%d]", path, i)
		if j, ok := first[o.ID]; ok {
			c.v.Add(field+".id", ReasonOptionIDDuplicate,
				fmt.Sprintf("options[%d] has the id %q too; give each option an id of its own", j, excerpt(o.ID)))
		} else {
			first[o.ID] = i
		}
		c.text(field+".text", o.Text)
	}
	switch {
	case q.MaxChoices < 0 || q.MaxChoices > len(q.Options):
		c.v.Add(path+".max_choices", ReasonMaxChoicesOutOfRange,
			fmt.Sprintf("%d choices of %d options; use at most the number of options, or 0 for all", q.MaxChoices, len(q.Options)))
	case !q.Multiple && q.MaxChoices > 1:
		c.v.Add(path+".max_choices", ReasonMaxChoicesOutOfRange, "several choices need `multiple`; set it or leave max_choices out")
	}
}

func (c *checker) maxLength(path string, n int) {
	if n < 0 || n > MaxTextLength {
		c.v.Add(path, ReasonMaxLengthRange, fmt.Sprintf("%d is not within 0 to %d", n, MaxTextLength))
	}
}
