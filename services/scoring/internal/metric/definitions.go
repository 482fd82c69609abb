package metric

import "github.com/otklik/otklik/services/scoring/internal/question"

// compiled are the definitions that computing looks things up in; nobody changes them.
var compiled = all()

// Definitions returns the definitions of all metrics in a fixed order. The result is the caller's to keep.
func Definitions() []Definition { return all() }

func all() []Definition {
	return []Definition{
		npsDefinition(), csatDefinition(), cesDefinition(), meanDefinition(), responseRateDefinition(),
		shareDefinition(), enpsDefinition(), loyaltyIndexDefinition(), likeIndexDefinition(), smileIndexDefinition(),
	}
}

func npsDefinition() Definition {
	methods := []Method{AdjustedWald, Wald, TrinomialT}
	return Definition{
		ID: NPS, Version: 1,
		Reference: "Reichheld (2003), Harvard Business Review 81(12); Rocks (2016), The American Statistician 70(4); Bonett and Price (2012), British Journal of Mathematical and Statistical Psychology 65(3)",
		Title:     Text{EN: "Net Promoter Score", RU: "Индекс лояльности NPS", KY: "NPS берилгендик индекси"},
		Description: Text{
			EN: "Share of promoters (9 and 10) less share of detractors (below 7) among answers to the question how likely a person is to " +
				"recommend the company, from -100 to 100. Answers from 7 to below 9 are passive.",
			RU: "Доля промоутеров (9 и 10) минус доля критиков (ниже 7) среди ответов на вопрос, насколько человек готов " +
				"рекомендовать компанию, от -100 до 100. Ответы от 7 и ниже 9 нейтральны.",
			KY: "Компанияны сунуштоого канчалык даяр экени жөнүндө суроого жооптордун ичинде колдоочулардын үлүшүнөн (9 жана 10) " +
				"сынчылардын үлүшүн (7ден төмөн) кемиткени, -100дөн 100гө чейин. 7ден 9га чейинки жооптор бейтарап.",
		},
		Kinds: []question.Kind{question.NPS},
		Variants: []VariantDefinition{
			{Variant: NPSAnswered, form: difference, policy: NPSAnswered, Default: true, Formula: "100*(P-D)/N", Unit: Points, Range: &Range{-100, 100}, Methods: methods},
			{Variant: NPSContacted, form: difference, policy: NPSContacted, BesideRefusals: true, Formula: "100*(P-D)/(N+R)", Unit: Points, Range: &Range{-100, 100}, Methods: methods},
			{Variant: NPSRefusedAsDetractor, form: difference, policy: NPSRefusedAsDetractor, Formula: "100*(P-D-R)/(N+R)", Unit: Points, Range: &Range{-100, 100}, Methods: methods},
		},
	}
}

func csatDefinition() Definition {
	return Definition{
		ID: CSAT, Version: 1,
		Reference: "Wilson (1927), Journal of the American Statistical Association 22(158)",
		Title:     Text{EN: "Customer satisfaction", RU: "Удовлетворённость клиентов", KY: "Кардарлардын канааттануусу"},
		Description: Text{
			EN: "Share of satisfied answers in percent. Satisfied is 4 and above on 1-5, 6 and above on 1-7, 9 and above on 1-10; " +
				"other scales state it.",
			RU: "Доля удовлетворённых ответов в процентах. Удовлетворён: от 4 на шкале 1-5, от 6 на шкале 1-7, от 9 на шкале 1-10; " +
				"для других шкал порог указывается.",
			KY: "Канааттанган жооптордун пайыздык үлүшү. Канааттанган: 1-5 шкаласында 4төн, 1-7 шкаласында 6дан, 1-10 шкаласында " +
				"9дан баштап; башка шкалалар үчүн чеги көрсөтүлөт.",
		},
		Kinds: []question.Kind{question.CSAT, question.Rating, question.Expectation},
		Variants: []VariantDefinition{
			{Variant: CSATShare, form: proportion, Default: true, Formula: "100*satisfied/N", Unit: Percent, Range: &Range{0, 100}, Methods: []Method{Wilson}},
		},
	}
}

