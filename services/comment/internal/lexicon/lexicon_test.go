package lexicon

import (
	"strings"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/text"
)

func load(tb testing.TB) *Lexicon {
	tb.Helper()
	l, err := Load()
	if err != nil {
		tb.Fatal(err)
	}
	return l
}

// made compiles lines of an aspect lexicon.
func made(tb testing.TB, language Languages, lines string) *Lexicon {
	tb.Helper()
	b := newBuilder()
	if err := b.file("test.tsv", lines, Aspects, language); err != nil {
		tb.Fatal(err)
	}
	return b.build()
}

// named tells what was found of aspects, in order: their names, with + or - for what is implied.
func named(l *Lexicon, languages Languages, source string) string {
	var d text.Document
	var h Hits
	d.Read(source)
	l.Find(&d, languages, &h)
	out := make([]string, 0, len(h.Aspects))
	for _, x := range h.Aspects {
		out = append(out, AspectName(x.Aspect)+[]string{"-", "", "+"}[x.Implied+1])
	}
	return strings.Join(out, " ")
}

func TestPatterns(t *testing.T) {
	ru := "staff\tкассир*\nprice\tцен~\nprice:negative\tдорог*\nprice:positive\tне дорог*\nwait:negative\tжда* & час*\ndelivery:negative\tвез* + дн*\nnone\tна вкус и цвет\nquality\tвкус~\nquality|packaging\tтара"
	for _, c := range []struct{ source, want string }{
		{"Кассирша молодец", "staff"},
		{"цены", "price"},
		{"ценить", "price"},
		{"ценообразование", ""},
		{"ценасы", "price"}, // a Kyrgyz suffix
		{"Дорого!", "price-"},
		{"не дорого", "price+"},
		{"ждали там целый час", "wait-"},
		{"целый час ждали", "wait-"},
		{"час. Ждали", ""}, // not within one clause
		{"ждали раз два три четыре пять час", ""},
		{"везли аж три дня", "delivery-"},
		{"дня три везли", ""}, // not in this order
		{"На вкус и цвет товарищей нет", ""},
		{"вкусом", "quality"},
		{"тара", "quality packaging"},
	} {
		if got := named(made(t, Ru, ru), All, c.source); got != c.want {
			t.Errorf("%q: %q, want %q", c.source, got, c.want)
		}
	}
}

func TestKyrgyzSuffixes(t *testing.T) {
	l := made(t, Ky, "price\tбаа~\nstaff\tсатуучу~\nquality:negative\tчирик~, чириг~")
	for _, word := range []string{"баа", "баасы", "баалары", "бааларыңардын", "баасынан", "сатуучулардын", "сатуучуңуз", "сатуучуларынын", "чиригени", "баасыбы"} {
		if named(l, All, word) == "" {
			t.Errorf("%q is not found", word)
		}
	}
	for _, word := range []string{"баарлашуу", "сатуулар"} {
		if got := named(l, All, word); got != "" {
			t.Errorf("%q is taken for %s", word, got)
		}
	}
}

func TestFolding(t *testing.T) {
	l := made(t, Ky, "delivery\tжеткирүү~\nquality\tсүтү~, өң~")
	for _, word := range []string{"жеткирүүсү", "жеткирууcу", "ЖЕТКИРҮҮ", "сутун"} {
		if named(l, All, word) == "" {
			t.Errorf("%q is not found", word)
		}
	}
}

func TestLanguages(t *testing.T) {
	l := made(t, Ky, "price\tбаа~")
	if got := named(l, Ru|En, "баасы"); got != "" {
		t.Errorf("an entry of another language is found: %s", got)
	}
}

func TestLoad(t *testing.T) {
	l := load(t)
	for _, c := range []struct{ source, want string }{
		{"Очередь огромная", "wait-"},
		{"доставкасы тез", "delivery"},
		{"курьер опоздал", "delivery delivery-"},
		{"too expensive", "price-"},
		{"кымбат экен", "price-"},
		{"кассирлери орой", "staff staff-"},
	} {
		if got := named(l, All, c.source); got != c.want {
			t.Errorf("%q: %q, want %q", c.source, got, c.want)
		}
	}
	if elements, states := l.Size(); elements < 10_000 || states < 10_000 {
		t.Errorf("%d words and %d places in phrases", elements, states)
	}
}

