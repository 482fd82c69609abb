package importer

import (
	"fmt"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// maxCached bounds each of the converter's caches. Codes, days and weights repeat in every file of answers; where they do not, the cache
// stops growing and nothing breaks.
const maxCached = 4096

// clockSkew is how far ahead of now the time of an answer may be before the server would no longer count it then.
const clockSkew = 5 * time.Minute

// Converter makes responses from the rows of one file. Not safe for concurrent use.
type Converter struct {
	mapping   *Mapping
	revision  string
	now       func() time.Time
	parent    string
	columns   *columnIndex
	id        boundTemplate
	idMissing *missingSet
	time      *timeConverter
	values    []valueConverter
	questions []*questionConverter
}

// Row is a row of the file as a response.
type Row struct {
	// Line and Row are those of the record.
	Line int
	Row  int64
	// Request is the response to submit; nil when the row is refused or holds no answer.
	Request *surveyv1.SubmitResponseRequest
	// Problems lists what is wrong with the row.
	Problems []RowProblem
	// Refused tells that the row must not be loaded.
	Refused bool

	// missing names the questions without an answer, with the missing code found.
	missing []missingHit
	// answered names the question of each answer of the request.
	answered []int
}

// Empty tells that the row is in order but answers nothing.
func (r *Row) Empty() bool { return r.Request == nil && !r.Refused }

type missingHit struct{ question, code int }

// NewConverter binds a mapping to the header of a file. revision may be empty, for the revision published last. The error names the columns
// that the header lacks or has twice.
func NewConverter(m *Mapping, header []string, revision string) (*Converter, error) {
	columns := newColumnIndex(header)
	if err := columns.check(m.Columns()); err != nil {
		return nil, err
	}
	c := &Converter{
		mapping: m, revision: revision, now: time.Now, parent: m.Survey.Name(), columns: columns,
		id: m.Response.ID.bind(columns), idMissing: newMissingSet(m.Missing),
	}
	if t := m.Response.Time; t != nil {
		c.time = newTimeConverter(t, columns, m.Missing)
	}
	c.values = newValueConverters(m, columns)
	for i := range m.Questions {
		c.questions = append(c.questions, newQuestionConverter(&m.Questions[i], columns, m))
	}
	return c, nil
}

// Name is the survey's resource name.
func (s Survey) Name() string { return "surveys/" + s.ID }

// UnusedColumns lists the columns that the mapping does not read.
func (c *Converter) UnusedColumns() []string {
	used := map[string]bool{}
	for _, name := range c.mapping.Columns() {
		used[name] = true
	}
	var unused []string
	for _, name := range c.columns.names {
		if !used[name] {
			unused = append(unused, name)
		}
	}
	return unused
}

// Convert makes a response from a record. All problems of a row are listed, not only the first.
func (c *Converter) Convert(rec Record) Row {
	row := Row{Line: rec.Line, Row: rec.Row}
	if rec.Err != nil {
		row.refuse(RowProblem{Column: rec.Err.Column, Reason: Reason(rec.Err.Reason), Message: rec.Err.Message})
		return row
	}
	response := &surveyv1.Response{Revision: c.revision}
	id := c.convertID(&row, rec)
	if c.time != nil {
		c.convertTime(&row, rec, response)
	}
	for i := range c.values {
		c.values[i].convert(&row, rec, response)
	}
	answers := make([]surveyv1.Answer, len(c.questions))
	for i, q := range c.questions {
		answer := &answers[i]
		if !q.convert(&row, i, rec, answer) {
			continue
		}
		answer.Question = q.id
		response.Answers = append(response.Answers, answer)
		row.answered = append(row.answered, i)
	}
	if !row.Refused && len(response.Answers) > 0 {
		row.Request = &surveyv1.SubmitResponseRequest{Parent: c.parent, ResponseId: id, Response: response}
	}
	return row
}

func (c *Converter) convertID(row *Row, rec Record) string {
	for _, i := range c.id.indexes {
		if i >= 0 && c.idMissing.isNone(rec.Cells[i]) {
			row.refuse(RowProblem{
				Column: c.columns.names[i], Target: "response_id", Value: rec.Cells[i], Reason: ReasonIDInvalid,
				Message: "is empty, but the identifier is made of it",
			})
			return ""
		}
	}
	id := c.id.expand(rec.Cells, rec.Row)
	if !validResponseID(id) {
		row.refuse(RowProblem{
			Target: "response_id", Value: id, Reason: ReasonIDInvalid,
			Message: "must be 1 to 64 letters, digits, dots, hyphens and underscores and begin with a letter or digit",
		})
	}
	return id
}

func (c *Converter) convertTime(row *Row, rec Record, response *surveyv1.Response) {
	t, problem := c.time.convert(rec)
	if problem == nil && t.After(c.now().Add(clockSkew)) {
		problem = &RowProblem{Value: t.Format(time.RFC3339), Reason: ReasonTimeInFuture, Message: "lies in the future"}
	}
	if problem != nil {
		problem.Target = "answer_time"
		if problem.Column == "" {
			problem.Column = c.time.column
		}
		row.refuse(*problem)
		return
	}
	response.AnswerTime = timestamppb.New(t)
}

// refuse notes a problem for which the row cannot be loaded.
func (r *Row) refuse(p RowProblem) {
	p.Skipped = false
	r.Refused = true
	r.Problems = append(r.Problems, p)
}

// bad notes a problem by the policy.
func (r *Row) bad(policy Policy, p RowProblem) {
	if policy != PolicySkipAnswer {
		r.refuse(p)
		return
	}
	p.Skipped = true
	r.Problems = append(r.Problems, p)
}

// validResponseID is responseIDPattern, faster.
func validResponseID(s string) bool {
	if len(s) == 0 || len(s) > 64 {
		return false
	}
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9':
		case i > 0 && (c == '.' || c == '-' || c == '_'):
		default:
			return false
		}
	}
	return true
}