func cesDefinition() Definition {
	return Definition{
		ID: CES, Version: 1,
		Reference: "Dixon, Freeman and Toman (2010), Harvard Business Review 88(7/8)",
		Title:     Text{EN: "Customer effort", RU: "Усилия клиента", KY: "Кардардын күч-аракети"},
		Description: Text{
			EN: "How easy the company made it to solve a problem: the mean answer, the share of easy answers, or the share of easy less the " +
				"share of difficult ones. Answers about effort are flipped, so that high is always easy.",
			RU: "Насколько легко компания дала решить вопрос: средний ответ, доля лёгких ответов или доля лёгких минус доля трудных. " +
				"Ответы об усилиях переворачиваются, поэтому высокое значение всегда означает лёгкость.",
			KY: "Компания маселени чечүүнү канчалык жеңилдетти: орточо жооп, жеңил жооптордун үлүшү же жеңилдердин үлүшүнөн оорлордун " +
				"үлүшүн кемиткени. Күч-аракет жөнүндө жооптор тескери эсептелет, ошондуктан жогорку маани ар дайым жеңилдикти билдирет.",
		},
		Kinds: []question.Kind{question.CES},
		Variants: []VariantDefinition{
			{Variant: CESMean, form: mean, Default: true, Formula: "sum(score)/N", Unit: Native, Methods: []Method{StudentT}},
			{Variant: CESTopBox, form: proportion, Default: true, Formula: "100*easy/N", Unit: Percent, Range: &Range{0, 100}, Methods: []Method{Wilson}},
			{
				Variant: CESNetEasy, form: difference, Formula: "100*(easy-difficult)/N", Unit: Points, Range: &Range{-100, 100},
				Methods: []Method{AdjustedWald, Wald, TrinomialT},
			},
		},
	}
}

func meanDefinition() Definition {
	return Definition{
		ID: Mean, Version: 1,
		Reference: "Cochran (1977), Sampling Techniques, chapter 6",
		Title:     Text{EN: "Mean score", RU: "Средний балл", KY: "Орточо балл"},
		Description: Text{
			EN: "Mean of the answers to one question on its scale, or of all rated answers on 1 to 10. On 1 to 10, up to 3 means that " +
				"processes are at fault, from 8 that single cases are, between them both; undecided while the interval holds a cut point.",
			RU: "Среднее ответов на один вопрос по его шкале или всех оценок по шкале от 1 до 10. По шкале от 1 до 10: до 3 виноваты " +
				"процессы, от 8 отдельные случаи, между ними и то и другое; пока в интервале лежит порог, вывода нет.",
			KY: "Бир суроого жооптордун өз шкаласындагы орточосу же бардык баалардын 1ден 10го чейинки орточосу. 1ден 10го чейин: 3кө " +
				"чейин процесстер күнөөлүү, 8ден баштап айрым учурлар, ортосунда экөө тең; интервалда чек турганда тыянак чыгарылбайт.",
		},
		Kinds: []question.Kind{question.NPS, question.CSAT, question.CES, question.Rating, question.Expectation, question.Importance},
		Variants: []VariantDefinition{
			{Variant: MeanSingleQuestion, form: mean, Default: true, Formula: "sum(score)/N", Unit: Native, Methods: []Method{StudentT}},
			{
				Variant: MeanAllAnswers, form: pooled, Formula: "1+9*sum((score-min)/(max-min))/answers", Unit: Native, Range: &Range{1, 10},
				Methods: []Method{ClusteredT},
			},
		},
	}
}

func responseRateDefinition() Definition {
	return Definition{
		ID: ResponseRate, Version: 1,
		Reference: "AAPOR, Standard Definitions",
		Title:     Text{EN: "Response rate", RU: "Доля ответивших", KY: "Жооп бергендердин үлүшү"},
		Description: Text{
			EN: "Share of those asked who answered, in percent: answers over answers, refusals, dismissals and time-outs, each invitation by its " +
				"last outcome. Of invitations that nobody reacted to nothing is known here: for the share of all invited their number is stated.",
			RU: "Доля ответивших среди опрошенных в процентах: ответы к сумме ответов, отказов, закрытий и истечений времени, каждое " +
				"приглашение по последнему исходу. О приглашениях без всякой реакции здесь ничего не известно: для доли от всех приглашённых " +
				"их число указывают.",
			KY: "Суралгандардын ичинен жооп бергендердин пайыздык үлүшү: жооптордун жооптор, баш тартуулар, жабуулар жана мөөнөтү " +
				"өткөндөрдүн суммасына катышы, ар бир чакыруу акыркы жыйынтыгы боюнча. Эч ким жооп кылбаган чакыруулар жөнүндө бул жерде " +
				"эч нерсе белгисиз: бардык чакырылгандардын үлүшү үчүн алардын саны көрсөтүлөт.",
		},
		Variants: []VariantDefinition{
			{Variant: ResponseRateOutcomes, form: proportion, Default: true, Formula: "100*N/(N+R)", Unit: Percent, Range: &Range{0, 100}, Methods: []Method{Wilson}},
			{
				Variant: ResponseRateInvited, form: proportion, Formula: "100*N/invitations", Unit: Percent, Range: &Range{0, 100},
				Methods: []Method{Wilson}, Requires: Invitations,
			},
		},
	}
}
