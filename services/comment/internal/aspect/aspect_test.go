package aspect

import (
	"strings"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/feature"
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/linear"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// plainWeights makes a model that has learnt nothing and believes the lexicon: what it names is there, and what it says of it holds.
func plainWeights() *Weights {
	const bits = 4
	w := &Weights{Bits: bits, Table: make([]int8, Lanes<<bits), Scale: 1}
	for kind := range w.Detector {
		n := &w.Detector[kind]
		for a := range Fixed {
			n.Own[2][a], n.Own[3][a] = 1, 2
			w.Threshold[kind][a] = 0.5
		}
		w.Floor[kind] = 0
	}
	j := &w.Judge.Direct
	j[onImpliedGood][sentiment.Positive], j[onImpliedBad][sentiment.Negative] = 3, 3
	j[onGood][sentiment.Positive], j[onBad][sentiment.Negative] = 4, 4
	j[onAlways][sentiment.Neutral] = 1
	j[onQuestion][sentiment.Neutral] = 2
	return w
}

type bench struct {
	lexicon  *lexicon.Lexicon
	reader   *Reader
	document text.Document
	hits     lexicon.Hits
	features feature.Buffer
	mentions []Mention
}

func newBench(tb testing.TB) *bench {
	tb.Helper()
	l, err := lexicon.Load()
	if err != nil {
		tb.Fatal(err)
	}
	m, err := New(plainWeights())
	if err != nil {
		tb.Fatal(err)
	}
	return &bench{lexicon: l, reader: m.NewReader()}
}

func (b *bench) prepare(source string, label language.Label) {
	b.document.Read(source)
	b.lexicon.Find(&b.document, sentiment.Languages(label), &b.hits)
	sentiment.Negate(&b.document, b.hits.Polarity)
	b.features.Read(&b.document)
}

func (b *bench) read(source string, label language.Label) []Mention {
	b.prepare(source, label)
	b.mentions = b.reader.Read(&b.document, label, &b.features, &b.hits, nil, b.mentions[:0])
	return b.mentions
}

func TestRead(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		label  language.Label
		source string
		want   []string // aspect:polarity:evidence
	}{
		{language.Ru, "Кассиры вежливые и быстрые, но очередь ужасная", []string{"staff:positive:Кассиры вежливые и быстрые", "wait:negative:но очередь ужасная"}},
		{language.Ru, "Цены, скажем так, кусаются", []string{"price:negative:Цены, скажем так, кусаются"}},
		{language.Ru, "Курьер опоздал на час. Зато упаковано отлично!", []string{"delivery:negative:Курьер опоздал на час", "packaging:positive:Зато упаковано отлично"}},
		{language.Ru, "Приложение вылетает", []string{"app:negative:Приложение вылетает"}},
		{language.En, "Great selection, but the toilets were filthy", []string{"assortment:positive:Great selection", "cleanliness:negative:but the toilets were filthy"}},
		{language.En, "Not expensive.", []string{"price:positive:Not expensive"}},
		{language.En, "They forgot the sauce", []string{"forgotten:negative:They forgot the sauce"}},
		{language.Ky, "Баасы кымбат, бирок наны даамдуу", []string{"price:negative:Баасы кымбат", "quality:positive:бирок наны даамдуу"}},
		{language.Ky, "Кезек узун экен", []string{"wait:negative:Кезек узун экен"}},
		{language.Ky, "Тандоосу кең", []string{"assortment:positive:Тандоосу кең"}},
		{language.Ky, "Кассирлери вежливый, парковка жок", []string{"staff:positive:Кассирлери вежливый", "location:negative:парковка жок"}},
		{language.Ru, "Мы живём вдвоём", nil},
		{language.Ru, "", nil},
	} {
		got := map[string]bool{}
		all := make([]string, 0, 4)
		for _, m := range b.read(c.source, c.label) {
			s := m.ID.String() + ":" + m.Polarity.String() + ":" + c.source[m.Start:m.End]
			got[s] = true
			all = append(all, s)
		}
		for _, w := range c.want {
			if !got[w] {
				t.Errorf("%q: no %s in %q", c.source, w, all)
			}
		}
		if len(c.want) == 0 && len(all) > 0 {
			t.Errorf("%q: %q", c.source, all)
		}
	}
}

func TestTwoPolarities(t *testing.T) {
	b := newBench(t)
	var found []sentiment.Class
	for _, m := range b.read("Приложение удобное, понятный интерфейс. Но приложение вылетает постоянно.", language.Ru) {
		if m.ID == App {
			found = append(found, m.Polarity)
		}
	}
	if len(found) != 2 || found[0]+found[1] != sentiment.Positive+sentiment.Negative || found[0] == found[1] {
		t.Errorf("polarities %v, want both", found)
	}
}

