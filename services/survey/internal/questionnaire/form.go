package questionnaire

// Form is a questionnaire prepared for checking answers: compiled once, then used by many goroutines at once.
type Form struct {
	questions []question
	byID      map[string]int
	required  []int
	employees bool
}

// Employees tells that employees are asked.
func (f *Form) Employees() bool { return f.employees }

// question is what the check of an answer needs, with defaults filled in.
type question struct {
	id               string
	kind             Kind
	scale            fixedScale
	scaleID          string
	options          map[string]int
	maxChoices       int
	maxLength        int
	least, greatest  *float64
	decimals         int
	earliest, latest string
	required         bool
	comment          CommentMode
	commentThreshold float64
	commentLength    int
}

// Compile prepares a questionnaire that passed Check.
func Compile(q *Questionnaire) *Form {
	f := &Form{questions: make([]question, len(q.Questions)), byID: make(map[string]int, len(q.Questions)), employees: q.Employees}
	for i := range q.Questions {
		f.questions[i] = compileQuestion(&q.Questions[i])
		f.byID[q.Questions[i].ID] = i
		if q.Questions[i].Required {
			f.required = append(f.required, i)
		}
	}
	return f
}

func compileQuestion(q *Question) question {
	out := question{
		id: q.ID, kind: q.Kind, required: q.Required,
		comment: q.Comment.Mode, commentLength: lengthOr(q.Comment.MaxLength, DefaultTextLength),
		maxLength: lengthOr(q.MaxLength, DefaultTextLength), least: q.Least, greatest: q.Greatest, decimals: q.Decimals, earliest: q.Earliest, latest: q.Latest,
	}
	if q.Comment.RequiredAtOrBelow != nil {
		out.commentThreshold = *q.Comment.RequiredAtOrBelow
	}
	switch {
	case q.Kind.Scored():
		scale := q.EffectiveScale()
		out.scale, out.scaleID = scale.fixed(), scale.ID()
	case q.Kind == Choice:
		out.options = make(map[string]int, len(q.Options))
		for i, o := range q.Options {
			out.options[o.ID] = i
		}
		out.maxChoices = 1
		if q.Multiple {
			out.maxChoices = lengthOr(q.MaxChoices, len(q.Options))
		}
	}
	return out
}
