package importer

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// defaultMaxLength is the longest text or comment where the question states none, in characters.
const defaultMaxLength = 4000

// questionConverter makes the answers to one question.
type questionConverter struct {
	id       string
	mapping  *QuestionMapping
	columns  []int
	names    []string
	missing  *missingSet
	decimal  byte
	required bool

	scored bool
	limits valueRange

	choice *surveyv1.ChoiceQuestion
	from   map[string]string
	ranges []CodeRange

	maxLength int

	comment        int
	commentMissing *missingSet
	commentLength  int
	commentBelow   *centi

	// seen remembers what cells meant: the cells of rated and choice questions are few.
	seen map[string]meaning
}

// meaning is what a cell says.
type meaning struct {
	kind    meaningKind
	missing int
	score   centi
	option  string
	reason  Reason
	message string
}

type meaningKind int

const (
	isMissing meaningKind = iota
	isScore
	isOption
	isBad
)

func newQuestionConverter(q *QuestionMapping, columns *columnIndex, m *Mapping) *questionConverter {
	c := &questionConverter{
		id: q.Definition.GetId(), mapping: q, names: q.Columns, missing: newMissingSet(m.Missing, q.Missing), decimal: m.CSV.Decimal,
		required: q.Definition.GetRequired(), choice: q.Definition.GetChoice(), ranges: q.Ranges, comment: -1, seen: map[string]meaning{},
	}
	for _, name := range q.Columns {
		c.columns = append(c.columns, columns.find(name))
	}
	c.limits, c.scored = scaleOf(q.Definition)
	c.from = make(map[string]string, len(q.From))
	for code, option := range q.From {
		c.from[strings.TrimSpace(code)] = option
	}
	if t := q.Definition.GetFreeText(); t != nil {
		c.maxLength = orDefault(t.GetMaxLength())
	}
	if q.Comment != "" {
		c.comment = columns.find(q.Comment)
		c.commentMissing = newMissingSet(m.Missing, q.CommentMissing)
	}
	if p := q.Definition.GetComment(); p != nil {
		c.commentLength = orDefault(p.GetMaxLength())
		if p.RequiredAtOrBelow != nil {
			v := toCenti(p.GetRequiredAtOrBelow())
			c.commentBelow = &v
		}
	}
	return c
}

func orDefault(length int32) int {
	if length == 0 {
		return defaultMaxLength
	}
	return int(length)
}

// convert fills in the answer; false when there is none. index is the question's position in the mapping.
func (c *questionConverter) convert(row *Row, index int, rec Record, answer *surveyv1.Answer) bool {
	var answered bool
	switch {
	case c.scored:
		answered = c.convertScore(row, index, rec, answer)
	case c.choice != nil:
		answered = c.convertChoice(row, index, rec, answer)
	case c.mapping.Definition.GetNumber() != nil:
		answered = c.convertNumber(row, index, rec, answer)
	case c.mapping.Definition.GetDate() != nil:
		answered = c.convertDate(row, index, rec, answer)
	default:
		answered = c.convertText(row, index, rec, answer)
	}
	commented := c.comment >= 0 && c.convertComment(row, rec, answer)
	if c.required && !answered && !row.Refused {
		row.refuse(RowProblem{
			Column: c.names[0], Target: c.id, Value: rec.Cells[c.columns[0]], Reason: ReasonAnswerMissing, Message: "has no answer, which the question requires",
		})
	}
	return answered || commented
}

func (c *questionConverter) convertScore(row *Row, index int, rec Record, answer *surveyv1.Answer) bool {
	cell := rec.Cells[c.columns[0]]
	switch m := c.interpret(cell); m.kind {
	case isMissing:
		row.missing = append(row.missing, missingHit{index, m.missing})
	case isScore:
		answer.Value = &surveyv1.Answer_Score{Score: m.score.float()}
		return true
	default:
		c.bad(row, 0, cell, m.reason, m.message)
	}
	return false
}

