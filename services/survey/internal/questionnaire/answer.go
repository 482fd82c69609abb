package questionnaire

import (
	"fmt"
	"strconv"
)

// ValueKind tells what an answer holds.
type ValueKind uint8

// What an answer holds.
const (
	// ValueNone: nothing, or only a comment.
	ValueNone ValueKind = iota
	// ValueScore is a value of a scale.
	ValueScore
	// ValueOptions are identifiers of options.
	ValueOptions
	// ValueText is free text.
	ValueText
	// ValueNumber is a number.
	ValueNumber
	// ValueDate is a day.
	ValueDate
)

// Answer is the answer to one question.
type Answer struct {
	// Question is the identifier of the question.
	Question string
	// Value tells which of Score, Options, Text, Number and Date counts.
	Value ValueKind
	// Score is a value of the question's scale.
	Score float64
	// Options are the options chosen.
	Options []string
	// Text is the free text.
	Text string
	// Number is a number that is no score.
	Number float64
	// Date is a day, as 2026-03-31.
	Date string
	// Comment is what the respondent added in words; empty means none.
	Comment string
}

// bits is a set of small numbers on the stack: questions (at most MaxQuestions) or options (at most MaxOptions).
type bits [(MaxOptions + 63) / 64]uint64

// set adds i and tells whether it was there already.
func (b *bits) set(i int) bool {
	word, mask := i/64, uint64(1)<<(i%64)
	old := b[word]&mask != 0
	b[word] |= mask
	return old
}

func (b *bits) has(i int) bool { return b[i/64]&(uint64(1)<<(i%64)) != 0 }

// Check tells how answers break the rules of the questionnaire. base is the path of the answers, e.g. `response.answers`. All violations are
// found: first those of the answers in their order, then the missing ones in the order of the questions. A required question that holds only
// a comment, or a blank text, counts as not answered.
func (f *Form) Check(answers []Answer, base string) Violations {
	var v Violations
	var seen, answered bits
	for i := range answers {
		a := &answers[i]
		n, ok := f.byID[a.Question]
		if !ok {
			v.Add(path(base, i, ".question"), ReasonQuestionUnknown,
				fmt.Sprintf("the questionnaire has no question %q; use the ids of the revision that was answered", excerpt(a.Question)))
			continue
		}
		q := &f.questions[n]
		if seen.set(n) {
			v.Add(path(base, i, ".question"), ReasonAnswerDuplicate, fmt.Sprintf("question %q is answered twice; send one answer to each question", q.id))
			continue
		}
		if q.check(&v, a, base, i) {
			answered.set(n)
		}
	}
	for _, n := range f.required {
		if answered.has(n) {
			continue
		}
		if v.full() {
			v.Total++
			continue
		}
		v.Add(base, ReasonAnswerRequired, fmt.Sprintf("question %q must be answered", f.questions[n].id))
	}
	return v
}

// check checks one answer and tells whether it answers the question. An answer that is refused for what it holds counts as one: to call it
// missing as well would be noise.
func (q *question) check(v *Violations, a *Answer, base string, i int) bool {
	answered := a.Value != ValueNone
	switch want, name := q.kind.value(); a.Value {
	case want:
		answered = q.checkValue(v, a, base, i)
	case ValueNone:
		if a.Comment == "" {
			v.Add(path(base, i, ""), ReasonAnswerEmpty, fmt.Sprintf("the answer to question %q holds nothing; leave it out", q.id))
		}
	default:
		v.Add(path(base, i, "."+a.Value.field()), ReasonAnswerKind, fmt.Sprintf("question %q takes another kind of answer; send `%s`", q.id, name))
	}
	q.checkComment(v, a, base, i)
	return answered
}

// field is the name of the field that holds the value.
func (k ValueKind) field() string {
	return [...]string{ValueScore: "score", ValueOptions: "choice", ValueText: "free_text", ValueNumber: "number", ValueDate: "date"}[k]
}

// checkValue checks a value of the kind that the question takes, and tells whether it says anything.
func (q *question) checkValue(v *Violations, a *Answer, base string, i int) bool {
	switch a.Value {
	case ValueScore:
		q.checkScore(v, a, base, i)
	case ValueOptions:
		q.checkOptions(v, a, base, i)
	case ValueText:
		return q.checkText(v, a, base, i)
	case ValueNumber:
		q.checkNumber(v, a, base, i)
	case ValueDate:
		q.checkDate(v, a, base, i)
	}
	return true
}

