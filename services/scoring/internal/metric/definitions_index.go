package metric

import (
	"github.com/otklik/otklik/services/scoring/internal/fact"
	"github.com/otklik/otklik/services/scoring/internal/question"
)

func shareDefinition() Definition {
	return Definition{
		ID: Share, Version: 1, OnRequest: true, Named: true,
		Reference: "Wilson (1927), Journal of the American Statistical Association 22(158)",
		Title:     Text{EN: "Share of an answer", RU: "Доля варианта ответа", KY: "Жооп вариантынын үлүшү"},
		Description: Text{
			EN: "Share of the answers to a question that hold one option, in percent; of a question with a scale, one value. Where several " +
				"options may be chosen the shares sum to more than 100.",
			RU: "Доля ответов на вопрос, в которых выбран один из вариантов, в процентах; для вопроса со шкалой доля одного значения. Где можно " +
				"выбрать несколько вариантов, сумма долей больше 100.",
			KY: "Суроого жооптордун ичинен бир вариант тандалгандарынын пайыздык үлүшү; шкалалуу суроо үчүн бир маанинин үлүшү. Бир нече " +
				"вариант тандоого мүмкүн болсо, үлүштөрдүн суммасы 100дөн ашат.",
		},
		Kinds: []question.Kind{
			question.Choice, question.NPS, question.CSAT, question.CES, question.Rating, question.Expectation, question.Importance,
		},
		Variants: []VariantDefinition{{
			Variant: ShareOption, form: proportion, Default: true, Formula: "100*option/N", Unit: Percent, Range: &Range{0, 100},
			Methods: []Method{Wilson},
		}},
	}
}

func enpsDefinition() Definition {
	methods := []Method{AdjustedWald, Wald, TrinomialT}
	variant := func(v, policy Variant, formula string) VariantDefinition {
		return VariantDefinition{
			Variant: v, form: difference, policy: policy, Formula: formula, Unit: Points, Range: &Range{-100, 100}, Methods: methods,
		}
	}
	answered := variant(ENPSAnswered, NPSAnswered, "100*(P-D)/N")
	answered.Default = true
	contacted := variant(ENPSContacted, NPSContacted, "100*(P-D)/(N+R)")
	contacted.BesideRefusals = true
	return Definition{
		ID: ENPS, Version: 1, OnRequest: true, Population: fact.Employee,
		Reference: "Rocks (2016), The American Statistician 70(4)",
		Title:     Text{EN: "Employee Net Promoter Score", RU: "Лояльность сотрудников eNPS", KY: "Кызматкерлердин берилгендиги eNPS"},
		Description: Text{
			EN: "NPS among employees: share of those who would recommend the company as a place to work (9 and 10) less share of those who " +
				"would not (below 7). Answers are told in groups of at least the number that the organisation set, 5 by default, so that " +
				"nobody can be told apart.",
			RU: "NPS среди сотрудников: доля тех, кто порекомендовал бы компанию как место работы (9 и 10), минус доля тех, кто не " +
				"порекомендовал бы (ниже 7). Ответы показываются группами не меньше заданного организацией числа, по умолчанию 5, чтобы никого " +
				"нельзя было узнать.",
			KY: "Кызматкерлер арасындагы NPS: компанияны жумуш орду катары сунуштагандардын үлүшүнөн (9 жана 10) сунуштабагандардын үлүшүн " +
				"(7ден төмөн) кемиткени. Жооптор уюм белгилеген сандан кем эмес топтор менен көрсөтүлөт, демейде 5, эч кимди таанып " +
				"болбошу үчүн.",
		},
		Kinds: []question.Kind{question.NPS},
		Variants: []VariantDefinition{
			answered, contacted, variant(ENPSRefusedAsDetractor, NPSRefusedAsDetractor, "100*(P-D-R)/(N+R)"),
		},
	}
}

func loyaltyIndexDefinition() Definition {
	return Definition{
		ID: LoyaltyIndex, Version: 1, OnRequest: true,
		Reference: "Rocks (2016), The American Statistician 70(4)",
		Title:     Text{EN: "Loyalty index", RU: "Индекс эмоциональной лояльности (ИЭЛ)", KY: "Эмоционалдык берилгендик индекси"},
		Description: Text{
			EN: "Another name of NPS over all who were asked (NPS_CONTACTED): promoters less detractors over answers and refusals together; " +
				"those who refused count as neutral.",
			RU: "Другое название NPS по всем опрошенным (NPS_CONTACTED): промоутеры минус критики к сумме ответов и отказов; отказавшиеся " +
				"считаются нейтральными.",
			KY: "Бардык суралгандар боюнча NPSтин (NPS_CONTACTED) башка аталышы: колдоочулардан сынчыларды кемитип, жооптор менен баш " +
				"тартуулардын суммасына бөлүү; баш тарткандар бейтарап деп эсептелет.",
		},
		Kinds: []question.Kind{question.NPS},
		Variants: []VariantDefinition{{
			Variant: LoyaltyIndexContacted, form: difference, policy: NPSContacted, Default: true, Formula: "100*(P-D)/(N+R)", Unit: Points,
			Range: &Range{-100, 100}, Methods: []Method{AdjustedWald, Wald, TrinomialT},
		}},
	}
}

