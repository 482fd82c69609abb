package interview

import (
	"fmt"
	"reflect"
	"slices"
	"time"
)

// Refusal tells which field of an interview, a guide or a code book breaks which rule.
type Refusal struct {
	// Field is the field's path, Description what must be.
	Field, Description string
	// Transition tells that the state does not allow it, rather than that the field is wrong by itself.
	Transition bool
}

// Error says what is wrong.
func (r *Refusal) Error() string { return r.Field + ": " + r.Description }

// names are the states as messages call them.
var names = map[State]string{Open: "OPEN", Scheduled: "SCHEDULED", Completed: "COMPLETED", Cancelled: "CANCELLED", Lapsed: "LAPSED"}

// String is the state as messages call it.
func (s State) String() string {
	if name, ok := names[s]; ok {
		return name
	}
	return fmt.Sprintf("State(%d)", uint8(s))
}

// moves are the states that a change may lead to, from each. Completing has rules of its own.
var moves = map[State][]State{
	Open:      {Scheduled, Cancelled},
	Scheduled: {Open, Cancelled},
	Cancelled: {Open, Scheduled},
	Lapsed:    {Open, Scheduled},
}

// Begin makes a new interview what it needs to be: one with a time is arranged, and one takes an hour unless told otherwise. Errors are *Refusal.
func (i *Interview) Begin(now time.Time) error {
	if i.State == 0 {
		i.State = Open
		if !i.ScheduleTime.IsZero() {
			i.State = Scheduled
		}
	}
	if !i.State.Active() {
		return &Refusal{Field: "state", Description: "must be OPEN or SCHEDULED in a new interview", Transition: true}
	}
	if i.Duration == 0 {
		i.Duration = DefaultDuration
	}
	i.CreateTime, i.UpdateTime = now, now
	return i.check()
}

// Change applies what a caller wants an interview to be that was in a state before. Errors are *Refusal.
func (i *Interview) Change(from State, now time.Time) error {
	if i.State != from && !slices.Contains(moves[from], i.State) {
		return &Refusal{Field: "state", Description: fmt.Sprintf("cannot become %v from %v", i.State, from), Transition: true}
	}
	i.UpdateTime = now
	return i.check()
}

// check looks at what a state needs.
func (i *Interview) check() error {
	if i.State != Scheduled {
		return nil
	}
	switch {
	case i.ScheduleTime.IsZero():
		return &Refusal{Field: "schedule_time", Description: "is needed where the state is SCHEDULED", Transition: true}
	case i.Interviewer == "":
		return &Refusal{Field: "interviewer", Description: "is needed where the state is SCHEDULED", Transition: true}
	}
	return nil
}

// Result is what an interview brought.
type Result struct {
	Words    Words
	Codes    []string
	Findings []Finding
}

// Complete ends an interview with what it brought. It returns the words as they are then, and whether anything changed: completing again what is
// completed is refused unless it brings nothing new. Errors are *Refusal.
func (i *Interview) Complete(words Words, r Result, now time.Time) (Words, bool, error) {
	after, merged := *i, mergeWords(words, len(i.Findings), r)
	after.Codes = slices.Clone(i.Codes)
	for _, code := range r.Codes {
		if !slices.Contains(after.Codes, code) {
			after.Codes = append(after.Codes, code)
		}
	}
	after.Findings, merged.Findings = mergeFindings(*i, words, r)
	switch {
	case len(merged.Answers) > MostAnswers:
		return Words{}, false, &Refusal{Field: "answers", Description: fmt.Sprintf("are more than %d with those there", MostAnswers)}
	case len(after.Codes) > MostCodes:
		return Words{}, false, &Refusal{Field: "codes", Description: fmt.Sprintf("are more than %d with those there", MostCodes)}
	case len(after.Findings) > MostFindings:
		return Words{}, false, &Refusal{Field: "findings", Description: fmt.Sprintf("are more than %d with those there", MostFindings)}
	}
	if i.State == Completed {
		words.Findings = padded(words, len(i.Findings))
		if reflect.DeepEqual(merged, words) && slices.Equal(after.Codes, i.Codes) && slices.Equal(after.Findings, i.Findings) {
			return words, false, nil
		}
		return Words{}, false, &Refusal{Field: "state", Description: "is COMPLETED already: change it by an update", Transition: true}
	}
	if !i.State.Active() {
		return Words{}, false, &Refusal{Field: "state", Description: fmt.Sprintf("is %v: only what is OPEN or SCHEDULED can be completed", i.State), Transition: true}
	}
	after.State, after.CompleteTime, after.UpdateTime = Completed, now, now
	*i = after
	return merged, true, nil
}

// mergeWords puts answers over those to the same questions, and notes over the notes.
func mergeWords(before Words, findings int, r Result) Words {
	out := Words{Answers: slices.Clone(before.Answers), Notes: before.Notes, Findings: padded(before, findings)}
	if r.Words.Notes != "" {
		out.Notes = r.Words.Notes
	}
	for _, a := range r.Words.Answers {
		at := slices.IndexFunc(out.Answers, func(b Answer) bool { return b.Question == a.Question })
		if at < 0 {
			out.Answers = append(out.Answers, a)
			continue
		}
		out.Answers[at] = a
	}
	return out
}

// mergeFindings adds findings that are not there with the same text.
func mergeFindings(i Interview, before Words, r Result) ([]Finding, []string) {
	findings, texts := slices.Clone(i.Findings), padded(before, len(i.Findings))
	for n, f := range r.Findings {
		text := r.Words.FindingText(n)
		known := false
		for m, other := range findings {
			known = known || other == f && texts[m] == text
		}
		if !known {
			findings, texts = append(findings, f), append(texts, text)
		}
	}
	return findings, texts
}

// padded are the texts of n findings.
func padded(w Words, n int) []string {
	if n == 0 {
		return nil
	}
	out := make([]string, n)
	copy(out, w.Findings)
	return out
}
