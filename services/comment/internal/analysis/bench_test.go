package analysis

import (
	"testing"

	"github.com/otklik/otklik/services/comment/internal/aspect"
	"github.com/otklik/otklik/services/comment/internal/feature"
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/phrase"
	"github.com/otklik/otklik/services/comment/internal/redaction"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// each calls f with one comment after the other and reports how many there are in a second.
func each(b *testing.B, n int, f func(i int)) {
	b.Helper()
	for i := range n {
		f(i)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for i := range b.N {
		f(i % n)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "comments/s")
}

// BenchmarkAnalyze is the whole pipeline on one core, comments of 118 bytes on average.
func BenchmarkAnalyze(b *testing.B) {
	a, texts := analyzer(b), corpus(b)
	var s Scratch
	each(b, len(texts), func(i int) { a.Analyze(&s, texts[i], nil) })
	b.ReportMetric(bytesOf(texts), "bytes/comment")
}

// BenchmarkToStore is what making a result fit to be kept and told costs on top.
func BenchmarkToStore(b *testing.B) {
	a, texts := analyzer(b), corpus(b)
	scratches := make([]Scratch, len(texts))
	for i := range texts {
		a.Analyze(&scratches[i], texts[i], nil)
	}
	each(b, len(texts), func(i int) { scratches[i].result.ToStore() })
}

// BenchmarkStages measures each stage by itself.
func BenchmarkStages(b *testing.B) {
	a, texts := analyzer(b), corpus(b)
	type read struct {
		d        text.Document
		language language.Result
		hits     lexicon.Hits
		features feature.Buffer
	}
	all := make([]read, len(texts))
	for i, t := range texts {
		r := &all[i]
		r.d.Read(t)
		a.models.Language.Identify(&r.d, &r.language)
		a.models.Lexicon.Find(&r.d, entries(&r.language), &r.hits)
		sentiment.Negate(&r.d, r.hits.Polarity)
		r.features.Read(&r.d)
	}
	b.Run("text", func(b *testing.B) {
		var d text.Document
		each(b, len(texts), func(i int) { d.Read(texts[i]) })
	})
	b.Run("language", func(b *testing.B) {
		var l language.Result
		each(b, len(texts), func(i int) { a.models.Language.Identify(&all[i].d, &l) })
	})
	b.Run("lexicon", func(b *testing.B) {
		var h lexicon.Hits
		each(b, len(texts), func(i int) { a.models.Lexicon.Find(&all[i].d, entries(&all[i].language), &h) })
	})
	b.Run("features", func(b *testing.B) {
		var f feature.Buffer
		each(b, len(texts), func(i int) { f.Read(&all[i].d) })
	})
	b.Run("sentiment", func(b *testing.B) {
		r := a.models.Sentiment.NewReader()
		each(b, len(texts), func(i int) { r.Read(&all[i].d, all[i].language.Label, &all[i].features, all[i].hits.Polarity) })
	})
	b.Run("sentiment and aspects", func(b *testing.B) {
		reader, r := a.models.Aspects.NewReader(), a.models.Sentiment.NewReader()
		// The sentiment is read anew for each comment: what is measured is both.
		var mentions []aspect.Mention
		each(b, len(texts), func(i int) {
			r.Read(&all[i].d, all[i].language.Label, &all[i].features, all[i].hits.Polarity)
			mentions = reader.Read(&all[i].d, all[i].language.Label, &all[i].features, &all[i].hits, r, mentions[:0])
		})
	})
	b.Run("phrases", func(b *testing.B) {
		var x phrase.Extractor
		var phrases []phrase.Phrase
		each(b, len(texts), func(i int) {
			phrases = x.Find(&all[i].d, all[i].language.Label, nil, phrases[:0])
			x.Fingerprints()
		})
	})
	b.Run("redaction", func(b *testing.B) {
		var found []redaction.Finding
		var out []byte
		each(b, len(texts), func(i int) {
			found = redaction.Find(&all[i].d, all[i].language.Label, found[:0])
			out = redaction.Redact(texts[i], found, out[:0])
		})
	})
}
