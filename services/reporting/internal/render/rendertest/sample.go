// Package rendertest holds reports for the tests of what writes them.
package rendertest

import (
	"math"
	"time"

	"github.com/otklik/otklik/services/reporting/internal/document"
)

// words are the texts of the sample in each language.
var words = map[string][]string{
	"en": {"Store scorecard", "Osh bazaar, October 2026", "Narodnyi supermarkets", "Key figures", "Satisfaction", "Checkout queue", "Friendliness of the staff", "Freshness of vegetables and fruit", "Prices compared with other shops nearby", "Opening hours",
		"What to fix first", "Why NPS moved", "Drivers", "By hour and weekday", "Stores", "Funnel", "Trend of NPS", "Share of new customers", "The store did better than in September, mostly because the queue at the checkout became shorter. Freshness is what to look at next.",
		"Fewer than 5 answers about this employee: no number is shown.", "New price list", "Cases", "Customer", "Opened", "Light", "Time to close", "Reason of the case", "Saturday evening: three of five tills were closed and the queue reached the dairy shelves; asked to be called back.", "Visitors", "Bought", "Answered"},
	"ru": {"Карточка магазина", "Базар Ош, октябрь 2026", "Супермаркеты «Народный»", "Главные показатели", "Удовлетворённость", "Очередь на кассе", "Доброжелательность персонала", "Свежесть овощей и фруктов", "Цены по сравнению с другими магазинами поблизости", "Часы работы",
		"Что исправить сначала", "Почему изменился NPS", "Драйверы", "По часам и дням недели", "Магазины", "Воронка", "Динамика NPS", "Доля новых покупателей", "Магазин сработал лучше, чем в сентябре: прежде всего стала короче очередь на кассе. Следующее, чем стоит заняться, – свежесть.",
		"Меньше 5 ответов об этом сотруднике: число не показано.", "Новый прейскурант", "Обращения", "Покупатель", "Открыто", "Светофор", "Время до решения", "Причина обращения", "Субботний вечер: три кассы из пяти были закрыты, очередь дошла до молочного отдела; просил перезвонить.", "Посетители", "Купили", "Ответили"},
	"ky": {"Дүкөндүн карточкасы", "Ош базары, 2026-жылдын октябры", "«Народный» супермаркеттери", "Негизги көрсөткүчтөр", "Канааттануу", "Кассадагы кезек", "Кызматкерлердин сылыктыгы", "Жашылча-жемиштердин жаңылыгы", "Жакын жердеги башка дүкөндөргө салыштырмалуу баалар", "Иштөө убактысы",
		"Биринчи эмнени оңдоо керек", "NPS эмнеден өзгөрдү", "Таасир эткен нерселер", "Сааттар жана күндөр боюнча", "Дүкөндөр", "Воронка", "NPS өзгөрүшү", "Жаңы кардарлардын үлүшү", "Дүкөн сентябрга караганда жакшыраак иштеди: баарынан мурда кассадагы кезек кыскарды. Эми жаңылыкка көңүл буруу керек.",
		"Бул кызматкер жөнүндө 5тен аз жооп: сан көрсөтүлбөйт.", "Жаңы баалар", "Кайрылуулар", "Кардар", "Ачылган", "Жарык", "Чечилгенге чейинки убакыт", "Кайрылуунун себеби", "Ишемби күнү кечинде беш кассанын үчөө жабык болгон, кезек сүт бөлүмүнө чейин жеткен; өзүнө чалууну суранган.", "Келгендер", "Сатып алгандар", "Жооп бергендер"},
}

// Number is a number with all that may be known of it.
func Number(v, spread float64, n int64, unit document.Unit) document.Number {
	low, high := v-spread, v+spread
	return document.Number{Value: &v, Unit: unit, Digits: 1, N: &n, Low: &low, High: &high, Level: 0.95, Definition: "nps@1"}
}

// Absent is a number that is not there.
func Absent(why string) document.Number {
	return document.Number{Absent: why, Unit: document.Points}
}

