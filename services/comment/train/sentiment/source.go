// Package sentiment trains the two stages of the sentiment model and tells how good they are.
package sentiment

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/otklik/otklik/services/comment/internal/feature"
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/internal/text"
	"github.com/otklik/otklik/services/comment/train/dataset"
)

// source is where labelled comments come from and what their labels are worth.
type source struct {
	file   string
	head   sentiment.Head
	weight float32
	two    bool // tells praise from blame only
	three  bool // knows no mixed ones
	class  func(label string) (sentiment.Class, bool)
}

var sources = []source{
	{file: "A_mabsa_ru_sent", head: sentiment.Russian, weight: 1, class: sentiment.Parse},
	{file: "A_opensentcorpus_ru_sent", head: sentiment.Russian, weight: 1, class: sentiment.Parse},
	{file: "A_mabsa_en_sent", head: sentiment.English, weight: 1, class: sentiment.Parse},
	{file: "A_vader_en_sent", head: sentiment.English, weight: 2, three: true, class: sentiment.Parse},
	{file: "A_kazsandra_kk_polarity", head: sentiment.Kyrgyz, weight: 0.3, two: true, class: sentiment.Parse},
}

// row is a comment that was prepared to learn from.
type row struct {
	text    string
	source  string
	variety string
	head    sentiment.Head
	class   sentiment.Class
	part    dataset.Part
	fold    int
	weight  float32
	two     bool
	three   bool
	latin   bool // written in Latin letters, to be read as Cyrillic
	hashes  []uint32
}

// reading holds what a comment is read with.
type reading struct {
	document text.Document
	features feature.Buffer
	hits     lexicon.Hits
	lexicon  *lexicon.Lexicon
}

var languages = [sentiment.Heads]lexicon.Languages{
	sentiment.Russian: lexicon.Ru | lexicon.En, sentiment.English: lexicon.En, sentiment.Kyrgyz: lexicon.All,
}

// read prepares a comment as the service does, its language being known.
func (r *reading) read(of *row, head sentiment.Head) {
	d := &r.document
	d.Read(of.text)
	if of.latin {
		for i := range d.Tokens {
			if t := &d.Tokens[i]; t.Kind == text.Word && t.Script == text.Latin {
				d.Transliterate(i, text.Cyrillic)
			}
		}
		d.Divide()
	}
	r.lexicon.Find(d, languages[head], &r.hits)
	sentiment.Negate(d, r.hits.Polarity)
	r.features.Read(d)
}

// headOf returns the head that reads a variety of our own labelled comments.
func headOf(variety string) sentiment.Head {
	switch variety {
	case "en", "en_tweet":
		return sentiment.English
	case "ru", "ru_tweet", "ru_lat":
		return sentiment.Russian
	default:
		return sentiment.Kyrgyz
	}
}

// gather reads all labelled comments: the shared ones and, from folders in the tree, our own.
func gather(data, corpus, lexicon, gold, prefix string) (rows, judged []row, err error) {
	for _, s := range sources {
		labelled, err := dataset.Read(data, s.file)
		if err != nil {
			return nil, nil, err
		}
		for _, l := range labelled {
			class, ok := s.class(l.Label(0))
			if !ok {
				continue
			}
			rows = append(rows, row{
				text: l.Text, source: s.file, head: s.head, class: class, part: l.Part, fold: fold(l.Text), weight: s.weight, two: s.two, three: s.three,
			})
		}
	}
	own, err := dataset.ReadAll(corpus, "*")
	if err != nil {
		return nil, nil, err
	}
	for _, l := range own {
		if _, other := language.Parse(l.Label(0)); other {
			continue // to tell languages from
		}
		r, err := ours(l, "corpus")
		if err != nil {
			return nil, nil, err
		}
		if r.part = l.Part; r.part == dataset.Held {
			r.part = dataset.Train
		}
		r.weight = ownWeight[r.head]
		rows = append(rows, r)
	}
	rows = append(rows, joined(rows)...)
	words, err := alone(lexicon)
	if err != nil {
		return nil, nil, err
	}
	rows = append(rows, words...)
	judged, err = judges(gold, prefix, "gold")
	return rows, judged, err
}

// judges reads our own comments and tweets that are not trained from: those that are tuned on (dev) or those that are not (held).
func judges(folder, prefix, name string) (rows []row, err error) {
	for _, kind := range []string{"comments", "tweets"} {
		own, err := dataset.Read(folder, prefix+kind)
		if err != nil {
			return nil, err
		}
		for _, l := range own {
			r, err := ours(l, name)
			if err != nil {
				return nil, err
			}
			rows = append(rows, r)
		}
	}
	return rows, nil
}

// ownWeight is what one of our own comments counts, in either stage.
var ownWeight = [sentiment.Heads]float32{sentiment.Russian: 1.3, sentiment.English: 1.3, sentiment.Kyrgyz: 3}

func ours(l dataset.Row, name string) (row, error) {
	class, ok := sentiment.Parse(l.Label(0))
	if !ok {
		return row{}, fmt.Errorf("read our own comments: no sentiment %q: %.60s", l.Label(0), l.Text)
	}
	v := l.Label(2)
	if v == "" { // posts have no column for it
		v = "en_tweet"
		if strings.ContainsFunc(l.Text, func(r rune) bool { return unicode.Is(unicode.Cyrillic, r) }) {
			v = "ru_tweet"
		}
	}
	return row{
		text: l.Text, source: name + " " + v, variety: v, head: headOf(v), class: class, fold: fold(l.Text), weight: 1,
		latin: v == "ky_lat" || v == "ru_lat",
	}, nil
}

// folds is into how many parts the examples are divided, so that the second stage learns from what the first says of texts that it did not see.
const folds = 4

// fold gives the tuning part a fold of its own, the last.
func fold(t string) int {
	h := uint32(2166136261)
	for i := range len(t) {
		h = (h ^ uint32(t[i])) * 16777619
	}
	if dataset.PartOf(t) == dataset.Dev {
		return folds - 1
	}
	return int(h>>8) % (folds - 1)
}
