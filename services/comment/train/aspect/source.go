package aspect

import (
	"fmt"
	"hash/fnv"
	"io"
	"strings"

	"github.com/otklik/otklik/services/comment/internal/aspect"
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/train/dataset"
)

// source is where a comment comes from.
type source uint8

const (
	reviews source = iota // of goods, food and hotels: M-ABSA
	own                   // of our own making
	judged                // of our own making, to tune on
)

// said is how an aspect is meant in a comment.
type said uint8

const (
	absent said = iota
	negative
	neutral
	positive
	both
	unknown // not told by this source
)

// row is one comment to learn from.
type row struct {
	text    string
	variety string
	label   language.Label
	source  source
	part    dataset.Part
	fold    int
	half    bool
	weight  float32
	aspects [aspect.Fixed]said

	hashes   []uint32
	gathered aspect.Gathered
	judge    []judgement
}

// judgement is what the judging network learns from.
type judgement struct {
	input aspect.Judgement
	class sentiment.Class
}

const folds = 3

func newRow(text, labels, variety string, from source, part dataset.Part) (row, error) {
	r := row{text: text, variety: variety, source: from, part: part, weight: 1, label: labelOf(variety)}
	h := fnv.New64a()
	_, _ = io.WriteString(h, "fold"+text)
	r.fold, r.half = int(h.Sum64()%folds), h.Sum64()>>32&1 == 0
	if labels == "-" || labels == "" {
		return r, nil
	}
	for pair := range strings.SplitSeq(labels, "|") {
		name, meant, _ := strings.Cut(pair, ":")
		id, ok := aspect.Parse(strings.TrimSpace(name))
		if !ok {
			return r, fmt.Errorf("comment %q: aspect %q is not known", text, name)
		}
		s, ok := map[string]said{"negative": negative, "neutral": neutral, "positive": positive, "conflict": both}[strings.TrimSpace(meant)]
		if !ok {
			return r, fmt.Errorf("comment %q: polarity %q is not known", text, meant)
		}
		if old := r.aspects[id]; old != absent && old != s {
			s = join(old, s)
		}
		r.aspects[id] = s
	}
	return r, nil
}

func join(a, b said) said {
	switch {
	case a == neutral:
		return b
	case b == neutral:
		return a
	}
	return both
}

func labelOf(variety string) language.Label {
	switch variety {
	case "ru", "ru_tweet":
		return language.Ru
	case "en", "en_tweet":
		return language.En
	case "ky_lat":
		return language.KyLat
	case "ru_lat":
		return language.RuLat
	}
	return language.Ky
}

// gather reads all comments to learn from.
func (t *trainer) gather() error {
	for _, f := range []struct {
		name, variety string
		source        source
	}{
		{"A_mabsa_ru_asppol", "ru", reviews}, {"A_mabsa_en_asppol", "en", reviews},
	} {
		rows, err := dataset.Read(t.o.Data, f.name)
		if err != nil {
			return fmt.Errorf("train aspects: %w", err)
		}
		for i := range rows {
			if err := t.review(&rows[i], f.variety, f.source); err != nil {
				return err
			}
		}
	}
	for _, f := range []struct {
		folder, pattern string
		source          source
	}{{t.o.Corpus, "*", own}, {t.o.Gold, "dev_*", judged}} {
		rows, err := dataset.ReadAll(f.folder, f.pattern)
		if err != nil {
			return fmt.Errorf("train aspects: %w", err)
		}
		for i := range rows {
			k := &rows[i]
			if len(k.Labels) < 3 || k.Label(1) == "?" {
				continue
			}
			part := dataset.Train
			if f.source == judged {
				part = dataset.Dev
			}
			r, err := newRow(k.Text, k.Label(1), k.Label(2), f.source, part)
			if err != nil {
				return fmt.Errorf("train aspects: %w", err)
			}
			r.weight = ownWeight
			if f.source == judged {
				r.weight = judgedWeight
			}
			t.rows = append(t.rows, r)
		}
	}
	return nil
}

// review adds a comment of a public source.
func (t *trainer) review(k *dataset.Row, variety string, from source) error {
	r, err := newRow(k.Text, k.Label(0), variety, from, k.Part)
	if err != nil {
		return fmt.Errorf("train aspects: %w", err)
	}
	// What the source does not tell is not learnt from it.
	for _, id := range []aspect.ID{aspect.Wait, aspect.App, aspect.Forgotten} {
		r.aspects[id] = unknown
	}
	t.rows = append(t.rows, r)
	return nil
}
