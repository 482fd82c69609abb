package compare

import (
	"path/filepath"
	"testing"

	"github.com/jonreiter/govader"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/services/comment/internal/feature"
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/model"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/internal/text"
	"github.com/otklik/otklik/services/comment/train/dataset"
)

// reader reads English comments as the service does once it knows the language.
type reader struct {
	lexicon  *lexicon.Lexicon
	document text.Document
	hits     lexicon.Hits
	features feature.Buffer
	reader   *sentiment.Reader
}

func newReader(tb testing.TB) *reader {
	tb.Helper()
	m, err := model.Load()
	if err != nil {
		tb.Fatal(err)
	}
	return &reader{lexicon: m.Lexicon, reader: m.Sentiment.NewReader()}
}

func (r *reader) read(comment string) sentiment.Class {
	d := &r.document
	d.Read(comment)
	r.lexicon.Find(d, lexicon.En, &r.hits)
	sentiment.Negate(d, r.hits.Polarity)
	r.features.Read(d)
	return r.reader.Read(d, language.En, &r.features, r.hits.Polarity).Class
}

// vader takes the usual limits of its score.
func vader(a *govader.SentimentIntensityAnalyzer, comment string) sentiment.Class {
	switch c := a.PolarityScores(comment).Compound; {
	case c >= 0.05:
		return sentiment.Positive
	case c <= -0.05:
		return sentiment.Negative
	default:
		return sentiment.Neutral
	}
}

// BenchmarkSentiment is the whole of what sentiment needs: tokens, lexicon, features and both stages.
func BenchmarkSentiment(b *testing.B) {
	r := newReader(b)
	b.ReportAllocs()
	for b.Loop() {
		r.read(comments[2])
	}
}

func BenchmarkGovader(b *testing.B) {
	a := govader.NewSentimentIntensityAnalyzer()
	b.ReportAllocs()
	for b.Loop() {
		a.PolarityScores(comments[2])
	}
}

// TestSentiment compares both on English that neither was made from: VADER's own ground truth, as far as the models did not learn from it, and
// our own comments. VADER knows no mixed ones, so that these are left out.
func TestSentiment(t *testing.T) {
	t.Parallel()
	root, err := testkit.ModuleRoot()
	if err != nil {
		t.Fatal(err)
	}
	sets := map[string]string{"A_vader_en_sent": filepath.Dir(testkit.SharedData(t, "../train/README.md")), "held_comments": filepath.Join(root, "services", "comment", "gold")}
	r, a := newReader(t), govader.NewSentimentIntensityAnalyzer()
	for name, folder := range sets {
		rows, err := dataset.Read(folder, name)
		if err != nil {
			t.Fatal(err)
		}
		var ours, theirs tally
		for _, row := range rows {
			is, ok := sentiment.Parse(row.Label(0))
			if !ok || is == sentiment.Mixed || name == "A_vader_en_sent" && row.Part != dataset.Held || name == "held_comments" && row.Label(2) != "en" {
				continue
			}
			ours.add(is, r.read(row.Text))
			theirs.add(is, vader(a, row.Text))
		}
		t.Logf("%s, %d comments: macro-F1 %.3f, govader %.3f", name, ours.n, ours.macro(), theirs.macro())
		if ours.macro() <= theirs.macro() {
			t.Errorf("%s: govader is better", name)
		}
	}
}

// tally counts what each class was taken for.
type tally struct {
	of [sentiment.Classes][sentiment.Classes]int
	n  int
}

func (t *tally) add(is, said sentiment.Class) {
	t.of[is][said]++
	t.n++
}

// macro is the mean F1 of the classes that both know.
func (t *tally) macro() float64 {
	var sum float64
	for _, c := range []sentiment.Class{sentiment.Negative, sentiment.Neutral, sentiment.Positive} {
		is, said := 0, 0
		for k := range t.of {
			is += t.of[c][k]
			said += t.of[k][c]
		}
		sum += 2 * float64(t.of[c][c]) / float64(max(is+said, 1)) / 3
	}
	return sum
}