// Sample is a report in a language with each kind of block and chart.
func Sample(language string) document.Document {
	w := words[language]
	zone := time.FixedZone("+06", 6*3600)
	watermark := time.Date(2026, 11, 2, 3, 15, 0, 0, time.UTC)
	return document.Document{
		Title: w[0], Subtitle: w[1], Organization: w[2], Language: language,
		Period:    document.Period{Start: time.Date(2026, 10, 1, 0, 0, 0, 0, zone), End: time.Date(2026, 11, 1, 0, 0, 0, 0, zone), Zone: zone},
		Watermark: watermark, Fingerprint: "3f1c9a7be2d04d55", Filter: "location = osh AND channel = store",
		Sections: []document.Section{
			{ID: "figures", Title: w[3], Blocks: []document.Block{{Text: w[18]}, {Figures: figures(w)}}},
			{ID: "trend", Title: w[16], Blocks: []document.Block{{Chart: trend(w, zone)}}},
			{ID: "matrix", Title: w[10], Blocks: []document.Block{{Chart: matrix(w)}}},
			{ID: "bridge", Title: w[11], Blocks: []document.Block{{Chart: bridge(w)}}},
			{ID: "drivers", Title: w[12], Blocks: []document.Block{{Chart: bars(w)}, {Absent: w[19]}}},
			{ID: "heat", Title: w[13], Blocks: []document.Block{{Chart: heat(w)}}},
			{ID: "stores", Title: w[14], Blocks: []document.Block{{Chart: places(w)}}},
			{ID: "funnel", Title: w[15], Blocks: []document.Block{{Chart: funnel(w)}}},
			{ID: "cases", Title: w[21], Blocks: []document.Block{{Table: cases(w, zone)}}, Notes: []string{w[19]}},
		},
		Notes: []string{w[18]},
	}
}

func figures(w []string) []document.Figure {
	change := Number(4.2, 3.1, 1980, document.Points)
	p := 0.0081
	change.P = &p
	money := Number(12543210.5, 400000, 35210, document.Money)
	money.Currency, money.Definition = "KGS", "revenue@2"
	share := Number(37.4, 2.2, 1204, document.Percent)
	share.Definition = "new_customers@1"
	seconds := Number(93600, 7000, 42, document.Seconds)
	seconds.Definition = "time_to_close@1"
	return []document.Figure{
		{Label: "NPS", Number: Number(31.2, 5.4, 1204, document.Points), Change: &change, Mark: document.Green},
		{Label: w[4], Number: Number(78.5, 1.9, 1187, document.Percent), Mark: document.Amber, Uncertain: true},
		{Label: w[17], Number: share},
		{Label: w[28], Number: money, Mark: document.Red},
		{Label: w[25], Number: seconds},
		{Label: w[6], Number: Absent(w[19])},
	}
}

func matrix(w []string) *document.Chart {
	m := document.MatrixChart{ImportanceCut: 0.3, ScoreCut: 7.6}
	for i, at := range [][2]float64{{0.52, 6.9}, {0.44, 8.6}, {0.35, 7.1}, {0.12, 6.6}, {0.2, 8.1}, {0.51, 7.0}, {0.5, 6.85}, {0.53, 7.05}} {
		priority := 4
		switch {
		case at[0] >= 0.3 && at[1] < 7.6:
			priority = 1
		case at[1] < 7.6:
			priority = 2
		case at[0] >= 0.3:
			priority = 3
		}
		m.Points = append(m.Points, document.MatrixPoint{Label: w[5+i%5], Importance: Number(at[0], 0.06, 900, document.Plain), Score: Number(at[1], 0.2, int64(1100-i), document.Plain), Priority: priority, Stable: i != 2})
	}
	return &document.Chart{ID: "matrix", Title: w[10], Matrix: &m, Note: w[18]}
}

func trend(w []string, zone *time.Location) *document.Chart {
	t := document.TrendChart{Unit: document.Points, Zone: zone, Events: []document.TrendEvent{{Time: time.Date(2026, 9, 1, 0, 0, 0, 0, zone), Label: w[20]}, {Time: time.Date(2026, 9, 3, 0, 0, 0, 0, zone), Label: w[5]}}}
	s := document.TrendSeries{Label: "NPS"}
	for i := range 16 {
		start := time.Date(2026, 7, 13+7*i, 0, 0, 0, 0, zone)
		x := Number(24+8*math.Sin(float64(i)/3)+float64(i)/2, 6, int64(60+5*i), document.Points)
		if i == 6 || i == 7 {
			x = Absent("")
		}
		s.Points = append(s.Points, document.TrendPoint{Start: start, End: start.AddDate(0, 0, 7), Number: x})
	}
	t.Series = []document.TrendSeries{s}
	return &document.Chart{ID: "trend", Title: w[16], Trend: &t}
}

func bridge(w []string) *document.Chart {
	b := document.BridgeChart{BeforeTitle: "09.2026", AfterTitle: "10.2026", Before: Number(27, 5, 980, document.Points), After: Number(31.2, 5.4, 1204, document.Points)}
	for i, effect := range []float64{3.1, -1.4, 2.9, 0.6, -1.0} {
		b.Parts = append(b.Parts, document.BridgePart{Label: w[5+i], Effect: Number(effect, 0.9, 400, document.Points)})
	}
	return &document.Chart{ID: "bridge", Title: w[11], Bridge: &b}
}

