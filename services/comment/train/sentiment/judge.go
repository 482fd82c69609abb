package sentiment

import (
	"fmt"

	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/linear"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/train/dataset"
)

// judge reads what was not trained from as the service would, its language unknown, and tells how well that went.
type judge struct {
	t         *trainer
	languages *language.Model
	found     language.Result
	reader    *sentiment.Reader
}

// judge reports on the held-out part and on our own comments, for whoever trains and for the model card.
func (t *trainer) judge(f *linear.File) error {
	m, err := sentiment.Load(f)
	if err != nil {
		return fmt.Errorf("judge: %w", err)
	}
	languages, err := language.Load(f)
	if err != nil {
		return fmt.Errorf("judge: %w", err)
	}
	j := &judge{t: t, languages: languages, reader: m.NewReader()}
	held, err := judges(t.o.Gold, "held_", "held")
	if err != nil {
		return fmt.Errorf("judge: %w", err)
	}
	var shared, dev, unseen figures
	var sure [sentiment.Heads]reliability
	for i := range t.rows {
		r := &t.rows[i]
		if r.part != dataset.Held {
			continue
		}
		said := j.read(r)
		if r.two {
			said.Class = j.t.class(j.reader, r) // Kazakh is another language to the service
		}
		shared.add(r.head.String()+", "+r.source, r.class, said.Class)
		if !r.two {
			shared.add(r.head.String()+", all", r.class, said.Class)
			sure[r.head].add(said, r.class)
		}
	}
	for i := range t.judged {
		r := &t.judged[i]
		said := j.read(r)
		dev.add(r.head.String()+", "+r.variety, r.class, said.Class)
		dev.add(r.head.String()+", all", r.class, said.Class)
		if t.o.Misses && said.Class != r.class {
			_, _ = fmt.Fprintf(t.o.Report, "%s, not %s\t%s\t%s\n", said.Class, r.class, r.variety, r.text)
		}
	}
	for i := range held {
		r := &held[i]
		said := j.read(r)
		unseen.add(r.head.String()+", "+r.variety, r.class, said.Class)
		unseen.add(r.head.String()+", all", r.class, said.Class)
		sure[r.head].add(said, r.class)
	}
	shared.print(t.o.Report, "held out")
	dev.print(t.o.Report, "our own comments, for tuning")
	unseen.print(t.o.Report, "our own comments, held out")
	if t.o.Card != nil {
		shared.markdown(t.o.Card, "Of the labelled comments of others, the tenth that was held out (Kazakh ones tell praise from blame only)")
		unseen.markdown(t.o.Card, "Of our own comments, those that were held out")
		dev.markdown(t.o.Card, "Of our own comments, those that were tuned on, so that these figures flatter")
		printReliability(t.o.Card, &sure)
	}
	return nil
}

func (j *judge) read(r *row) sentiment.Result {
	d := &j.t.reading.document
	d.Read(r.text)
	j.languages.Identify(d, &j.found)
	label := sentiment.Label(&j.found)
	j.t.reading.lexicon.Find(d, sentiment.Languages(label), &j.t.reading.hits)
	sentiment.Negate(d, j.t.reading.hits.Polarity)
	j.t.reading.features.Read(d)
	return j.reader.Read(d, label, &j.t.reading.features, j.t.reading.hits.Polarity)
}

// class reads a comment whose language is known.
func (t *trainer) class(reader *sentiment.Reader, r *row) sentiment.Class {
	t.reading.read(r, r.head)
	reader.Prepare(&t.reading.document, r.head, &t.reading.features, t.reading.hits.Polarity)
	return reader.Span(0, len(t.reading.document.Tokens)).Class
}
