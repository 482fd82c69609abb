package phrase

import (
	"slices"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/redaction"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// taken are the phrases of a text.
func taken(source string, label language.Label) ([]Phrase, []string) {
	var d text.Document
	d.Read(source)
	var x Extractor
	phrases := x.Find(&d, label, redaction.Find(&d, label, nil), nil)
	var shown []string
	for _, p := range phrases {
		shown = append(shown, source[p.Start:p.End])
	}
	return phrases, shown
}

func TestFind(t *testing.T) {
	for _, c := range []struct {
		label  language.Label
		source string
		want   string
	}{
		{language.Ru, "Очень вежливый персонал, но доставка опоздала на час", "вежливый персонал|персонал|доставка"},
		{language.Ru, "Кассир Айгуль нагрубила, пишу на aigul@mail.kg", "Кассир"},
		{language.Ru, "Мобильное приложение зависает", "Мобильное приложение|приложение"},
		{language.Ky, "Кассадагы кезек узун экен", "Кассадагы|Кассадагы кезек|кезек"},
		{language.En, "The delivery service forgot my drinks", "delivery|delivery service|service|drinks"},
		{language.Ru, "и на в", ""},
		{language.Ru, "", ""},
		{language.Unknown, "👍👍👍 !!!", ""},
	} {
		if _, got := taken(c.source, c.label); strings.Join(got, "|") != c.want {
			t.Errorf("%q gave %q", c.source, strings.Join(got, "|"))
		}
	}
}

func TestInflectedFormsAreOnePhrase(t *testing.T) {
	for _, c := range []struct {
		label language.Label
		forms []string
	}{
		{language.Ru, []string{"доставка", "доставки", "доставку", "доставкой", "доставке"}},
		{language.Ru, []string{"очередь", "очереди", "очередей", "очередью"}},
		{language.Ru, []string{"кассир", "кассиры", "кассиру", "кассиров", "кассирами"}},
		{language.Ru, []string{"обслуживание", "обслуживания", "обслуживанию", "обслуживанием"}},
		{language.Ru, []string{"продавец", "продавцы", "продавцов", "продавцу"}},
		{language.Ru, []string{"мобильное приложение", "мобильного приложения", "мобильным приложением", "приложение мобильное"}},
		{language.Ky, []string{"тамак", "тамакты", "тамагы", "тамактар", "тамактын"}},
		{language.Ky, []string{"кезек", "кезекте", "кезеги", "кезектен"}},
		{language.Ky, []string{"сатуучу", "сатуучулар", "сатуучунун", "сатуучуга"}},
		{language.En, []string{"parcel", "parcels"}},
		{language.En, []string{"parking place", "parking places"}},
	} {
		var key uint64
		for _, form := range c.forms {
			phrases, shown := taken(form, c.label)
			if len(phrases) == 0 {
				t.Errorf("%q is no phrase", form)
				continue
			}
			k := slices.IndexFunc(shown, func(s string) bool { return s == form })
			if k < 0 {
				t.Errorf("%q gave %q", form, shown)
				continue
			}
			if key == 0 {
				key = phrases[k].Key
			}
			if phrases[k].Key != key {
				t.Errorf("%q is another phrase than %q", form, c.forms[0])
			}
		}
	}
}

func TestPhrasesAreFewAndSpareFindings(t *testing.T) {
	source := strings.Repeat("Магазин Токтогула, кассир Айгуль Асанова, телефон 0555123456, склад, витрина, упаковка, стеллаж, корзина, парковка, лифт, вход, ", 5)
	var d text.Document
	d.Read(source)
	found := redaction.Find(&d, language.Ru, nil)
	var x Extractor
	phrases := x.Find(&d, language.Ru, found, nil)
	if len(phrases) == 0 || len(phrases) > Most {
		t.Fatalf("%d phrases", len(phrases))
	}
	at := int32(0)
	for _, p := range phrases {
		if p.Start < at || p.End <= p.Start {
			t.Errorf("%v behind %d", p, at)
		}
		at = p.Start
		for _, f := range found {
			if p.Start < f.End && f.Start < p.End {
				t.Errorf("%q holds %q", source[p.Start:p.End], source[f.Start:f.End])
			}
		}
	}
}

var samples = []string{
	"Персонал вежливый, но доставка опоздала на час, суп остыл. Верните деньги или привезите новый заказ",
	"Тамак абдан даамдуу экен, бирок кезек узун, 40 мүнөт күттүк. Сатуучулар сылык, дагы келебиз",
	"The food was great but the waiter forgot our drinks twice, 20 minutes for two coffees is too much",
}

func TestFindAllocatesNothing(t *testing.T) {
	var d text.Document
	var x Extractor
	dst := make([]Phrase, 0, Most)
	for _, s := range samples {
		d.Read(s)
		if n := testing.AllocsPerRun(10, func() { dst = x.Find(&d, language.Ky, nil, dst[:0]) }); n > 0 {
			t.Errorf("%v allocations", n)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, s := range samples {
		f.Add(s, uint8(1))
	}
	f.Add("а-б-в Айгуль \xff", uint8(2))
	f.Fuzz(func(t *testing.T, source string, label uint8) {
		l := language.Label(label % uint8(language.Labels))
		phrases, _ := taken(source, l)
		if len(phrases) > Most {
			t.Fatalf("%d phrases", len(phrases))
		}
	})
}

func BenchmarkFind(b *testing.B) {
	for i, label := range []language.Label{language.Ru, language.Ky, language.En} {
		b.Run(label.String(), func(b *testing.B) {
			var d text.Document
			var x Extractor
			d.Read(samples[i])
			dst := make([]Phrase, 0, Most)
			b.ReportAllocs()
			for b.Loop() {
				dst = x.Find(&d, label, nil, dst[:0])
				x.Fingerprints()
			}
		})
	}
}
