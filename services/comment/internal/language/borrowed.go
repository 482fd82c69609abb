package language

import "strings"

// borrowed are words, in folded form, that every speaker of Kyrgyz uses though Russian has them too, and names of things that are the
// same everywhere. By themselves they mix nothing.
const borrowed = `
	касса кассир кассирша магазин маркет супермаркет гипермаркет товар доставка сервис чек бонус телефон оператор курьер акция скидка
	менеджер клиент сайт интернет карта карточка банк банкомат терминал кредит депозит процент адрес администратор админ официант
	официантка бармен бариста повар шеф ресторан кафе кофейня кофе чай меню пицца пиццерия бургер суши ролл роллы салат суп самса эти бешбармак манты куурдак чучпара боорсок кымыз айран каттама
	шашлык лагман плов борщ торт соус десерт компот сок фреш мороженое печенье конфет конфета шоколад йогурт кефир творог колбаса
	сосиска котлета порция стакан вилка тарелка диван стол стул полка экран телевизор кондиционер вентилятор парковка такси таксист
	машина автобус маршрутка троллейбус поезд аэропорт самолет билет отель гостиница хостел номер ресепшн ресепшен администрация
	директор бухгалтер охрана охранник врач доктор медсестра акушерка стоматолог терапевт фармацевт аптека поликлиника клиника
	больница укол рентген узи анализ рецепт таблетка кабинет палата талон заказ промокод кэшбэк кешбэк кешбек кэшбек пин код пинкод
	смс пароль логин аккаунт приложение программа система экран видео фото аудио чат бот линия сигнал сеть связь роутер модем тариф
	пакет трафик симкарта сим консультант продавец заправщик мастер инженер слесарь сантехник электрик механик лента терраса балкон
	бассейн сауна пляж лифт эскалатор подъезд этаж класс школа лицей гимназия университет институт студент пособие справка паспорт
	документ виза штраф налог пенсия почта посылка партия оптом опт прайс накладной пленка коробка материал размер модель пломба
	лагерь автобаза база склад офис филиал центр стандарт формат план проект договор контракт гарантия ремонт деталь запчасть бензин
	дизель газ шина аккумулятор мотор наушник зарядка батарейка холодильник микроволновка пылесос утюг плита стиралка ноутбук
	компьютер планшет принтер музыка концерт театр кино фильм спорт футбол тренер фитнес зал салон парикмахер маникюр косметика крем
	шампунь мыло туалет костюм куртка кроссовки футболка джинсы сумка рюкзак супер ок окей норм хит топ вау браво онлайн офлайн
	оффлайн да хз спс лол топчик вайфай вотсап ватсап инстаграм телеграм ютуб тикток фейсбук гугл айфон самсунг мегаком билайн мбанк элсом элкарт виза
	продукт продукты россия бишкек горячий ош москва китай турция неделя минута секунда метр километр килограмм грамм литр сом доллар рубль
	prilojenie prilozhenie komissia komissiya spravka ohrannik ohranniki dizain dizainy dizayn bonusy garantiya klinika poliklinika
	ochered personal kassa kassir magazin market supermarket tovar dostavka servis chek bonus telefon operator kuryer kurer akcia akciya akciia aktsiya
	skidka menedjer menedzher klient sait sayt internet karta bank bankomat kredit admin administrator oficiant ofitsiant kafe
	kofe chai chay menu menyu pizza pitsa salat samsa plov tort sous kondicioner konditsioner parkovka taksi mashina avtobus otel nomer
	vrach doktor apteka zakaz tarif programma sistema super klass video foto ofis remont muzyka tualet zal salon som
`

// named are names and short forms in Latin letters that stand the same in every language.
const named = `
	ok okay wifi online offline sms qr app vip top iphone samsung xiaomi huawei redmi galaxy instagram insta whatsapp telegram youtube
	tiktok facebook google android apple ios mbank mkassa elcart elkart visa mastercard megacom beeline wolt yandex glovo namba food
	taxi fast burger coffee kfc gps usb pin id pdf led tv hd ps pc email mail gmail com kg ru www http https html stop sale lux hit xl xxl
`