func (q *question) checkScore(v *Violations, a *Answer, base string, i int) {
	c, ok := toCenti(a.Score)
	switch {
	case !(a.Score >= float64(q.scale.min)/centi && a.Score <= float64(q.scale.max)/centi):
		v.Add(path(base, i, ".score"), ReasonScoreOutOfScale,
			fmt.Sprintf("question %q: value %s is outside of the scale %s", q.id, formatValue(a.Score), q.scaleID))
	case !ok || (c-q.scale.min)%q.scale.step != 0:
		v.Add(path(base, i, ".score"), ReasonScoreOffStep,
			fmt.Sprintf("question %q: value %s lies between the values of the scale %s, whose step is %s",
				q.id, formatValue(a.Score), q.scaleID, formatValue(float64(q.scale.step)/centi)))
	}
}

func (q *question) checkOptions(v *Violations, a *Answer, base string, i int) {
	if len(a.Options) == 0 {
		v.Add(path(base, i, ".choice.options"), ReasonOptionsEmpty, fmt.Sprintf("no option of question %q is chosen; leave the answer out", q.id))
		return
	}
	if len(a.Options) > q.maxChoices {
		v.Add(path(base, i, ".choice.options"), ReasonOptionsTooMany,
			fmt.Sprintf("question %q takes at most %d options, not %d", q.id, q.maxChoices, len(a.Options)))
	}
	var chosen bits
	for j, id := range a.Options {
		n, ok := q.options[id]
		switch {
		case v.full() && (!ok || chosen.has(n)):
			v.Total++
		case !ok:
			v.Add(path(base, i, ".choice.options["+strconv.Itoa(j)+"]"), ReasonOptionUnknown,
				fmt.Sprintf("question %q has no option %q", q.id, excerpt(id)))
		case chosen.set(n):
			v.Add(path(base, i, ".choice.options["+strconv.Itoa(j)+"]"), ReasonOptionDuplicate,
				fmt.Sprintf("option %q of question %q is chosen twice", id, q.id))
		}
	}
}

// checkText checks a free text and tells whether it says anything.
func (q *question) checkText(v *Violations, a *Answer, base string, i int) bool {
	if longer(a.Text, q.maxLength) {
		v.Add(path(base, i, ".free_text"), ReasonTextTooLong,
			fmt.Sprintf("the answer to question %q is longer than %d characters", q.id, q.maxLength))
	}
	if HasControl(a.Text, true) {
		v.Add(path(base, i, ".free_text"), ReasonControlCharacter,
			fmt.Sprintf("the answer to question %q holds a control character; remove it (tab and line breaks are allowed)", q.id))
	}
	return !blank(a.Text)
}

func (q *question) checkComment(v *Violations, a *Answer, base string, i int) {
	if q.comment == CommentRequiredBelow && a.Value == ValueScore && a.Score <= q.commentThreshold && blank(a.Comment) {
		v.Add(path(base, i, ".comment"), ReasonCommentRequired,
			fmt.Sprintf("question %q needs a comment at a score of %s or less", q.id, formatValue(q.commentThreshold)))
		return
	}
	if a.Comment == "" {
		return
	}
	if q.comment == CommentOff {
		v.Add(path(base, i, ".comment"), ReasonCommentNotAllowed, fmt.Sprintf("question %q takes no comment; leave it out", q.id))
		return
	}
	if longer(a.Comment, q.commentLength) {
		v.Add(path(base, i, ".comment"), ReasonCommentTooLong,
			fmt.Sprintf("the comment on question %q is longer than %d characters", q.id, q.commentLength))
	}
	if HasControl(a.Comment, true) {
		v.Add(path(base, i, ".comment"), ReasonControlCharacter,
			fmt.Sprintf("the comment on question %q holds a control character; remove it (tab and line breaks are allowed)", q.id))
	}
}

// path is the field path of a part of answer i.
func path(base string, i int, part string) string { return base + "[" + strconv.Itoa(i) + "]" + part }