func TestBadLines(t *testing.T) {
	for _, c := range []struct {
		family     Family
		line, want string
	}{
		{Aspects, "price", "x.tsv:1: want aspects and patterns"},
		{Aspects, "prise\tцена", `aspect "prise" is not known`},
		{Aspects, "price:good\tцена", "want positive or negative"},
		{Aspects, "price\tцена,", "an empty pattern"},
		{Aspects, "price\tц*на", "stand at its end only"},
		{Aspects, "price\tцена +", "only between words"},
		{Aspects, "price\tа & б & в", "one & at most"},
		{Aspects, "price\t!!!", "has no letters"},
		{Aspects, "price:positive\tцена\nprice:negative\tцена", "x.tsv:2: pattern"},
		{Polarity, "хорошо\tpolarity", "want a pattern, a kind and a value"},
		{Polarity, "хорошо\tpolarity\t4", "want −3 to 3"},
		{Polarity, "хорошо\tpolarity\tNaN", "want a number"},
		{Polarity, "хорошо\tgood\t1", "want polarity, boost"},
	} {
		err := newBuilder().file("x.tsv", c.line, c.family, Ru)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v, want %q", c.line, err, c.want)
		}
	}
}

func TestCompile(t *testing.T) {
	l, err := Compile([][]string{{"парковка", "car park"}, {"тамак ташуу", "кезек"}, {"Wi-Fi"}, {"停车场"}})
	if err != nil {
		t.Fatal(err)
	}
	for source, want := range map[string]uint8{
		"нет парковки": Fixed, "the car parks are full": Fixed, "тамак ташуунун баасы": Fixed + 1, "кезеги узун": Fixed + 1, "wi-fi тормозит": Fixed + 2, "停车场 太小": Fixed + 3,
	} {
		var d text.Document
		var h Hits
		d.Read(source)
		l.Find(&d, All, &h)
		if len(h.Aspects) != 1 || h.Aspects[0].Aspect != want {
			t.Errorf("%q: %+v, want aspect %d", source, h.Aspects, want)
		}
	}
	for _, own := range [][][]string{{{"ok"}, {"", "a"}}, {{strings.Repeat("a", MaxPhraseText+1)}}, {{"a b c d e f g h i"}}, {make([]string, MaxPhrases+1)}} {
		if _, err := Compile(own); err == nil {
			t.Errorf("%.40v is taken", own)
		}
	}
	if _, err := Compile(make([][]string, MaxOwn+1)); err == nil {
		t.Error("too many aspects are taken")
	}
}

func FuzzFind(f *testing.F) {
	l := load(f)
	f.Add("Очередь огромная, но кассирлери вежливые 😀", uint8(All))
	f.Add("not worth the money\x00\xff", uint8(En))
	var d text.Document
	var h Hits
	f.Fuzz(func(t *testing.T, source string, languages uint8) {
		d.Read(source)
		l.Find(&d, Languages(languages)&All, &h)
		for _, hits := range [][]Hit{h.Polarity, h.Aspects} {
			before := int32(0)
			for _, x := range hits {
				if x.First < before || x.Last <= x.First || int(x.Last) > len(d.Tokens) || x.Mask&1 == 0 {
					t.Fatalf("hit %+v of %d tokens", x, len(d.Tokens))
				}
				before = x.First
			}
		}
	})
}

func BenchmarkFind(b *testing.B) {
	l := load(b)
	var d text.Document
	var h Hits
	d.Read("Кассиры вежливые и быстрые, но очередь ужасная, ждали полчаса")
	b.ReportAllocs()
	for b.Loop() {
		l.Find(&d, All, &h)
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		load(b)
	}
}
