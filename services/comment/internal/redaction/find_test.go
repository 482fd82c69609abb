package redaction

import (
	"strings"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// findings of a text.
func findings(source string) []Finding {
	var d text.Document
	d.Read(source)
	return Find(&d, language.Unknown, nil)
}

// marked is a text with marks around what is found in it.
func marked(source string) string { return shown(source, findings(source)) }

func TestNoFindingOverlapsAnother(t *testing.T) {
	for source, want := range map[string]string{
		"": "",
		"Айгуль, +996 555 12 34 56, aigul@mail.kg": "[[NAME|Айгуль]], [[PHONE|+996 555 12 34 56]], [[EMAIL|aigul@mail.kg]]",
		"ivan.petrov@mail.ru":                      "[[EMAIL|ivan.petrov@mail.ru]]",
		"Киевская улица 77, 0555123456":            "[[ADDRESS|Киевская улица 77]], [[PHONE|0555123456]]",
		"Исы Ахунбаева көчөсү 45":                  "[[ADDRESS|Исы Ахунбаева көчөсү 45]]",
	} {
		if got := marked(source); got != want {
			t.Errorf("%q gave %q, not %q", source, got, want)
		}
	}
}

// hostile are texts that cost much where each place is looked at again from each other.
var hostile = []string{
	"1", "1 ", "(", "@", "a@", "+", "+9", "1-", "1.", "(1)", "[at]", "а ", "Анна ", "ул ", "ул. Анна ", "дом 5 ", "кв 1, ", "паспорт ", "AN1 ", "a.b@c.d ", "г. Бишкек, ",
	"собака ", " точка ", "x собака y точка ", "+996 ", "0555 ", "4111 ", "И. ", "Анна-", "\"Анна\" ", "1 street ", "Street ", "５", "５ ", "0\ufe0f\u20e3", "/79991234567", "я anna, ", "\u200b1", "12-мкр ", "зовут ", "[NAME] ", "[",
}

// The number of words and numbers looked up grows with the length of a text, whatever it holds.
func TestFindIsLinear(t *testing.T) {
	var d text.Document
	for _, piece := range hostile {
		count := func(n int) int {
			d.Read(strings.Repeat(piece, n))
			_, steps := find(&d, language.Unknown, nil)
			return steps
		}
		small, large := count(2000), count(20000)
		if large > 11*small+1000 {
			t.Errorf("%q: %d steps for 2,000, %d for 20,000", piece, small, large)
		}
	}
}

func TestFindAllocatesNothing(t *testing.T) {
	var d text.Document
	dst := make([]Finding, 0, 16)
	for _, source := range samples {
		d.Read(source)
		if n := testing.AllocsPerRun(10, func() { dst = Find(&d, language.Ru, dst[:0]) }); n > 0 {
			t.Errorf("%q: %v allocations", source, n)
		}
	}
}

func FuzzFind(f *testing.F) {
	for _, s := range hostile {
		f.Add(s + s + s)
	}
	for _, s := range samples {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, source string) {
		found := findings(source)
		at := int32(0)
		for _, x := range found {
			if x.Start < at || x.End <= x.Start || int(x.End) > len(source) || int(x.Kind) >= Kinds {
				t.Fatalf("%q: %v behind %d", source, x, at)
			}
			at = x.End
		}
		once := string(Redact(source, found, nil))
		if twice := redact(once); twice != once {
			t.Fatalf("%q became %q, then %q", source, once, twice)
		}
	})
}

// samples are ordinary comments.
var samples = []string{
	"Персонал вежливый, но доставка опоздала на час, суп остыл. Верните деньги или привезите новый заказ",
	"Тамак абдан даамдуу экен, бирок кезек узун, 40 мүнөт күттүк. Сатуучулар сылык, дагы келебиз",
	"The food was great but the waiter forgot our drinks twice, 20 minutes for two coffees is too much",
	"Менеджер Айгуль Асанова помогла, перезвоните на 0555 12-34-56 или aigul@mail.kg, ул. Киевская 77, кв 5",
	"Верните 1200 на карту 9417 0000 8383 8993, паспорт AN1234567, ИНН 21505199001234",
}

func BenchmarkFind(b *testing.B) {
	for i, name := range []string{"ru", "ky", "en", "names", "numbers"} {
		b.Run(name, func(b *testing.B) {
			var d text.Document
			d.Read(samples[i])
			dst := make([]Finding, 0, 16)
			b.ReportAllocs()
			for b.Loop() {
				dst = Find(&d, language.Ru, dst[:0])
			}
		})
	}
}

func BenchmarkHostile(b *testing.B) {
	for _, piece := range []string{"1 ", "(", "a@", "+9(", "Анна ", "ул. "} {
		b.Run(piece, func(b *testing.B) {
			var d text.Document
			d.Read(strings.Repeat(piece, 100_000/len(piece)))
			dst := make([]Finding, 0, 100_000)
			b.SetBytes(int64(len(d.Source)))
			b.ReportAllocs()
			for b.Loop() {
				dst = Find(&d, language.Unknown, dst[:0])
			}
		})
	}
}

func BenchmarkBuild(b *testing.B) {
	for b.Loop() {
		build()
	}
}
