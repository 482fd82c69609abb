package composite

import "github.com/otklik/otklik/services/scoring/internal/metric"

// rsqs is the retail service quality scale: 28 statements in five dimensions, three of which are divided into six.
func rsqs() Model {
	m := Model{
		ID: "rsqs", Version: 1, Scale: "1-5", Reference: "Dabholkar, Thorpe and Rentz (1996), Journal of the Academy of Marketing Science 24(1)",
		Title: metric.Text{EN: "Retail service quality RSQS", RU: "Качество розничного обслуживания RSQS", KY: "Чекене соода тейлөөсүнүн сапаты RSQS"},
		Description: metric.Text{
			EN: "What people perceive in a shop, over 28 statements in five dimensions: physical aspects, reliability, personal interaction, problem " +
				"solving and policy. The first three are told in six parts besides.",
			RU: "То, что люди видят в магазине, по 28 утверждениям в пяти измерениях: обстановка, надёжность, личное общение, решение проблем и " +
				"правила магазина. Первые три показаны ещё и по шести частям.",
			KY: "Адамдар дүкөндөн эмнени көрөт, беш өлчөмдөгү 28 ырастоо боюнча: жай, ишенимдүүлүк, жекече мамиле, көйгөйлөрдү чечүү жана " +
				"дүкөндүн эрежелери. Алгачкы үчөө алты бөлүк боюнча да көрсөтүлөт.",
		},
	}
	m.Spec, m.Questions = build(rsqsGroups(), rsqsStatements(), false)
	return m
}

func rsqsGroups() []group {
	return []group{
		{
			id: "physical_aspects", items: 6, title: metric.Text{EN: "Physical aspects", RU: "Обстановка", KY: "Жай"},
			parts: []group{
				{id: "appearance", items: 4, title: metric.Text{EN: "Appearance", RU: "Внешний вид", KY: "Сырткы көрүнүш"}},
				{id: "convenience", items: 2, title: metric.Text{EN: "Convenience", RU: "Удобство", KY: "Ыңгайлуулук"}},
			},
		},
		{
			id: "reliability", items: 5, title: metric.Text{EN: "Reliability", RU: "Надёжность", KY: "Ишенимдүүлүк"},
			parts: []group{
				{id: "promises", items: 2, title: metric.Text{EN: "Promises", RU: "Обещания", KY: "Убадалар"}},
				{id: "doing_it_right", items: 3, title: metric.Text{EN: "Doing it right", RU: "Правильное исполнение", KY: "Туура аткаруу"}},
			},
		},
		{
			id: "personal_interaction", items: 9, title: metric.Text{EN: "Personal interaction", RU: "Личное общение", KY: "Жекече мамиле"},
			parts: []group{
				{id: "inspiring_confidence", items: 3, title: metric.Text{EN: "Inspiring confidence", RU: "Доверие", KY: "Ишеним жаратуу"}},
				{id: "courtesy", items: 6, title: metric.Text{EN: "Courtesy and helpfulness", RU: "Вежливость и готовность помочь", KY: "Сылыктык жана жардамга даярдык"}},
			},
		},
		{id: "problem_solving", items: 3, title: metric.Text{EN: "Problem solving", RU: "Решение проблем", KY: "Көйгөйлөрдү чечүү"}},
		{id: "policy", items: 5, title: metric.Text{EN: "Policy", RU: "Правила магазина", KY: "Дүкөндүн эрежелери"}},
	}
}