func bars(w []string) *document.Chart {
	c := document.BarChart{ValueTitle: w[12]}
	for i, v := range []float64{0.42, 0.31, 0.18, 0.06, -0.03} {
		x := Number(v, 0.05, 1100, document.Plain)
		x.Digits, x.Definition = 2, "drivers@1"
		c.Bars = append(c.Bars, document.Bar{Label: w[5+i], Number: x})
	}
	return &document.Chart{ID: "drivers", Title: w[12], Bars: &c, Note: w[18]}
}

func heat(w []string) *document.Chart {
	middle := 0.0
	h := document.HeatChart{Low: -60, High: 60, Middle: &middle}
	for hour := 8; hour < 22; hour++ {
		h.Columns = append(h.Columns, time.Date(2026, 1, 1, hour, 0, 0, 0, time.UTC).Format("15:04"))
	}
	for i := range 7 {
		h.Rows = append(h.Rows, w[4+i])
		var cells []document.Number
		for k := range h.Columns {
			x := Number(55*math.Sin(float64(i+k)/3), 9, int64(20+k), document.Points)
			x.Digits = 0
			if (i+k)%11 == 0 {
				x = Absent("")
			}
			cells = append(cells, x)
		}
		h.Cells = append(h.Cells, cells)
	}
	return &document.Chart{ID: "heat", Title: w[13], Heat: &h}
}

func places(w []string) *document.Chart {
	return &document.Chart{ID: "map", Title: w[14], Map: &document.MapChart{Places: []document.MapPlace{
		{Label: "Ош-1", Latitude: 40.5139, Longitude: 72.8161, Number: Number(31.2, 5, 1204, document.Points), Mark: document.Green},
		{Label: "Ош-2", Latitude: 40.53, Longitude: 72.80, Number: Number(11, 7, 204, document.Points), Mark: document.Red, Uncertain: true},
		{Label: "Жалал-Абад", Latitude: 40.9333, Longitude: 73.0, Number: Number(20, 9, 88, document.Points), Mark: document.Amber},
		{Label: "Бишкек", Latitude: 42.8746, Longitude: 74.5698, Number: Number(28, 2, 9120, document.Points), Mark: document.Green, Places: 14},
		{Label: "Нарын", Latitude: 41.4287, Longitude: 75.9911, Number: Absent(w[19])},
	}}}
}

func funnel(w []string) *document.Chart {
	share := func(v float64) document.Number {
		x := Number(v, 0.8, 12000, document.Percent)
		x.Definition = ""
		return x
	}
	return &document.Chart{ID: "funnel", Title: w[15], Funnel: &document.FunnelChart{Steps: []document.FunnelStep{
		{Label: w[28], Count: 41250}, {Label: w[29], Count: 9900, Share: share(24)}, {Label: w[30], Count: 1204, Share: share(12.2)},
	}}}
}

func cases(w []string, zone *time.Location) *document.Table {
	t := &document.Table{ID: "cases", Title: w[21], Total: 214, Note: w[18], Columns: []document.Column{
		{ID: "customer", Title: w[22], Link: true}, {ID: "opened", Title: w[23], Kind: document.TimeColumn}, {ID: "light", Title: w[24], Kind: document.MarkColumn},
		{ID: "nps", Title: "NPS", Kind: document.NumberColumn}, {ID: "time", Title: w[25], Kind: document.NumberColumn}, {ID: "reason", Title: w[26]},
	}}
	for i := range 60 {
		opened := time.Date(2026, 10, 1+i%30, 9+i%9, 5*i%60, 0, 0, zone)
		length := document.Number{Unit: document.Seconds}
		v := float64(1800 * (i + 1))
		length.Value = &v
		reason := w[27]
		if i%3 == 0 {
			reason = w[5+i%5]
		}
		x := Number(float64(i%60)-20, 8, int64(30+i), document.Points)
		if i%17 == 5 {
			x = Absent(w[19])
		}
		t.Rows = append(t.Rows, []document.Cell{
			{Text: []string{"Айгүл М.", "=HYPERLINK(\"http://x\")", "Иванов П.", "-2+3 Улан", "@cmd"}[i%5], Link: "/cases/" + string(rune('a'+i%26))},
			{Time: &opened}, {Mark: document.Mark(i % 4), Uncertain: i%5 == 0}, {Number: &x}, {Number: &length}, {Text: reason},
		})
	}
	return t
}
