package aspect

// Definition is a fixed aspect, which every organisation has.
type Definition struct {
	// ID is what it is called in data.
	ID string
	// Names are what people call it, by BCP 47 language tag.
	Names map[string]string
}

// Definitions are the fixed aspects.
func Definitions() []Definition {
	define := func(id, ru, ky, en string) Definition {
		return Definition{ID: id, Names: map[string]string{"ru": ru, "ky": ky, "en": en}}
	}
	return []Definition{
		define("quality", "Качество", "Сапат", "Quality"),
		define("price", "Цена", "Баа", "Price"),
		define("staff", "Персонал", "Кызматкерлер", "Staff"),
		define("delivery", "Доставка", "Жеткирүү", "Delivery"),
		define("assortment", "Ассортимент", "Ассортимент", "Assortment"),
		define("cleanliness", "Чистота", "Тазалык", "Cleanliness"),
		define("wait", "Ожидание", "Күтүү", "Waiting"),
		define("app", "Приложение и сайт", "Тиркеме жана сайт", "App and site"),
		define("returns", "Возврат и гарантия", "Кайтаруу жана кепилдик", "Returns and warranty"),
		define("support", "Поддержка", "Колдоо кызматы", "Support"),
		define("ambience", "Обстановка", "Жагдай", "Ambience"),
		define("location", "Расположение", "Жайгашкан жери", "Location"),
		define("packaging", "Упаковка", "Таңгак", "Packaging"),
		define("forgotten", "Забыли", "Унутулган", "Forgotten"),
		define("general", "В целом", "Жалпысынан", "Overall"),
	}
}