// timeConverter makes the time of a row.
type timeConverter struct {
	mapping      *TimeMapping
	column       string
	clockColumn  string
	text, clock  boundTemplate
	missing      *missingSet
	clockMissing *missingSet
	cache        map[string]parsedTime
}

type parsedTime struct {
	t            time.Time
	dateOnly, ok bool
}

func newTimeConverter(t *TimeMapping, columns *columnIndex, missing Codes) *timeConverter {
	c := &timeConverter{
		mapping: t, text: t.Template.bind(columns), missing: newMissingSet(missing),
		clockMissing: newMissingSet(missing, t.ClockMissing), cache: map[string]parsedTime{},
	}
	c.column = t.Template.firstColumn()
	if t.Clock != nil {
		c.clock, c.clockColumn = t.Clock.bind(columns), t.Clock.firstColumn()
	}
	return c
}

func (c *timeConverter) convert(rec Record) (time.Time, *RowProblem) {
	for _, i := range c.text.indexes {
		if i >= 0 && c.missing.isNone(rec.Cells[i]) {
			return time.Time{}, &RowProblem{Value: rec.Cells[i], Reason: ReasonTimeMissing, Message: "tells no time"}
		}
	}
	text := c.text.expand(rec.Cells, rec.Row)
	parsed, ok := c.cache[text]
	if !ok {
		parsed.t, parsed.dateOnly, parsed.ok = c.mapping.format.parse(text, c.mapping.Zone)
		if len(c.cache) < maxCached {
			c.cache[text] = parsed
		}
	}
	if !parsed.ok {
		return time.Time{}, &RowProblem{Value: text, Reason: ReasonTimeInvalid, Message: "is not a time of the form expected"}
	}
	clock := c.mapping.Noon
	if c.mapping.Clock != nil && !c.clockNone(rec) {
		text := c.clock.expand(rec.Cells, rec.Row)
		d, ok := c.mapping.clockFormat.parseClock(text)
		if !ok {
			return time.Time{}, &RowProblem{
				Column: c.clockColumn, Value: text, Reason: ReasonTimeInvalid, Message: "is not a time of day of the form expected",
			}
		}
		return onDay(parsed.t, d, c.mapping.Zone), nil
	}
	if parsed.dateOnly {
		return onDay(parsed.t, clock, c.mapping.Zone), nil
	}
	return parsed.t, nil
}

func (c *timeConverter) clockNone(rec Record) bool {
	for _, i := range c.clock.indexes {
		if i >= 0 && c.clockMissing.isNone(rec.Cells[i]) {
			return true
		}
	}
	return false
}

// contextOf returns the response's context, made when first needed.
func contextOf(r *surveyv1.Response) *typev1.Context {
	if r.Context == nil {
		r.Context = &typev1.Context{}
	}
	return r.Context
}

// describe names an option list or range in messages without flooding them.
func describe(n int, what string) string { return fmt.Sprintf("%d %s", n, what) }
