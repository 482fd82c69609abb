package sentiment_test

import (
	"testing"

	"github.com/otklik/otklik/services/comment/internal/feature"
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/model"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// Comments of 118 bytes on average.
var ordinary = []struct {
	text  string
	label language.Label
}{
	{"Доставка быстрая, курьер вежливый, но пицца приехала холодной.", language.Ru},
	{"Кассада кезек узун, бирок сатуучу кыздар сылык, баары жакты.", language.Ky},
	{"The room was clean and the staff were kind, but breakfast was cold and we waited half an hour for a table to be free.", language.En},
	{"Очень понравилось, придём ещё раз всей семьёй, спасибо!", language.Ru},
	{"I have been a customer for ten years and never had a problem until this week, when nobody answered the phone at all", language.En},
	{"Товары свежие, цены ниже чем у соседей, хорошо", language.Ru},
	{"Баасы кымбат экен, сапаты болсо начар, экинчи келбейм деп ойлойм", language.Ky},
}

func BenchmarkStage(b *testing.B) {
	m := load(b)
	docs := make([]text.Document, len(ordinary))
	var hits lexicon.Hits
	size := 0
	for i := range ordinary {
		docs[i].Read(ordinary[i].text)
		size += len(ordinary[i].text)
	}
	size /= len(ordinary)
	found := make([][]lexicon.Hit, len(ordinary))
	for i := range docs {
		m.Lexicon.Find(&docs[i], sentiment.Languages(ordinary[i].label), &hits)
		found[i] = append([]lexicon.Hit(nil), hits.Polarity...)
	}
	var f feature.Buffer
	r := m.Sentiment.NewReader()
	b.Run("features", func(b *testing.B) {
		b.SetBytes(int64(size))
		b.ReportAllocs()
		for i := range b.N {
			f.Read(&docs[i%len(docs)])
		}
	})
	b.Run("sentiment", func(b *testing.B) {
		buffers := make([]feature.Buffer, len(docs))
		for i := range docs {
			buffers[i].Read(&docs[i])
		}
		b.SetBytes(int64(size))
		b.ReportAllocs()
		b.ResetTimer()
		for i := range b.N {
			k := i % len(docs)
			r.Read(&docs[k], ordinary[k].label, &buffers[k], found[k])
		}
	})
	b.Run("lexicon", func(b *testing.B) {
		b.SetBytes(int64(size))
		b.ReportAllocs()
		for i := range b.N {
			k := i % len(docs)
			m.Lexicon.Find(&docs[k], sentiment.Languages(ordinary[k].label), &hits)
		}
	})
}

func load(tb testing.TB) *model.Model {
	tb.Helper()
	m, err := model.Load()
	if err != nil {
		tb.Fatal(err)
	}
	return m
}
