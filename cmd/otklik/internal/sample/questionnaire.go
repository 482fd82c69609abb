package sample

import (
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

const displayName = "Sample: groceries"

// The questions.
const (
	recommend    = "recommend"
	satisfaction = "satisfaction"
	ease         = "ease"
	freshness    = "freshness"
	improve      = "improve"
	idea         = "idea"
)

// The options of the question improve.
const (
	queues     = "queues"
	prices     = "prices"
	fresh      = "freshness"
	assortment = "range"
	onTime     = "on_time"
	staff      = "staff"
	nothing    = "nothing"
)

func texts(ru, ky, en string) *typev1.LocalizedText {
	return &typev1.LocalizedText{Texts: map[string]string{"ru": ru, "ky": ky, "en": en}}
}

// questionnaire is what the sample survey asks.
func questionnaire() *surveyv1.Questionnaire {
	option := func(id, ru, ky, en string) *surveyv1.ChoiceQuestion_Option {
		return &surveyv1.ChoiceQuestion_Option{Id: id, Text: texts(ru, ky, en)}
	}
	return &surveyv1.Questionnaire{
		Title:           texts("Ваша покупка", "Сиздин сатып алууңуз", "Your purchase"),
		DefaultLanguage: "ru",
		Population:      typev1.Population_POPULATION_CUSTOMER,
		Questions: []*surveyv1.Question{
			{
				Id: recommend, Required: true,
				Text: texts("Насколько вероятно, что вы порекомендуете нас друзьям или коллегам?",
					"Бизди досторуңузга же кесиптештериңизге сунуштоо ыктымалдыгы канчалык?",
					"How likely are you to recommend us to a friend or colleague?"),
				Comment: &surveyv1.CommentPolicy{Mode: surveyv1.CommentPolicy_MODE_OPTIONAL},
				Kind:    &surveyv1.Question_Nps{Nps: &surveyv1.NpsQuestion{Scale: surveyv1.NpsQuestion_SCALE_KIND_0_10}},
			},
			{
				Id:   satisfaction,
				Text: texts("Насколько вы довольны покупкой?", "Сатып алууңузга канчалык ыраазысыз?", "How satisfied are you with your purchase?"),
				Kind: &surveyv1.Question_Csat{Csat: &surveyv1.CsatQuestion{Scale: &typev1.Scale{Min: 1, Max: 5}}},
			},
			{
				Id: ease,
				Text: texts("Насколько легко было оплатить и получить покупку?", "Төлөө жана товарды алуу канчалык оңой болду?",
					"How easy was it to pay and get your goods?"),
				Kind: &surveyv1.Question_Ces{Ces: &surveyv1.CesQuestion{
					Scale: &typev1.Scale{Min: 1, Max: 5}, Direction: surveyv1.CesQuestion_DIRECTION_EASE,
				}},
			},
			{
				Id:   freshness,
				Text: texts("Как вы оцениваете свежесть продуктов?", "Азык-түлүктүн жаңылыгын кандай баалайсыз?", "How do you rate the freshness of the food?"),
				Kind: &surveyv1.Question_Rating{Rating: &surveyv1.RatingQuestion{Scale: &typev1.Scale{Min: 1, Max: 10}}},
			},
			{
				Id:   improve,
				Text: texts("Что нам улучшить?", "Эмнени жакшыртышыбыз керек?", "What should we improve?"),
				Kind: &surveyv1.Question_Choice{Choice: &surveyv1.ChoiceQuestion{
					Multiple: true, MaxChoices: 3, Options: []*surveyv1.ChoiceQuestion_Option{
						option(queues, "Очереди", "Кезектер", "Queues"),
						option(prices, "Цены", "Баалар", "Prices"),
						option(fresh, "Свежесть", "Азыктын жаңылыгы", "Freshness"),
						option(assortment, "Ассортимент", "Товарлардын түрлөрү", "Range of goods"),
						option(onTime, "Доставка вовремя", "Убагында жеткирүү", "Delivery on time"),
						option(staff, "Вежливость персонала", "Кызматкерлердин сылыктыгы", "Friendliness of staff"),
						option(nothing, "Ничего, всё хорошо", "Эч нерсе, баары жакшы", "Nothing, all is well"),
					},
				}},
			},
			{
				Id:   idea,
				Text: texts("Чего вам у нас не хватает?", "Бизде сизге эмне жетишпейт?", "What do you miss at our stores?"),
				Kind: &surveyv1.Question_FreeText{FreeText: &surveyv1.TextQuestion{MaxLength: 500}},
			},
		},
	}
}
