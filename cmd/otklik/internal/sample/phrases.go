package sample

// phrases are what people write, by topic.
type phrases struct {
	praise, neutral []string
	// complaints by the option of the question improve that they belong to.
	complaints map[string][]string
	ideas      []string
}

// phrasesIn holds the phrases of each language, written by hand.
var phrasesIn = map[string]phrases{
	"ru": {
		praise: []string{
			"Всё отлично, спасибо!", "Кассир была очень приветлива.", "Свежие овощи и фрукты, всегда беру здесь.", "Быстро обслужили, очереди не было.",
			"Курьер приехал раньше времени, всё аккуратно упаковано.", "Чисто, просторно, удобно.", "Хорошие скидки на выходных.",
			"Лучший магазин в районе.", "Хлеб ещё тёплый — супер!", "Приятный персонал, всё подсказали.",
			"Касса самообслуживания работает без проблем.", "Заказал вечером, утром уже привезли.",
		},
		neutral: []string{
			"Нормально.", "В целом неплохо.", "Обычный магазин, ничего особенного.", "Цены как везде.", "Всё как обычно.", "Бывает по-разному.",
		},
		complaints: map[string][]string{
			queues: {
				"Стояла в очереди двадцать минут, работала одна касса.", "Вечером всегда очередь, открывайте больше касс.",
				"Касса самообслуживания зависла, пришлось ждать.", "Долго ждали, пока позвали старшего кассира.",
			},
			prices: {
				"Цена на полке одна, а в чеке другая.", "Молоко подорожало за неделю дважды.", "Дороже, чем на рынке.", "Скидка по карте не прошла.",
			},
			fresh: {
				"Помидоры мятые, творог с истёкшим сроком.", "Зелень вялая уже с утра.", "Купил йогурт, а он просрочен.", "Бананы чёрные, мясо с запахом.",
			},
			assortment: {
				"Опять нет кефира.", "Мало местных сыров.", "Гречки не было третий день.", "Выбор рыбы очень маленький.",
			},
			onTime: {
				"Доставка опоздала на полтора часа.", "Привезли не то, что заказывали.", "Курьер не позвонил, заказ оставил у двери.",
				"Обещали к обеду, привезли вечером.", "Не хватало двух позиций, деньги вернули не сразу.",
			},
			staff: {
				"Охранник нагрубил.", "Кассир разговаривала по телефону.", "Никто не смог подсказать, где что лежит.", "Консультанта в зале не найти.",
			},
		},
		ideas: []string{
			"Больше местных фермерских продуктов.", "Хотелось бы детский уголок.", "Безглютеновый отдел.", "Кафе при магазине.", "Парковка для велосипедов.",
			"Оплата по QR без приложения.", "Халяльная полуфабрикатная линейка.", "Весы в отделе овощей.", "Доставка после девяти вечера.", "Больше товаров без сахара.",
		},
	},
	"ky": {
		praise: []string{
			"Баары жакты, рахмат!", "Кассир абдан сылык экен.", "Жашылчалар дайыма жаңы.", "Тез тейлешти, кезек болгон жок.",
			"Курьер убагында келди, чоң рахмат.", "Дүкөн таза жана кенен.", "Баалары жакшы, арзандатуулар көп.", "Нан жаңы бышкан, даамдуу.",
			"Кызматкерлер жардам беришти, ыраазымын.", "Үйгө жеткирүү абдан ыңгайлуу экен.", "Биздин райондогу эң жакшы дүкөн.",
		},
		neutral: []string{
			"Жаман эмес.", "Орточо.", "Кадимки дүкөн.", "Баары адаттагыдай.", "Ар кандай болот.",
		},
		complaints: map[string][]string{
			queues: {
				"Кезек абдан узун, бир эле касса иштейт.", "Кечинде дайыма кезек болот.", "Өзүн-өзү тейлөө кассасы иштебей калды.", "Жыйырма мүнөт кезекте турдум.",
			},
			prices: {
				"Баалар кымбаттап кетти.", "Чектеги баа башка экен.", "Базардан кымбат.", "Арзандатуу картам өткөн жок.",
			},
			fresh: {
				"Помидорлор эзилип калыптыр.", "Сүттүн мөөнөтү өтүп кетиптир.", "Эттин жыты бар экен.", "Көк чөптөр соолуп калган.",
			},
			assortment: {
				"Айран дагы жок экен.", "Жергиликтүү товарлар аз.", "Балыктын түрү өтө аз.", "Издеген ун болгон жок.",
			},
			onTime: {
				"Жеткирүү бир саатка кечикти.", "Башка товар алып келишти.", "Курьер телефон чалган жок.", "Түшкө убада кылып, кечинде алып келишти.",
			},
			staff: {
				"Кассир орой сүйлөдү.", "Эч ким жардам берген жок.", "Сатуучуну таба албадым.", "Күзөтчү сылык эмес.",
			},
		},
		ideas: []string{
			"Жергиликтүү фермерлердин азыктары көбүрөөк болсо.", "Балдар бурчу керек.", "Кымыз менен айран дайыма болсо экен.", "Дүкөндүн жанында кафе болсо жакшы болмок.",
			"Кечки тогуздан кийин да жеткирип берсеңиздер.", "Жашылча бөлүмүнө тараза койсоңуздар.", "Кыргызча жазуулар көбүрөөк болсо.", "Халал продукция көбүрөөк керек.",
		},
	},
	"en": {
		praise: []string{
			"Everything was great, thank you!", "The cashier was very friendly.", "Fresh vegetables every time.", "Quick checkout, no queue at all.",
			"The courier came early and was polite.", "Clean and spacious store.", "Good weekend discounts.", "Warm bread in the morning, love it.",
		},
		neutral: []string{
			"It was fine.", "Okay overall.", "An ordinary store.", "Same as always.",
		},
		complaints: map[string][]string{
			queues:     {"One till open and ten people waiting.", "The self-checkout froze on me.", "Long queue in the evening, again."},
			prices:     {"The price on the shelf was not the price on the receipt.", "My discount card did not work.", "Pricier than the market next door."},
			fresh:      {"The yoghurt was past its date.", "The herbs were wilted in the morning.", "Bruised tomatoes, sadly."},
			assortment: {"No oat milk again.", "Hardly any fish to choose from.", "I could not find gluten-free bread."},
			onTime:     {"The delivery was an hour late.", "Two items were missing from my order.", "Nobody called, the bags stood at the door."},
			staff:      {"The guard was rude.", "Nobody could tell me where things are.", "The cashier was on the phone."},
		},
		ideas: []string{
			"More local cheese, please.", "A small café would be lovely.", "Labels in English.", "Delivery after nine in the evening.", "More vegan food.",
		},
	},
}
