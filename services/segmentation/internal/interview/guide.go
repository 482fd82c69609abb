package interview

import (
	"fmt"
	"time"
)

// Languages are those in which guides are written.
func Languages() []string { return []string{"ru", "ky", "en"} }

// DefaultGuide names the built-in guide.
const DefaultGuide = "default"

// Guide is what is asked in interviews about a survey.
type Guide struct {
	Organization string     `json:"-"`
	Survey       string     `json:"-"`
	Questions    []Question `json:"questions"`
	CreateTime   time.Time  `json:"create_time"`
	UpdateTime   time.Time  `json:"update_time"`
	Version      int64      `json:"-"`
}

// Question is a question of a guide.
type Question struct {
	ID string `json:"id"`
	// Text is the question by language.
	Text map[string]string `json:"text"`
	// Item is the question of the survey that it goes deeper into; empty for none.
	Item string `json:"item,omitempty"`
}

// Check tells whether there may be such a guide. Errors are *Refusal.
func (g Guide) Check() error {
	seen := map[string]bool{}
	for n, q := range g.Questions {
		if seen[q.ID] {
			return &Refusal{Field: fmt.Sprintf("questions[%d].id", n), Description: "stands twice in the guide"}
		}
		seen[q.ID] = true
		for _, language := range Languages() {
			if q.Text[language] == "" {
				return &Refusal{Field: fmt.Sprintf("questions[%d].text", n), Description: "needs the languages ru, ky and en; " + language + " is missing"}
			}
		}
	}
	return nil
}

// Asks tells whether the guide has a question.
func (g Guide) Asks(id string) bool {
	for _, q := range g.Questions {
		if q.ID == id {
			return true
		}
	}
	return false
}

// BuiltIn is the guide where an organisation has written none: it asks what happened, what weighs most and what would help, and blames nobody.
func BuiltIn() Guide {
	return Guide{Survey: DefaultGuide, Questions: []Question{
		{ID: "experience", Text: map[string]string{
			"ru": "Расскажите, пожалуйста, как проходит работа с нами.",
			"ky": "Биз менен иштешүү кандай жүрүп жатканын айтып бериңизчи.",
			"en": "Please tell us how working with us goes.",
		}},
		{ID: "weighs", Text: map[string]string{
			"ru": "Что из этого огорчает вас больше всего и почему?",
			"ky": "Мунун ичинен эмнеси сизди баарынан көп капа кылат жана эмне үчүн?",
			"en": "What of it disappoints you most, and why?",
		}},
		{ID: "harm", Text: map[string]string{
			"ru": "К чему это привело в вашей работе?",
			"ky": "Бул сиздин ишиңизде эмнеге алып келди?",
			"en": "What did it lead to in your work?",
		}},
		{ID: "helped", Text: map[string]string{
			"ru": "Что мы уже сделали и помогло ли это?",
			"ky": "Биз эмне жасадык жана ал жардам бердиби?",
			"en": "What have we done about it, and did it help?",
		}},
		{ID: "wish", Text: map[string]string{
			"ru": "Что нам изменить в первую очередь?",
			"ky": "Биз биринчи кезекте эмнени өзгөртүшүбүз керек?",
			"en": "What should we change first?",
		}},
		{ID: "strength", Text: map[string]string{
			"ru": "Что у нас хорошо и должно остаться?",
			"ky": "Бизде эмне жакшы жана кала бериши керек?",
			"en": "What is good with us and should stay?",
		}},
		{ID: "stay", Text: map[string]string{
			"ru": "При каком условии вы продолжите работать с нами?",
			"ky": "Кандай шартта биз менен иштей бересиз?",
			"en": "On what condition will you go on working with us?",
		}},
	}}
}
