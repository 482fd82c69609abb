package composite

import "github.com/otklik/otklik/services/scoring/internal/metric"

const servqualReference = "Parasuraman, Zeithaml and Berry (1988), Journal of Retailing 64(1); (1991), Journal of Retailing 67(4)"

// servqual is the model of 22 pairs in five dimensions.
func servqual() Model {
	m := Model{
		ID: "servqual", Version: 1, Scale: "1-7", Reference: servqualReference,
		Title: metric.Text{EN: "Service quality SERVQUAL", RU: "Качество обслуживания SERVQUAL", KY: "Тейлөө сапаты SERVQUAL"},
		Description: metric.Text{
			EN: "Gap between what people perceive here and what they expect of an excellent company, over 22 pairs of statements in five " +
				"dimensions. A dimension is the mean of its items, the whole the mean of the dimensions. Below 0 the service falls short.",
			RU: "Разрыв между тем, что люди видят здесь, и тем, чего ждут от отличной компании, по 22 парам утверждений в пяти измерениях. " +
				"Измерение есть среднее своих пунктов, целое есть среднее измерений. Ниже 0 обслуживание не дотягивает до ожиданий.",
			KY: "Адамдар бул жерде көргөн менен мыкты компаниядан күткөндүн ортосундагы айырма, беш өлчөмдөгү 22 жуп ырастоо боюнча. Өлчөм " +
				"өз пункттарынын орточосу, бүтүнү өлчөмдөрдүн орточосу. 0дөн төмөн болсо, тейлөө күтүүгө жетпейт.",
		},
	}
	m.Spec, m.Questions = build(servqualGroups(), servqualStatements(), true)
	return m
}

// servperf is SERVQUAL without its expectations.
func servperf() Model {
	m := Model{
		ID: "servperf", Version: 1, Scale: "1-7", Reference: "Cronin and Taylor (1992), Journal of Marketing 56(3)",
		Title: metric.Text{EN: "Service performance SERVPERF", RU: "Исполнение обслуживания SERVPERF", KY: "Тейлөөнүн аткарылышы SERVPERF"},
		Description: metric.Text{
			EN: "What people perceive, over the 22 statements and five dimensions of SERVQUAL, without asking what they expect.",
			RU: "То, что видят люди, по 22 утверждениям и пяти измерениям SERVQUAL, без вопросов об ожиданиях.",
			KY: "Адамдар эмнени көрөт, SERVQUALдын 22 ырастоосу жана беш өлчөмү боюнча, күтүүлөр жөнүндө сурабастан.",
		},
	}
	m.Spec, m.Questions = build(servqualGroups(), servqualStatements(), false)
	return m
}

func servqualGroups() []group {
	return []group{
		{id: "tangibles", items: 4, title: metric.Text{EN: "Tangibles", RU: "Материальность", KY: "Көрүнгөн нерселер"}},
		{id: "reliability", items: 5, title: metric.Text{EN: "Reliability", RU: "Надёжность", KY: "Ишенимдүүлүк"}},
		{id: "responsiveness", items: 4, title: metric.Text{EN: "Responsiveness", RU: "Отзывчивость", KY: "Элпектик"}},
		{id: "assurance", items: 4, title: metric.Text{EN: "Assurance", RU: "Уверенность", KY: "Ишеним жаратуу"}},
		{id: "empathy", items: 5, title: metric.Text{EN: "Empathy", RU: "Сопереживание", KY: "Боорукерлик"}},
	}
}

// servqualStatements are the 22 items in the order of the model, in our own words.
func servqualStatements() []statement {
	return []statement{
		// Tangibles, 1 to 4.
		{"the equipment is up to date", "оборудование современное", "жабдуулар заманбап"},
		{"the premises look pleasant", "помещения выглядят приятно", "имараттар көзгө жагымдуу"},
		{"the staff look neat", "сотрудники выглядят опрятно", "кызматкерлер тыкан көрүнөт"},
		{"leaflets, papers and screens are clear and well made", "буклеты, документы и экраны понятны и хорошо сделаны", "буклеттер, кагаздар жана экрандар түшүнүктүү жана жакшы жасалган"},
		// Reliability, 5 to 9.
		{"what is promised by a date is done by that date", "что обещано к сроку, делается в срок", "мөөнөткө убада кылынган иш мөөнөтүндө аткарылат"},
		{"a customer's problem is met with a true wish to solve it", "проблему клиента искренне хотят решить", "кардардын көйгөйүн чын дилден чечкиси келет"},
		{"things are done right the first time", "всё делается правильно с первого раза", "баары биринчи жолудан туура жасалат"},
		{"the service comes at the time that was named", "услуга оказывается в названное время", "кызмат айтылган убакта көрсөтүлөт"},
		{"records and bills are free of mistakes", "в записях и счетах нет ошибок", "жазууларда жана эсептерде ката болбойт"},
		// Responsiveness, 10 to 13.
		{"customers are told exactly when the work will be done", "клиентам точно говорят, когда всё будет сделано", "кардарларга иш качан бүтөөрү так айтылат"},
		{"customers are served without delay", "клиентов обслуживают без промедления", "кардарлар кечиктирилбей тейленет"},
		{"the staff are always willing to help", "сотрудники всегда готовы помочь", "кызматкерлер ар дайым жардам берүүгө даяр"},
		{"the staff find time for a question however busy they are", "сотрудники находят время на вопрос, как бы ни были заняты", "кызматкерлер канчалык бош эмес болсо да, суроого убакыт табат"},
		// Assurance, 14 to 17.
		{"the way the staff act inspires trust", "поведение сотрудников вызывает доверие", "кызматкерлердин жүрүм-туруму ишеним жаратат"},
		{"customers feel safe in what they pay and sign", "клиенты спокойны за то, что оплачивают и подписывают", "кардарлар төлөгөнү жана кол койгону үчүн тынч болот"},
		{"the staff are polite every time", "сотрудники неизменно вежливы", "кызматкерлер ар дайым сылык"},
		{"the staff know enough to answer", "сотрудники знают достаточно, чтобы ответить", "кызматкерлердин билими жооп берүүгө жетет"},
		// Empathy, 18 to 22.
		{"each customer gets attention of their own", "каждому клиенту уделяют личное внимание", "ар бир кардарга өзүнчө көңүл бурулат"},
		{"opening hours suit all customers", "часы работы удобны всем клиентам", "иш убактысы бардык кардарларга ыңгайлуу"},
		{"there are staff who look after a customer personally", "есть сотрудники, которые лично занимаются клиентом", "кардар менен жекече алектенген кызматкерлер бар"},
		{"the customer's interest comes first", "интересы клиента стоят на первом месте", "кардардын кызыкчылыгы биринчи орунда турат"},
		{"what a customer needs in particular is understood", "особые нужды клиента понимают", "кардардын өзгөчө муктаждыктары түшүнүлөт"},
	}
}
