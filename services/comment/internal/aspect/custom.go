package aspect

import (
	"fmt"
	"sync"

	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// Own is an aspect of an organisation's own: what it is called, and phrases that speak of it, in any language.
type Own struct {
	ID      string
	Phrases []string
}

// PhraseError says which phrase of which aspect cannot be used, both counted from 0, and why.
type PhraseError = lexicon.PhraseError

// Custom finds an organisation's own aspects. It is read-only and may be shared; nil finds nothing.
type Custom struct {
	ids     []string
	lexicon *lexicon.Lexicon
	scratch sync.Pool // of *lexicon.Hits
}

// NewCustom compiles an organisation's own aspects. Where a phrase is to blame the error is a *PhraseError.
func NewCustom(own []Own) (*Custom, error) {
	c := &Custom{}
	phrases := make([][]string, 0, len(own))
	for i, o := range own {
		if o.ID == "" {
			return nil, fmt.Errorf("compile own aspects: aspect %d has no identifier", i)
		}
		c.ids = append(c.ids, o.ID)
		phrases = append(phrases, o.Phrases)
	}
	l, err := lexicon.Compile(phrases)
	if err != nil {
		return nil, fmt.Errorf("compile own aspects: %w", err)
	}
	c.lexicon = l
	c.scratch.New = func() any { return new(lexicon.Hits) }
	return c, nil
}

// Name returns the identifier of an aspect, a fixed one or one of these.
func (c *Custom) Name(id ID) string {
	if id < FirstOwn {
		return id.String()
	}
	if c == nil || int(id-FirstOwn) >= len(c.ids) {
		return ""
	}
	return c.ids[id-FirstOwn]
}

// maxOwnMentions bounds what one comment can say of own aspects.
const maxOwnMentions = 64

// Read appends what a comment says of the own aspects, each once for each polarity, with the polarity of the clause around it.
func (c *Custom) Read(d *text.Document, sentiments *sentiment.Reader, dst []Mention) []Mention {
	if c == nil || len(c.ids) == 0 || len(d.Tokens) == 0 {
		return dst
	}
	hits, ok := c.scratch.Get().(*lexicon.Hits)
	if !ok {
		return dst
	}
	c.lexicon.Find(d, lexicon.All, hits)
	from := len(dst)
	// Hits come in order, so that many of one clause follow each other: it is judged once.
	var class sentiment.Class
	judged := [2]int32{-1, -1}
	for i := range hits.Aspects {
		h := &hits.Aspects[i]
		k := &d.Clauses[d.Tokens[h.First].Clause]
		if around := [2]int32{k.First, max(k.Last, h.Last)}; around != judged {
			class, judged = settle(sentiments.Span(int(around[0]), int(around[1]))), around
		}
		if said(dst[from:], ID(h.Aspect), class) {
			continue
		}
		start, end := evidence(d, k.First, max(k.Last, h.Last))
		dst = append(dst, Mention{ID: ID(h.Aspect), Polarity: class, Probability: 1, Start: start, End: end})
		if len(dst)-from == maxOwnMentions {
			break
		}
	}
	c.scratch.Put(hits)
	return dst
}

func said(mentions []Mention, id ID, class sentiment.Class) bool {
	for i := range mentions {
		if mentions[i].ID == id && mentions[i].Polarity == class {
			return true
		}
	}
	return false
}

// settle makes one polarity of what was found: a clause with praise and blame goes by the stronger.
func settle(r sentiment.Result) sentiment.Class {
	if r.Class != sentiment.Mixed {
		return r.Class
	}
	if r.Probabilities[sentiment.Positive] > r.Probabilities[sentiment.Negative] {
		return sentiment.Positive
	}
	return sentiment.Negative
}