// check holds mentions to what is promised of all of them.
func check(t *testing.T, source string, mentions []Mention) {
	t.Helper()
	for _, m := range mentions {
		if m.Start < 0 || m.End <= m.Start || int(m.End) > len(source) {
			t.Fatalf("evidence [%d, %d) of %d bytes", m.Start, m.End, len(source))
		}
		if int(m.ID) >= Fixed || m.Polarity > sentiment.Positive || !(m.Probability >= 0 && m.Probability <= 1) {
			t.Fatalf("mention %+v", m)
		}
	}
}

func TestReuse(t *testing.T) {
	b := newBench(t)
	sources := []string{
		"Очередь, очередь, очередь; кассы закрыты! Почему?", "a", "😀", strings.Repeat("дорого, но вкусно. ", 400), "Great food\x00\xff, rude waiter", "кымбат",
	}
	for _, source := range sources {
		fresh := newBench(t).read(source, language.Ru)
		again := b.read(source, language.Ru)
		check(t, source, again)
		if len(fresh) != len(again) {
			t.Fatalf("%.40q: %v, and with used buffers %v", source, fresh, again)
		}
		for i := range fresh {
			if fresh[i] != again[i] {
				t.Errorf("%.40q: %v, and with used buffers %v", source, fresh[i], again[i])
			}
		}
	}
	if n := testing.AllocsPerRun(100, func() { b.read(sources[0], language.Ru) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestWeights(t *testing.T) {
	w := plainWeights()
	w.Table[3], w.Scale = 7, 0.5
	f := linear.NewFile()
	w.Write(f)
	m, err := Load(f)
	if err != nil {
		t.Fatal(err)
	}
	want, err := New(w)
	if err != nil {
		t.Fatal(err)
	}
	if m.scale != want.scale || m.threshold != want.threshold || m.detector != want.detector || m.judge != want.judge || m.floor != want.floor {
		t.Error("the model that was read differs from the one that was written")
	}
	if _, err := Load(linear.NewFile()); err == nil {
		t.Error("a file without the section is read")
	}
	w.Table = w.Table[1:]
	if _, err := New(w); err == nil {
		t.Error("a table of another size is taken")
	}
}

func TestNames(t *testing.T) {
	for id := range ID(Fixed) {
		if back, ok := Parse(id.String()); !ok || back != id {
			t.Errorf("aspect %d is called %q, which is %d", id, id, back)
		}
	}
	if _, ok := Parse("none"); ok || FirstOwn.String() != "" {
		t.Error("there is an aspect none")
	}
}

func FuzzRead(f *testing.F) {
	b := newBench(f)
	f.Add("Кассиры вежливые, но очередь ужасная")
	f.Add("Баасы кымбат 😡 <b>price</b>\xff")
	f.Fuzz(func(t *testing.T, source string) {
		check(t, source, b.read(source, language.Ru))
		check(t, source, b.read(source, language.Ky))
	})
}

func BenchmarkRead(b *testing.B) {
	x := newBench(b)
	x.prepare("Кассиры вежливые и быстрые, но очередь ужасная, ждали полчаса", language.Ru)
	b.ReportAllocs()
	for b.Loop() {
		x.mentions = x.reader.Read(&x.document, language.Ru, &x.features, &x.hits, nil, x.mentions[:0])
	}
}

func TestNegation(t *testing.T) {
	b := newBench(t)
	for _, c := range []struct {
		label  language.Label
		source string
		id     ID
		want   sentiment.Class
	}{
		{language.Ky, "Тамагы даамдуу эмес", Quality, sentiment.Negative},
		{language.Ky, "Кезек көп эмес", Wait, sentiment.Positive},
		{language.Ky, "Баасы арзан эмес", Price, sentiment.Negative},
		{language.Ky, "Жардам бере албады", Staff, sentiment.Negative},
		{language.Ru, "Очереди не было", Wait, sentiment.Positive},
		{language.Ru, "Ничего не забыли", Forgotten, sentiment.Positive},
		{language.En, "The app never crashes", App, sentiment.Positive},
		{language.En, "Nothing was missing", Forgotten, sentiment.Positive},
	} {
		found := false
		for _, m := range b.read(c.source, c.label) {
			if m.ID == c.id {
				found = true
				if m.Polarity != c.want {
					t.Errorf("%q: %s %s, want %s", c.source, m.ID, m.Polarity, c.want)
				}
			}
		}
		if !found {
			t.Errorf("%q: no %s", c.source, c.id)
		}
	}
}