func (c *questionConverter) convertChoice(row *Row, index int, rec Record, answer *surveyv1.Answer) bool {
	var options []string
	firstMissing := -1
	for i, column := range c.columns {
		cells := []string{rec.Cells[column]}
		if c.mapping.Separator != "" {
			cells = strings.Split(rec.Cells[column], c.mapping.Separator)
		}
		for _, cell := range cells {
			switch m := c.interpret(strings.TrimSpace(cell)); m.kind {
			case isMissing:
				if firstMissing < 0 {
					firstMissing = m.missing
				}
			case isOption:
				if !slices.Contains(options, m.option) {
					options = append(options, m.option)
				}
			default:
				c.bad(row, i, cell, m.reason, m.message)
				if row.Refused {
					return false
				}
			}
		}
	}
	if limit := int(c.choice.GetMaxChoices()); limit > 0 && len(options) > limit {
		c.bad(row, 0, strings.Join(options, ", "), ReasonTooManyOptions, "are more than "+describe(limit, "options"))
		return false
	}
	if len(options) == 0 {
		if firstMissing >= 0 {
			row.missing = append(row.missing, missingHit{index, firstMissing})
		}
		return false
	}
	answer.Value = &surveyv1.Answer_Choice{Choice: &surveyv1.ChoiceAnswer{Options: options}}
	return true
}

func (c *questionConverter) convertText(row *Row, index int, rec Record, answer *surveyv1.Answer) bool {
	cell := rec.Cells[c.columns[0]]
	if i, ok := c.missing.find(cell); ok {
		row.missing = append(row.missing, missingHit{index, i})
		return false
	}
	if tooLong(cell, c.maxLength) {
		c.bad(row, 0, cell, ReasonTooLong, "is longer than "+describe(c.maxLength, "characters"))
		return false
	}
	answer.Value = &surveyv1.Answer_FreeText{FreeText: cell}
	return true
}

func (c *questionConverter) convertComment(row *Row, rec Record, answer *surveyv1.Answer) bool {
	cell := rec.Cells[c.comment]
	if c.commentMissing.isNone(cell) {
		if s, ok := answer.GetValue().(*surveyv1.Answer_Score); ok && c.commentBelow != nil && toCenti(s.Score) <= *c.commentBelow {
			row.refuse(RowProblem{
				Column: c.mapping.Comment, Target: c.id + ".comment", Value: cell, Reason: ReasonCommentMissing,
				Message: "is empty, but the score needs a comment",
			})
		}
		return false
	}
	if tooLong(cell, c.commentLength) {
		row.bad(c.mapping.OnBadValue, RowProblem{
			Column: c.mapping.Comment, Target: c.id + ".comment", Value: cell, Reason: ReasonTooLong,
			Message: "is longer than " + describe(c.commentLength, "characters"),
		})
		return false
	}
	answer.Comment = cell
	return true
}

func tooLong(s string, maxRunes int) bool {
	return len(s) > maxRunes && utf8.RuneCountInString(s) > maxRunes
}

func (c *questionConverter) bad(row *Row, column int, cell string, reason Reason, message string) {
	row.bad(c.mapping.OnBadValue, RowProblem{Column: c.names[column], Target: c.id, Value: cell, Reason: reason, Message: message})
}

// interpret says what a cell of a rated or choice question means.
func (c *questionConverter) interpret(cell string) meaning {
	if m, ok := c.seen[cell]; ok {
		return m
	}
	var m meaning
	if c.scored {
		m = c.interpretScore(cell)
	} else {
		m = c.interpretOption(cell)
	}
	if len(c.seen) < maxCached {
		// The cell shares memory with its whole record.
		c.seen[strings.Clone(cell)] = m
	}
	return m
}

func (c *questionConverter) interpretScore(cell string) meaning {
	if v, ok := c.mapping.Values[cell]; ok {
		return meaning{kind: isScore, score: v}
	}
	if i, ok := c.missing.find(cell); ok {
		return meaning{kind: isMissing, missing: i}
	}
	v, ok := parseCenti(cell, c.decimal)
	switch {
	case !ok:
		return meaning{kind: isBad, reason: ReasonNotANumber, message: "is not a value of the scale " + c.limits.String()}
	case !c.limits.holds(v):
		return meaning{kind: isBad, reason: ReasonOutOfScale, message: "is not on the scale " + c.limits.String()}
	}
	return meaning{kind: isScore, score: v}
}

func (c *questionConverter) interpretOption(cell string) meaning {
	if option, ok := c.from[cell]; ok {
		return meaning{kind: isOption, option: option}
	}
	if i, ok := c.missing.find(cell); ok {
		return meaning{kind: isMissing, missing: i}
	}
	code := canonicalNumber(cell)
	if option, ok := c.from[code]; ok {
		return meaning{kind: isOption, option: option}
	}
	if n, err := strconv.ParseInt(code, 10, 64); err == nil {
		for _, r := range c.ranges {
			if n >= r.First && n <= r.Last {
				return meaning{kind: isOption, option: r.Option}
			}
		}
	}
	return meaning{kind: isBad, reason: ReasonUnknownOption, message: "is none of the " + describe(len(c.choice.GetOptions()), "options")}
}
