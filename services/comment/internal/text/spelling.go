package text

// russianWords are common Russian words whose Latin spelling does not give their letters away.
var russianWords = map[string]string{
	"ochen": "очень", "ochin": "очень", "bolshe": "больше", "menshe": "меньше", "tolko": "только", "skolko": "сколько",
	"stolko": "столько", "neskolko": "несколько", "dengi": "деньги", "est": "есть", "sest": "сесть", "bolshoe": "большое",
	"bolshoi": "большой", "bolshoy": "большой", "bolshie": "большие", "bolshaya": "большая", "malenkiy": "маленький", "malenkii": "маленький",
	"malenkaya": "маленькая", "medlenno": "медленно", "nelzya": "нельзя", "nelza": "нельзя", "pol": "пол", "bil": "был", "bila": "была", "bili": "были",
	"bilo": "было", "bit": "быть", "byt": "быть", "teper": "теперь", "opyat": "опять", "opiat": "опять", "dazhe": "даже", "daje": "даже",
	"noch": "ночь", "den": "день", "dver": "дверь", "mebel": "мебель", "otel": "отель", "chast": "часть", "kachestvo": "качество",
	"kachestva": "качества", "kachestvenno": "качественно", "otsutstvie": "отсутствие", "otsutstvuet": "отсутствует", "silno": "сильно",
	"bistro": "быстро", "bistraya": "быстрая", "bistrii": "быстрый", "bistriy": "быстрый", "gryazno": "грязно", "griazno": "грязно", "otvratitelno": "отвратительно",
	"otvratitelnii": "отвратительный", "uzhasno": "ужасно", "ujasno": "ужасно", "dovolen": "доволен", "dovolni": "довольны", "dovolna": "довольна",
	"udovletvoritelno": "удовлетворительно", "voobshe": "вообще", "voobsche": "вообще", "vobshem": "в общем", "esche": "еще", "eshe": "еще", "esho": "еще", "eshyo": "еще",
	"eshchyo": "еще", "eshche": "еще", "chto": "что", "shto": "что", "cto": "что", "normalno": "нормально", "normalna": "нормально", "normalniy": "нормальный", "zamechatelno": "замечательно",
	"zamechatelniy": "замечательный", "otlichniy": "отличный", "otlichnii": "отличный", "pozhaluysta": "пожалуйста", "pozhaluista": "пожалуйста", "pojaluista": "пожалуйста",
	"pojaluysta": "пожалуйста", "plz": "пожалуйста", "spasibo": "спасибо", "vezhliviy": "вежливый", "vezhlivyy": "вежливый", "vezhlivie": "вежливые",
	"vejliviy": "вежливый", "vejlivie": "вежливые", "personal": "персонал", "vozmozhnost": "возможность", "stoimost": "стоимость", "ceni": "цены", "tseni": "цены", "ceny": "цены", "vkusniy": "вкусный",
	"vkusnii": "вкусный", "cena": "цена", "my": "мы", "ty": "ты", "vy": "вы", "mi": "мы", "vi": "вы", "xorosho": "хорошо", "horosho": "хорошо", "vernite": "верните", "i": "и", "ya": "я", "ia": "я", "ja": "я",
	"komp": "комп", "sayt": "сайт", "site": "сайт", "it": "ит", "obyazatelno": "обязательно", "obiazatelno": "обязательно", "polzovatsya": "пользоваться", "polzuyus": "пользуюсь", "ispolzuyu": "использую",
	"stal": "стал", "zhal": "жаль", "jal": "жаль", "zhdat": "ждать", "jdat": "ждать", "zhdali": "ждали", "jdali": "ждали", "brat": "брать", "kupit": "купить", "vernut": "вернуть", "platit": "платить",
	"poluchit": "получить", "otvetit": "ответить", "dozvonitsya": "дозвониться", "zhit": "жить", "pit": "пить", "govorit": "говорит", "stoit": "стоит", "xvatit": "хватит", "hvatit": "хватит", "prishel": "пришел", "prishlos": "пришлось",
	"videt": "видеть", "smotret": "смотреть", "hotet": "хотеть", "imet": "иметь", "umet": "уметь", "sidet": "сидеть", "uspet": "успеть", "pomoch": "помочь", "nravitsya": "нравится", "bi": "бы", "ti": "ты", "chtobi": "чтобы", "poetomu": "поэтому", "kotorie": "которые", "kotorii": "который", "kotoriy": "который", "nekotorie": "некоторые",
	"zdes": "здесь", "lish": "лишь", "dovolno": "довольно", "jizn": "жизнь", "zhizn": "жизнь", "ludi": "люди", "liudi": "люди", "lublu": "люблю", "kuplu": "куплю", "bludo": "блюдо", "bluda": "блюда", "ranshe": "раньше",
	"chut": "чуть", "uroven": "уровень", "model": "модель", "pamyat": "память", "obichno": "обычно", "opit": "опыт", "raboti": "работы", "problemi": "проблемы", "noviy": "новый", "novii": "новый", "vkusnie": "вкусные",
	"chistie": "чистые", "bistrie": "быстрые", "samie": "самые", "uj": "уж", "schet": "счет", "schitaet": "считает", "schitau": "считаю", "schitayu": "считаю", "rayon": "район", "rayone": "районе", "prihoditsya": "приходится",
	"klass": "класс", "vibor": "выбор", "visokie": "высокие", "visokaya": "высокая", "sistema": "система", "salat": "салат", "klient": "клиент", "oplat": "оплат", "apparat": "аппарат", "bankomat": "банкомат", "bankomati": "банкоматы",
	"format": "формат", "rezultat": "результат", "vozvrat": "возврат", "chat": "чат", "kvas": "квас", "vas": "вас", "nas": "нас", "zapas": "запас", "formati": "форматы", "voprosi": "вопросы", "glas": "глас", "ponravilsya": "понравился", "vsyo": "все", "vse": "все", "vsio": "все",
}

