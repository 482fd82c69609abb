package questionnaire

import "fmt"

// CheckSuccession tells which questions of a questionnaire use the id of a question of the revision before with another meaning. Scores
// follow a question by its id across revisions: another kind, or a scale that runs the other way, would be counted into the same series.
// Another length of the scale is allowed, since such answers make a series of their own. base is the path of the questionnaire.
func CheckSuccession(before, next *Questionnaire, base string) *Violations {
	old := make(map[string]*Question, len(before.Questions))
	for i := range before.Questions {
		old[before.Questions[i].ID] = &before.Questions[i]
	}
	v := &Violations{}
	for i := range next.Questions {
		q := &next.Questions[i]
		was, ok := old[q.ID]
		if !ok || was.Kind == q.Kind && was.HighIsHard == q.HighIsHard {
			continue
		}
		what := "another kind of question"
		if was.Kind == q.Kind {
			what = "a question whose scale runs the other way"
		}
		v.Add(fmt.Sprintf("%s.questions[%d].id", base, i), ReasonMeaningChanged,
			fmt.Sprintf("the id %q names %s in the published revision; give the changed question a new id", excerpt(q.ID), what))
	}
	return v
}
