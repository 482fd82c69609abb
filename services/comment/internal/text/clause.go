package text

// Link is how a clause joins to the one before it.
type Link uint8

// Links of clauses.
const (
	None      Link = iota // a new sentence, or only a mark between them
	Contrast              // но, а, зато, однако, хотя; бирок, ошентсе да; but, however, although
	And                   // и, жана, and
	Condition             // если, эгер, if
	Cause                 // потому что, анткени, because
)

// Clause is a part of a sentence between marks and conjunctions. What joins it stands at its beginning, the mark that ends it at its end.
type Clause struct {
	First, Last int32 // tokens [First, Last)
	Link        Link
	Question    bool
	Wish        bool // it says what should be, not what is
	Start       bool // it begins a sentence
}

// Divide divides the tokens into clauses. Read has done it; do it again after Transliterate.
func (d *Document) Divide() {
	d.Clauses = d.Clauses[:0]
	if len(d.Tokens) == 0 {
		return
	}
	var (
		current = Clause{Start: true}
		words   = 0    // of the current clause
		fresh   = true // a sentence begins here
		comma   = true // a mark stands right before
		before  cue    // of the word before
	)
	cut := func(i int) {
		if words == 0 {
			return // what has no words goes with what comes
		}
		current.Last = int32(i)
		d.Clauses = append(d.Clauses, current)
		current = Clause{First: int32(i)}
		words = 0
	}
	for i := range d.Tokens {
		t := &d.Tokens[i]
		if t.Flags&Line != 0 && i > 0 && !fresh {
			fresh = true
			cut(i)
		}
		t.Flags &^= Sentence
		switch t.Kind {
		case Word:
			c := d.cue(i)
			join := link(c, comma || fresh)
			if join == And && words == 1 && current.Link != None {
				join = None // "ошентсе да", "но и"
			}
			if join != None && words > 0 {
				cut(i)
			}
			if words == 0 {
				if join != None {
					current.Link = join
				}
				current.Start = current.Start || fresh
			}
			if c&wish != 0 || c&would != 0 && before&wanted != 0 || c&wanted != 0 && before&would != 0 {
				current.Wish = true
			}
			if fresh {
				t.Flags |= Sentence
				fresh = false
			}
			comma = false
			before = c
			words++
		case Number:
			if fresh {
				t.Flags |= Sentence
				fresh, current.Start = false, true
			}
			comma = false
			before = 0
			words++
		case Emoji:
			// An emoji closes what it stands behind.
			comma = true
			if words > 0 && !d.follows(i, Emoji) {
				cut(i + 1)
				fresh = true
			}
		case Mark:
			ends, divides := d.weight(i)
			if ends || divides {
				comma = true
				before = 0
			}
			if ends {
				if d.Folded[t.From] == '?' {
					current.Question = true
					d.ask(current.Link)
				}
				if d.follows(i, Emoji) {
					continue
				}
				cut(i + 1)
				fresh = true
			} else if divides {
				cut(i + 1)
			}
		}
	}
	n := int32(len(d.Tokens))
	switch {
	case words > 0 || len(d.Clauses) == 0:
		current.Last = n
		d.Clauses = append(d.Clauses, current)
	default:
		d.Clauses[len(d.Clauses)-1].Last = n
	}
	for k := range d.Clauses {
		c := &d.Clauses[k]
		for i := c.First; i < c.Last; i++ {
			d.Tokens[i].Clause = int32(k)
		}
	}
}

// ask makes the clauses before the one that ends in a question mark part of the question, back to a contrast or the sentence's start.
func (d *Document) ask(link Link) {
	if link == Contrast {
		return
	}
	for k := len(d.Clauses) - 1; k >= 0; k-- {
		c := &d.Clauses[k]
		if c.Question || d.closed(int(c.Last)-1) {
			return
		}
		c.Question = true
		if c.Start || c.Link == Contrast {
			return
		}
	}
}

// closed says whether token i ends a sentence.
func (d *Document) closed(i int) bool {
	if d.Tokens[i].Kind == Emoji {
		return true
	}
	ends, _ := d.weight(i)
	return ends
}

// follows says whether the token after i is of this kind.
func (d *Document) follows(i int, k Kind) bool {
	return i+1 < len(d.Tokens) && d.Tokens[i+1].Kind == k && d.Tokens[i+1].Flags&Line == 0
}

// weight says whether a mark ends a sentence or divides clauses.
func (d *Document) weight(i int) (ends, divides bool) {
	t := &d.Tokens[i]
	if t.Kind != Mark {
		return false, false
	}
	alone := i+1 == len(d.Tokens) || d.Tokens[i+1].Flags&(Spaced|Line) != 0
	switch d.Folded[t.From] {
	case '!', '?':
		return true, true
	case '.':
		// "site.kg" goes on, "good.But" does not.
		ends = alone || t.To-t.From > 1 || d.Tokens[i+1].Kind != Word && d.Tokens[i+1].Kind != Number || d.Tokens[i+1].Flags&Capital != 0
		return ends, ends
	case ';':
		return true, true
	case ',':
		return false, true
	case ':':
		return false, alone
	case '-':
		return false, alone && t.Flags&Spaced != 0
	case '(', ')':
		return false, true
	}
	return false, false
}