// kyrgyzWords are common words of Kyrgyz comments whose Latin spelling goes by sound or by Russian.
var kyrgyzWords = map[string]string{
	"birok": "бирок", "biroq": "бирок", "bir": "бир", "kassir": "кассир", "magazin": "магазин", "taksi": "такси", "tarif": "тариф", "klinika": "клиника", "dizain": "дизайн", "dizayn": "дизайн",
	"dizainy": "дизайны", "mashina": "машина", "akciya": "акция", "aktsiya": "акция", "akcia": "акция", "akciia": "акция", "skidka": "скидка", "programma": "программа", "administrator": "администратор",
	"salat": "салат", "som": "сом", "pitsa": "пицца", "pizza": "пицца", "ofitsiant": "официант", "oficiant": "официант", "ia": "я", "siz": "сиз", "biz": "биз", "kim": "ким", "ish": "иш",
	"iwi": "иши", "kofe": "кофе", "vrach": "врач", "internet": "интернет", "telefon": "телефон", "servis": "сервис", "bilet": "билет", "zhok": "жок", "jok": "жок", "djok": "жок", "rakmat": "рахмат", "raxmat": "рахмат",
	"akca": "акча", "aqcha": "акча", "kancha": "канча", "kanca": "канча", "kech": "кеч", "kec": "кеч", "uc": "уч", "uch": "уч", "ec": "эч", "con": "чон", "chong": "чон", "con'": "чон", "kop": "коп", "coq": "чок",
	"tamagi": "тамагы", "bagasi": "баасы", "baasi": "баасы", "ozu": "озу", "too": "тоо", "bouncha": "боюнча", "boiuncha": "боюнча", "boyuncha": "боюнча", "kantip": "кантип", "siyaktuu": "сыяктуу", "siaktuu": "сыяктуу",
	"kanday": "кандай", "kandai": "кандай", "ayabay": "аябай", "aiabai": "аябай", "viza": "виза", "afrika": "африка", "grafik": "график", "radio": "радио", "klimat": "климат", "tsena": "цена", "rayon": "район", "finans": "финанс", "evro": "евро",
	"evropa": "европа", "imarat": "имарат", "mugalim": "мугалим", "mugalimi": "мугалими", "mugalimder": "мугалимдер", "sanarip": "санарип", "fakt": "факт", "shart": "шарт", "investitsiya": "инвестиция",
	"karta": "карта", "kartasi": "картасы", "adis": "адис", "kabinet": "кабинет", "kiyim": "кийим", "kiim": "кийим", "kitap": "китеп", "kitep": "китеп",
	"ali": "али", "dari": "дары", "bagit": "багыт", "kafe": "кафе", "kassa": "касса", "sayt": "сайт", "sait": "сайт", "chai": "чай", "chay": "чай", "may": "май", "mai": "май",
}