// plainly are closed-class and other common words that only Kyrgyz has: each shows that Kyrgyz is written.
const plainly = `
	экен эле элем эмес жок бар барбы жокпу болчу болсо болду болдум болот болбойт болобу болуптур менен учун жана бирок абдан аябай ото
	кылып кылат кылды кылса кылышты этет этти этип этишет деп дейт дешет дешти анан бул ушул ошол силер силерде силерге баары баарын баарына
	рахмат ракмат жакшы чон кичине коп тез кымбат арзан эч канча кайда кантип качан эмнеге жатат атат турат берди беришти келди кетти
	жакты жакпады келбейм барбайм кереги керек ооба кошсонор койсонор болмок азаматсынар азаматтар сонун керемет мыкты жаман тамак кезек
	eken ele emes jok zhok barby bolso boldu bolot bolboyt menen uchun jana zhana birok abdan ayabay kylat kyldy rahmat
	jakshy zhakshy jakty chon tamak nachar jaman tez kymbat arzan kancha kayda kantip kachan emnege jatat turat berdi keldi kerek ooba sonun
`

// foreign are closed-class and other common words that no Kyrgyz sentence has unless it mixes, though their letters may not tell.
const foreign = `
	но не это очень просто вообще всегда никогда только уже еще все как что чтобы если когда где почему зачем потому хотя зато
	тоже также более менее лучше хуже больше меньше много мало плохо хорошо нормально быстро медленно долго дорого дешево вкусно чисто
	грязно удобно красиво спасибо пожалуйста извините конечно наверное короче кажется вообщем реально прям прямо типа блин можно нельзя надо нужно есть нет был была было
	были будет для без под над при про между вместо после перед цена цены качество очередь персонал обслуживание
	no ne eto ochen prosto voobshe vsegda tolko uje uzhe vse kak chto kogda pochemu toje tozhe bolshe ploho horosho bystro
	bistro dorogo deshevo vkusno chisto spasibo mojno mozhno nado nujno upakovka vozvrat obsluzhivanie cena tsena kachestvo
`

// hint is what a word shows apart from its letters.
type hint uint8

const (
	isBorrowed hint = 1 << iota
	isNamed
	isKyrgyz
	isRussian
	isEnglish
)

// hints are the words of all the lists.
var hints = func() map[string]hint {
	m := map[string]hint{}
	for _, l := range []struct {
		words string
		hint  hint
	}{{borrowed, isBorrowed}, {named, isNamed}, {plainly, isKyrgyz}, {foreign, isRussian}, {spoken, isEnglish}} {
		for _, w := range strings.Fields(l.words) {
			m[w] |= l.hint
		}
	}
	return m
}()

// spoken are English words that show, among Cyrillic ones, that English is written and not a name.
const spoken = `
	good great nice bad very excellent perfect awesome amazing was were is are not but love like thank thanks you we my so really too best
	worst friendly staff service food delicious tasty cheap expensive clean dirty slow terrible horrible price prices quality room this
	that it they have has had with would will can never always again recommend everything nothing please sorry wait waiting late
	delivery customer experience highly recommended super cool job well done enjoy enjoyed happy disappointed polite rude the a an and or
	of to for in on at from what who why how when where there here awful fast fresh cold hot warm wonderful lovely beautiful fantastic
	disgusting disappointing pathetic poor average okay fine rubbish trash scam fake broken crash crashes crashed bug bugs update after
	before works working work does did don't doesn't didn't can't won't isn't wasn't no yes only just more less much many most few every
	all any some time times money waste worth value back come came go went get got give gave take took order ordered ordering refund
	helpful attentive professional kind manager waiter waitress cashier driver courier place atmosphere cozy comfortable uncomfortable
	noisy loud quiet small big huge long short parking location view breakfast lunch dinner meal dish portion taste smell interior design
	stylish modern convenient easy difficult impossible difference sure absolutely definitely totally extremely pretty quite little bit
	me him her them us your our their his if because although than then now today tomorrow yesterday
`
