package sentiment

import (
	"hash/fnv"
	"io"
	"slices"
	"strings"

	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/train/dataset"
)

// joinedWeight is what a comment that was joined from two counts, to what one of them does.
const joinedWeight float32 = 0.4

// turns are words of contrast between two comments that are joined; one in three has none.
var turns = map[string][]string{
	"ru": {"но ", "зато ", "а вот ", "однако "}, "en": {"but ", "however, ", "although "},
	"ky": {"бирок ", "ал эми "}, "ky_plain": {"бирок ", "ал эми "}, "ky_lat": {"birok "}, "mix": {"но ", "бирок "},
	"ru_tweet": {"но ", "зато "}, "en_tweet": {"but "},
}

// joined makes longer comments of pairs of our own: praise with praise is praise, praise with blame is mixed. Without them, whatever has two parts
// looks mixed, since most of our own comments of two parts are.
func joined(rows []row) []row {
	groups := map[string][]row{}
	var names []string
	for _, r := range rows {
		if turns[r.variety] == nil || r.part == dataset.Held || r.class != sentiment.Positive && r.class != sentiment.Negative {
			continue
		}
		name := r.variety + string(rune('0'+r.fold)) + string(rune('0'+r.part))
		if groups[name] == nil {
			names = append(names, name)
		}
		groups[name] = append(groups[name], r)
	}
	slices.Sort(names)
	var out []row
	for _, name := range names {
		group := groups[name]
		for i := range group {
			a := &group[i]
			h := fnv.New32a()
			_, _ = io.WriteString(h, a.text)
			k := h.Sum32()
			b := &group[(i+1+int(k>>4)%len(group))%len(group)]
			if a == b {
				continue
			}
			r := *a
			r.source, r.weight = "joined "+r.variety, a.weight*joinedWeight
			link := ". "
			if a.class != b.class {
				r.class = sentiment.Mixed
				if words := turns[r.variety]; k%3 > 0 {
					link = ", " + words[int(k>>12)%len(words)]
				}
			} else if k%3 == 0 {
				link = ", "
			}
			r.text = strings.TrimRight(a.text, ".,!") + link + b.text
			out = append(out, r)
		}
	}
	return out
}