// rsqsStatements are the 28 items in the order of the model, in our own words.
func rsqsStatements() []statement {
	return []statement{
		// Physical aspects, appearance, 1 to 4.
		{"fittings and equipment look modern", "мебель и оборудование выглядят современно", "эмеректер жана жабдуулар заманбап көрүнөт"},
		{"the shop is pleasant to look at", "магазин приятен на вид", "дүкөн көзгө жагымдуу"},
		{"bags, leaflets and labels are nicely made", "пакеты, буклеты и ценники красиво сделаны", "баштыктар, буклеттер жана баа көрсөткүчтөр кооз жасалган"},
		{"public areas are clean and handy", "места для посетителей чистые и удобные", "келүүчүлөр үчүн жерлер таза жана ыңгайлуу"},
		// Physical aspects, convenience, 5 and 6.
		{"it is easy to find what one needs", "легко найти то, что нужно", "керектүүнү табуу оңой"},
		{"it is easy to move about", "легко передвигаться по залу", "залда жүрүү оңой"},
		// Reliability, promises, 7 and 8.
		{"what is promised by a date is done by that date", "что обещано к сроку, делается в срок", "мөөнөткө убада кылынган иш мөөнөтүндө аткарылат"},
		{"the service comes at the time that was named", "услуга оказывается в названное время", "кызмат айтылган убакта көрсөтүлөт"},
		// Reliability, doing it right, 9 to 11.
		{"things are done right the first time", "всё делается правильно с первого раза", "баары биринчи жолудан туура жасалат"},
		{"goods are there when they are wanted", "нужный товар есть в наличии", "керектүү товар бар болот"},
		{"receipts and records are free of mistakes", "в чеках и записях нет ошибок", "чектерде жана жазууларда ката болбойт"},
		// Personal interaction, inspiring confidence, 12 to 14.
		{"the staff know enough to answer", "сотрудники знают достаточно, чтобы ответить", "кызматкерлердин билими жооп берүүгө жетет"},
		{"the way the staff act inspires trust", "поведение сотрудников вызывает доверие", "кызматкерлердин жүрүм-туруму ишеним жаратат"},
		{"customers feel safe when they pay", "клиенты спокойны, когда платят", "кардарлар төлөгөндө тынч болот"},
		// Personal interaction, courtesy and helpfulness, 15 to 20.
		{"customers are served without delay", "клиентов обслуживают без промедления", "кардарлар кечиктирилбей тейленет"},
		{"customers are told exactly when a service will be done", "клиентам точно говорят, когда услуга будет оказана", "кардарларга кызмат качан көрсөтүлөөрү так айтылат"},
		{"the staff find time for a question however busy they are", "сотрудники находят время на вопрос, как бы ни были заняты", "кызматкерлер канчалык бош эмес болсо да, суроого убакыт табат"},
		{"each customer gets attention of their own", "каждому клиенту уделяют личное внимание", "ар бир кардарга өзүнчө көңүл бурулат"},
		{"the staff are polite every time", "сотрудники неизменно вежливы", "кызматкерлер ар дайым сылык"},
		{"customers who call are treated with courtesy", "с клиентами вежливо говорят по телефону", "кардарлар менен телефондон сылык сүйлөшөт"},
		// Problem solving, 21 to 23.
		{"returns and exchanges are taken willingly", "возвраты и обмены принимают охотно", "кайтаруу жана алмаштыруу ынтаа менен кабыл алынат"},
		{"a customer's problem is met with a true wish to solve it", "проблему клиента искренне хотят решить", "кардардын көйгөйүн чын дилден чечкиси келет"},
		{"the staff can settle a complaint on the spot", "сотрудники могут решить жалобу на месте", "кызматкерлер даттанууну ошол жерде чече алат"},
		// Policy, 24 to 28.
		{"the goods are of high quality", "товары высокого качества", "товарлар жогорку сапатта"},
		{"there is enough room to park", "достаточно места для парковки", "унаа токтотууга орун жетиштүү"},
		{"opening hours suit all customers", "часы работы удобны всем клиентам", "иш убактысы бардык кардарларга ыңгайлуу"},
		{"all common cards and ways to pay are accepted", "принимают все обычные карты и способы оплаты", "бардык кеңири таралган карталар жана төлөм жолдору кабыл алынат"},
		{"there is a card or instalment plan of the shop's own", "есть своя карта или рассрочка магазина", "дүкөндүн өз картасы же бөлүп төлөөсү бар"},
	}
}