func likeIndexDefinition() Definition {
	variant := func(v Variant, formula string, requires Count) VariantDefinition {
		return VariantDefinition{
			Variant: v, form: proportion, Default: requires == "", Formula: formula, Unit: Percent, Range: &Range{0, 100},
			Methods: []Method{Wilson}, Requires: requires,
		}
	}
	return Definition{
		ID: LikeIndex, Version: 1, OnRequest: true, Named: true,
		Title: Text{EN: "Like index", RU: "Индекс лайков", KY: "Лайктар индекси"},
		Description: Text{
			EN: "How many liked it, in percent; there is no agreed formula, so several are on offer: likes over likes and dislikes, likes over " +
				"consultations, presses of the button over visitors. It needs a choice with an option for like and one for dislike (`like` and " +
				"`dislike` unless stated) or a question on a scale of two values. Scoring holds no facts of consultations and visitors: their " +
				"number is stated.",
			RU: "Скольким понравилось, в процентах; общепринятой формулы нет, поэтому их несколько: лайки к сумме лайков и дизлайков, лайки к " +
				"консультациям, нажатия кнопки к посетителям. Нужен вопрос с вариантами «нравится» и «не нравится» (`like` и `dislike`, если не " +
				"указано иное) или вопрос со шкалой из двух значений. О консультациях и посетителях здесь ничего не известно: их число указывают.",
			KY: "Канча адамга жакканы, пайыз менен; жалпы кабыл алынган формула жок, ошондуктан бир нечеси сунушталат: лайктардын лайк жана " +
				"дизлайктарга, лайктардын консультацияларга, баскычты басуулардын зыяратчыларга катышы. «Жакты» жана «жаккан жок» варианттары " +
				"(башкасы көрсөтүлбөсө `like` жана `dislike`) бар суроо же эки маанилүү шкала керек. Консультациялар жана зыяратчылар жөнүндө бул " +
				"жерде маалымат жок: алардын саны көрсөтүлөт.",
		},
		Kinds: []question.Kind{question.Choice, question.Rating, question.CSAT},
		Variants: []VariantDefinition{
			variant(LikeIndexLikes, "100*likes/(likes+dislikes)", ""),
			variant(LikeIndexConsultations, "100*likes/consultations", Consultations),
			variant(LikeIndexPresses, "100*(likes+dislikes)/visitors", Visitors),
		},
	}
}

func smileIndexDefinition() Definition {
	variant := func(v Variant) VariantDefinition {
		return VariantDefinition{
			Variant: v, form: proportion, Formula: "100*smiles/contacts", Unit: Percent, Range: &Range{0, 100}, Methods: []Method{Wilson},
		}
	}
	return Definition{
		ID: SmileIndex, Version: 1, OnRequest: true, Named: true,
		Title: Text{EN: "Smile index", RU: "Индекс улыбок", KY: "Жылмаюу индекси"},
		Description: Text{
			EN: "Share of the observed contacts with a smile, in percent, of buyers and of sellers apart. It needs a question that records one " +
				"observation: a choice with an option for a smile and one for none (`smile` and `no_smile` unless stated) or a scale of two " +
				"values. Whose face a question observes only who asks knows: the variant is named. Images are never kept.",
			RU: "Доля наблюдённых контактов с улыбкой, в процентах, отдельно для покупателей и продавцов. Нужен вопрос, в котором записано одно " +
				"наблюдение: варианты «улыбка» и «нет улыбки» (`smile` и `no_smile`, если не указано иное) или шкала из двух значений. За кем " +
				"наблюдали, знает только спрашивающий: он называет вариант. Изображения не хранятся.",
			KY: "Байкалган байланыштардын ичинен жылмаюу менен өткөндөрүнүн пайыздык үлүшү, сатып алуучулар жана сатуучулар үчүн өз-өзүнчө. Бир " +
				"байкоо жазылган суроо керек: «жылмаюу бар» жана «жылмаюу жок» варианттары (башкасы көрсөтүлбөсө `smile` жана `no_smile`) же эки " +
				"маанилүү шкала. Ким байкалганын сураган адам гана билет: ал вариантты атайт. Сүрөттөр сакталбайт.",
		},
		Kinds:    []question.Kind{question.Choice, question.Rating, question.CSAT},
		Variants: []VariantDefinition{variant(SmileIndexBuyer), variant(SmileIndexSeller)},
	}
}
