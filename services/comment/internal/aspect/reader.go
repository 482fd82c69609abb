package aspect

import (
	"math"

	"github.com/otklik/otklik/services/comment/internal/feature"
	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// Reader reads comments with a model, one at a time.
type Reader struct {
	model      *Model
	sentiments *sentiment.Reader
	d          *text.Document
	features   *feature.Buffer
	hits       *lexicon.Hits
	head       sentiment.Head
	kind       int // of comment
	emoji      float32
	floor      float32        // relative to the threshold
	offset     [Fixed]float32 // the thresholds
	sketches   []sketch
	segments   []segment
	whole      segment
}

// NewReader returns a reader of its own buffers.
func (m *Model) NewReader() *Reader { return &Reader{model: m} }

// Prepare sums up a comment whose features were read and whose negations were marked.
func (r *Reader) Prepare(d *text.Document, label language.Label, features *feature.Buffer, hits *lexicon.Hits) {
	r.d, r.features, r.hits, r.emoji = d, features, hits, 0
	r.head, _ = sentiment.HeadOf(label)
	r.prepare()
}

// Gather returns what is weighed of the comment as one of a kind, for the trainer.
func (r *Reader) Gather(kind int) (g Gathered) {
	r.kind = kind
	r.gather(kind, &g)
	return g
}

// Judge returns what is weighed of an aspect in its best segment, for the trainer, after Gather.
func (r *Reader) Judge(id ID) (j Judgement) {
	if len(r.segments) > 0 {
		best, _ := r.best(int(id))
		r.judge(best, int(id), &j)
	}
	return j
}

// best returns the clause that speaks of an aspect most.
func (r *Reader) best(a int) (best int, value float32) {
	value = float32(math.Inf(-1))
	for i := range r.segments {
		if s := r.speaks(i, a); s > value {
			best, value = i, s
		}
	}
	return best, value
}

// Read appends what a comment speaks of to dst, whose memory is used again. The sentiment of the comment has been read; nil if it is not known.
func (r *Reader) Read(
	d *text.Document, label language.Label, features *feature.Buffer, hits *lexicon.Hits, sentiments *sentiment.Reader, dst []Mention,
) []Mention {
	if len(d.Tokens) == 0 {
		return dst
	}
	r.sentiments = sentiments
	r.Prepare(d, label, features, hits)
	z := r.logits()
	from, best, found := len(dst), 0, false
	for a := range Fixed {
		if z[a] >= 0 {
			dst = r.mention(a, z[a], dst)
			found = true
		}
		if z[a] > z[best] {
			best = a
		}
	}
	if !found && z[best] >= r.floor {
		dst = r.mention(best, z[best], dst)
	}
	r.agree(dst[from:])
	return dst
}

// agree keeps what is said of aspects from contradicting the comment: where it says one thing only, that is the aspects' polarity, too, and what
// praises as a whole does not only blame in its parts.
func (r *Reader) agree(mentions []Mention) {
	if r.sentiments == nil || len(mentions) == 0 {
		return
	}
	first := mentions[0].Polarity
	for i := range mentions {
		if mentions[i].Polarity != first {
			return
		}
	}
	text := r.sentiments.Span(0, len(r.d.Tokens))
	if text.Class == first || text.Class == sentiment.Mixed {
		return
	}
	if len(r.segments) > 1 && (text.Class == sentiment.Neutral || first == sentiment.Neutral) {
		return
	}
	for i := range mentions {
		if a := int(mentions[i].ID); r.whole.relied[a] == 0 {
			mentions[i].Polarity = text.Class
		}
	}
}

// logits tells what is spoken of: above 0. Between what customers tell and reviews both networks are asked.
func (r *Reader) logits() (z [Fixed]float32) {
	m := r.model
	kind, share := ToldKyrgyz, float32(0)
	if r.head != sentiment.Kyrgyz {
		bounds := &between[r.head]
		kind, share = Told, min(max((r.trade()-bounds[0])/(bounds[1]-bounds[0]), 0), 1)
	}
	r.kind, r.floor, r.offset = kind, 0, [Fixed]float32{}
	if share > 0.5 {
		r.kind = Reviewed
	}
	var g Gathered
	for _, of := range [2]struct {
		kind  int
		share float32
	}{{kind, 1 - share}, {Reviewed, share}} {
		if of.share == 0 {
			continue
		}
		r.gather(of.kind, &g)
		y := m.detector[of.kind].Weigh(&g)
		r.floor += float32(of.share * m.floor[of.kind])
		for a := range z {
			z[a] += float32(of.share * (y[a] - m.threshold[of.kind][a]))
			r.offset[a] += float32(of.share * m.threshold[of.kind][a])
		}
	}
	return z
}

// between are the scores from which on a comment counts less and less as told and more and more as a review. English ones of any kind are more
// like the reviews.
var between = [sentiment.Heads][2]float32{sentiment.Russian: {-0.5, 2}, sentiment.English: {0.5, 3}}

// trust is how much the sentiment of a segment counts beside what was learnt of aspects.
const trust = 0.4

// weigh returns the probabilities of an aspect's polarities by segment i.
func (r *Reader) weigh(i int, j *Judgement) [Polarities]float32 {
	p := r.model.judge.Weigh(j)
	if r.sentiments == nil {
		return p
	}
	s := &r.segments[i]
	mood := r.sentiments.Span(int(s.first), int(s.last)).Probabilities
	half := mood[sentiment.Mixed] / 2
	mood[sentiment.Negative] += half
	mood[sentiment.Positive] += half
	var sum float32
	for c := range p {
		p[c] *= float32(math.Pow(float64(mood[c])+0.01, trust))
		sum += p[c]
	}
	for c := range p {
		p[c] /= sum
	}
	return p
}

// sure is how probable a second polarity must be.
const sure = 0.7

// mention appends an aspect, twice where the comment says both good and bad of it.
func (r *Reader) mention(a int, z float32, dst []Mention) []Mention {
	var j Judgement
	best, top := r.best(a)
	r.judge(best, a, &j)
	p := r.weigh(best, &j)
	class := polarity(&p)
	if told := r.relied(best, a); told != sentiment.Neutral {
		class = told
	}
	found := r.evidence(best, a, class, z)
	dst = append(dst, found)
	if class == sentiment.Neutral || len(r.segments) == 1 || p[class] < sure {
		return dst
	}
	other := sentiment.Positive - class
	second, most := -1, float32(sure)
	for i := range r.segments {
		if i == best || r.segments[i].named[a]+r.segments[i].meant[a] == 0 && r.speaks(i, a) < top/2 {
			continue
		}
		if r.speaks(i, a) < 1 {
			continue
		}
		r.judge(i, a, &j)
		if p := r.weigh(i, &j); p[other] > most {
			second, most = i, p[other]
		}
	}
	if second >= 0 {
		dst = append(dst, r.evidence(second, a, other, z))
	}
	return dst
}

// relied returns the polarity that phrases of segment i imply, or Neutral.
func (r *Reader) relied(i, a int) sentiment.Class {
	s := &r.segments[i]
	switch {
	case s.question || s.wish:
		return sentiment.Neutral
	case s.relied[a] > 0 && s.less[a] == 0:
		return sentiment.Positive
	case s.relied[a] < 0 && s.plus[a] == 0:
		return sentiment.Negative
	}
	return sentiment.Neutral
}

// evidence makes a mention of what clause i says.
func (r *Reader) evidence(i, a int, class sentiment.Class, z float32) Mention {
	start, end := evidence(r.d, r.segments[i].first, r.segments[i].last)
	return Mention{
		ID: ID(a), Polarity: class, Probability: float32(1 / (1 + math.Exp(-float64(z+r.offset[a])))), //nolint:gosec // below Fixed
		Start: start, End: end,
	}
}

// evidence returns the bytes of the tokens [first, last) without the marks around them.
func evidence(d *text.Document, first, last int32) (start, end int32) {
	last--
	for first < last && bare(d.Tokens[first].Kind) {
		first++
	}
	for last > first && bare(d.Tokens[last].Kind) {
		last--
	}
	return d.Tokens[first].Start, d.Tokens[last].End
}

func bare(k text.Kind) bool { return k == text.Mark || k == text.Symbol }
