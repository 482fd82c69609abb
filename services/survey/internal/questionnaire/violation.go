package questionnaire

// MaxViolations is the most violations that one check lists; it goes on counting beyond.
const MaxViolations = 50

// Violation is one broken rule.
type Violation struct {
	// Field is the path of the field at fault, e.g. `survey.draft.questions[2].id`.
	Field string
	// Reason is an UPPER_SNAKE_CASE word that stays the same across versions.
	Reason string
	// Description says what is wrong and what to do.
	Description string
}

// Violations are the broken rules that one check found.
type Violations struct {
	// List holds the first MaxViolations of them.
	List []Violation
	// Total counts all of them.
	Total int
}

// Empty tells whether no rule is broken.
func (v *Violations) Empty() bool { return v.Total == 0 }

// full tells whether another violation would only be counted; the caller may spare the work of describing it.
func (v *Violations) full() bool { return len(v.List) >= MaxViolations }

// Add adds a violation, which is only counted when the list is full.
func (v *Violations) Add(field, reason, description string) {
	v.Total++
	if !v.full() {
		v.List = append(v.List, Violation{Field: field, Reason: reason, Description: description})
	}
}
