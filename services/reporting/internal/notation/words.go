package notation

import "github.com/otklik/otklik/services/reporting/internal/document"

// The languages, as columns of the words.
const (
	english = iota
	russian
	kyrgyz
)

// Word is a word of the form of a report.
type Word uint8

// The words of the form.
const (
	NoNumber Word = iota
	Days
	Hours
	Minutes
	Secs
	Page
	PeriodWord
	FilterWord
	AllResponses
	ScopeWord
	AsOf
	Fingerprint
	Organization
	Notes
	FirstRows
	FixNow
	FixNext
	KeepUp
	Overinvested
	Unstable
	ImportanceWord
	ScoreWord
	PriorityWord
	Label
	Value
	Low
	High
	LevelWord
	Definition
	Why
	PValue
	Mark
	LightRed
	LightAmber
	LightGreen
	Uncertain
	Change
	Since
	Figures
	Contents
	Start
	End
	Event
	Series
	StepWord
	Before
	After
	CountWord
	ShareOfBefore
	Row
	Column
	Latitude
	Longitude
	Places
	PlacesMore
	IntervalBand
	IntervalLine
	IntervalName
	Others
	Millions
	Billions
	CountN
	SectionWord
	QuadrantWord
	StableWord
	Cut
	NoData
	Empty
	Lacking
	ChartData
	Report
	Yes
	Kilometres
	// Words is how many there are.
	Words
)

var table = [Words][3]string{
	NoNumber:       {"no data", "нет данных", "маалымат жок"},
	Days:           {"d", "д", "күн"},
	Hours:          {"h", "ч", "саат"},
	Minutes:        {"min", "мин", "мүн"},
	Secs:           {"s", "с", "сек"},
	Page:           {"Page %d of %d", "Стр. %d из %d", "%d-бет, баары %d"},
	PeriodWord:     {"Period", "Период", "Мезгил"},
	FilterWord:     {"Filter", "Отбор", "Тандоо"},
	AllResponses:   {"all responses", "все ответы", "бардык жооптор"},
	ScopeWord:      {"Units of the reader", "Подразделения читателя", "Окурмандын бөлүмдөрү"},
	AsOf:           {"Data as of", "Данные на", "Маалыматтын убактысы"},
	Fingerprint:    {"Fingerprint", "Контрольный код", "Текшерүү коду"},
	Organization:   {"Organization", "Организация", "Уюм"},
	Notes:          {"Notes", "Примечания", "Эскертүүлөр"},
	FirstRows:      {"First %s of %s rows", "Первые строки: %s из %s", "Алгачкы саптар: %s, баары %s"},
	FixNow:         {"Fix now", "Исправить сейчас", "Азыр оңдоо"},
	FixNext:        {"Fix next", "Исправить потом", "Кийин оңдоо"},
	KeepUp:         {"Keep up", "Удерживать", "Кармап туруу"},
	Overinvested:   {"Over-invested", "Вложено с избытком", "Ашыкча салынган"},
	Unstable:       {"hollow: the quadrant is not certain", "без заливки: квадрант не устойчив", "боёлбогон: чейрек туруктуу эмес"},
	ImportanceWord: {"Importance", "Важность", "Маанилүүлүк"},
	ScoreWord:      {"Score", "Оценка", "Баа"},
	PriorityWord:   {"Priority", "Приоритет", "Артыкчылык"},
	Label:          {"Name", "Название", "Аталышы"},
	Value:          {"Value", "Значение", "Мааниси"},
	Low:            {"low", "нижняя граница", "төмөнкү чек"},
	High:           {"high", "верхняя граница", "жогорку чек"},
	LevelWord:      {"level", "уровень", "деңгээл"},
	Definition:     {"definition", "определение", "аныктама"},
	Why:            {"why absent", "почему нет", "эмнеге жок"},
	PValue:         {"p", "p", "p"},
	Mark:           {"Light", "Светофор", "Жарык"},
	LightRed:       {"red", "красный", "кызыл"},
	LightAmber:     {"amber", "жёлтый", "сары"},
	LightGreen:     {"green", "зелёный", "жашыл"},
	Uncertain:      {"not certain", "не точно", "анык эмес"},
	Change:         {"Change", "Изменение", "Өзгөрүү"},
	Since:          {"from the period before", "к прошлому периоду", "мурунку мезгилге карата"},
	Figures:        {"Key figures", "Главные показатели", "Негизги көрсөткүчтөр"},
	Contents:       {"Contents", "Содержание", "Мазмуну"},
	Start:          {"Start", "Начало", "Башталышы"},
	End:            {"End", "Конец", "Аягы"},
	Event:          {"Event", "Событие", "Окуя"},
	Series:         {"Series", "Ряд", "Катар"},
	StepWord:       {"Step", "Шаг", "Кадам"},
	Before:         {"Before", "До", "Мурун"},
	After:          {"After", "После", "Кийин"},
	CountWord:      {"Number", "Количество", "Саны"},
	ShareOfBefore:  {"Of the step before", "От предыдущего шага", "Мурунку кадамдан"},
	Row:            {"Row", "Строка", "Сап"},
	Column:         {"Column", "Столбец", "Мамыча"},
	Latitude:       {"Latitude", "Широта", "Кеңдик"},
	Longitude:      {"Longitude", "Долгота", "Узундук"},
	Places:         {"Places", "Мест", "Жерлер"},
	PlacesMore:     {"%s places", "мест: %s", "жерлер: %s"},
	IntervalBand:   {"band: %s interval", "полоса: интервал %s", "тилке: %s аралык"},
	IntervalLine:   {"line: %s interval", "отрезок: интервал %s", "сызык: %s аралык"},
	IntervalName:   {"interval: %s", "интервал: %s", "аралык: %s"},
	Others:         {"%s others", "другие: %s", "башкалар: %s"},
	QuadrantWord:   {"Quadrant", "Квадрант", "Чейрек"},
	StableWord:     {"Quadrant is certain", "Квадрант устойчив", "Чейрек туруктуу"},
	Cut:            {"Dividing lines", "Границы квадрантов", "Чейректердин чектери"},
	CountN:         {"n", "n", "n"},
	SectionWord:    {"Section", "Раздел", "Бөлүм"},
	Millions:       {"M", "млн", "млн"},
	Billions:       {"bn", "млрд", "млрд"},
	NoData:         {"no data", "нет данных", "маалымат жок"},
	Empty:          {"There is nothing to show.", "Показать нечего.", "Көрсөтө турган эч нерсе жок."},
	Lacking: {
		"The font of this document has no sign for the following characters; their codes stand in their place: %s.",
		"В шрифте этого документа нет знаков для следующих символов, на их месте стоят их коды: %s.",
		"Бул документтин арибинде төмөнкү белгилер жок, алардын ордунда коддору турат: %s.",
	},
	ChartData:  {"Numbers of the chart", "Числа диаграммы", "Диаграмманын сандары"},
	Report:     {"Report", "Отчёт", "Баяндама"},
	Yes:        {"yes", "да", "ооба"},
	Kilometres: {"km", "км", "км"},
}

// Word is a word of the form.
func (n Notation) Word(w Word) string {
	return table[w][n.language]
}

// Quadrant names a priority of the matrix, from 1 (fix now) to 4 (over-invested).
func (n Notation) Quadrant(priority int) string {
	if priority < 1 || priority > 4 {
		return ""
	}
	return n.Word(FixNow + Word(priority-1))
}

// Light names a mark; it is empty for none.
func (n Notation) Light(m document.Mark) string {
	if m < document.Red || m > document.Green {
		return ""
	}
	return n.Word(LightRed + Word(m-document.Red))
}
