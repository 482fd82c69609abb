package aspect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/otklik/otklik/services/comment/internal/aspect"
	"github.com/otklik/otklik/services/comment/internal/linear"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
	"github.com/otklik/otklik/services/comment/train/dataset"
)

// tally counts what was found of what is there.
type tally struct{ right, found, there float64 }

func (t tally) f1() float64 {
	if t.found+t.there == 0 {
		return 0
	}
	return 2 * t.right / (t.found + t.there)
}

// thresholds finds for each aspect the logit from which counting it raises the common F1 most, around where F1 wants it.
func thresholds(points []*row, kind int, n *aspect.Detector) (out [aspect.Fixed]float32) {
	type scored struct {
		z      float32
		weight float64
		there  bool
	}
	var all [aspect.Fixed][]scored
	for _, p := range points {
		if p.kind() != kind {
			continue
		}
		z := n.Weigh(&p.gathered)
		for a, s := range p.aspects {
			if s != unknown {
				all[a] = append(all[a], scored{z[a], float64(p.weight), s != absent})
			}
		}
	}
	for a := range all {
		slices.SortStableFunc(all[a], func(x, y scored) int {
			switch {
			case x.z > y.z:
				return -1
			case x.z < y.z:
				return 1
			}
			return 0
		})
	}
	// With a common F1 of f, a mention is worth counting when more than f/2 of those like it are right.
	f := 0.76
	for range 4 {
		var sum tally
		for a := range all {
			var best, gain float64
			cut := float32(0.5)
			var right, found float64
			for i, s := range all[a] {
				if s.there {
					right += s.weight
				}
				found += s.weight
				gain = right - float64(f/2*found)
				if gain > best && s.z < 1.2 && s.z > -1.4 && (i+1 == len(all[a]) || all[a][i+1].z < s.z) {
					best, cut = gain, s.z
				}
			}
			// Half way back to where a calibrated model would cut, as few examples say little.
			share := float32(min(found, 4000) / 4000)
			out[a] = float32(share*cut) + float32((1-share)*-0.45)
			for _, s := range all[a] {
				if s.there {
					sum.there += s.weight
				}
				if s.z >= out[a] {
					sum.found += s.weight
					if s.there {
						sum.right += s.weight
					}
				}
			}
		}
		f = sum.f1()
	}
	for a := range out {
		out[a] += shift[kind]
	}
	return out
}

// measure tells how well the comments of the parts are read, with the sentiment that the file holds, if it does.
func (t *trainer) measure(w *aspect.Weights, f *linear.File) error {
	var sentiments *sentiment.Reader
	if m, err := sentiment.Load(f); err == nil {
		sentiments = m.NewReader()
	}
	m, err := aspect.New(w)
	if err != nil {
		return fmt.Errorf("measure aspects: %w", err)
	}
	reader := m.NewReader()
	type score struct{ named, meant tally }
	sums := map[string]*score{}
	per := map[string]*[aspect.Fixed]score{}
	var mentions []aspect.Mention
	for i := range t.rows {
		r := &t.rows[i]
		if r.source == own || r.tunes(dataset.Train) && t.o.Quick || r.part == dataset.Train || r.part == dataset.Dev && r.source == reviews && !t.o.Quick {
			continue
		}
		t.read(r)
		if sentiments != nil {
			sentiments.Read(&t.document, r.label, &t.features, t.hits.Polarity)
		}
		mentions = reader.Read(&t.document, r.label, &t.features, &t.hits, sentiments, mentions[:0])
		group := "gold " + r.variety
		if r.source == reviews {
			group = "reviews " + r.variety + map[dataset.Part]string{dataset.Dev: " dev", dataset.Held: " held"}[r.part]
		}
		groups := []string{group}
		if r.source == judged {
			groups = append(groups, "gold all")
		}
		for _, g := range groups {
			if sums[g] == nil {
				sums[g] = &score{}
				per[g] = &[aspect.Fixed]score{}
			}
		}
		var found [aspect.Fixed]bool
		wrong := false
		for _, k := range mentions {
			for _, s := range []*score{sums[groups[0]], &per[groups[0]][k.ID], sums[groups[len(groups)-1]], &per[groups[len(groups)-1]][k.ID]}[:2*len(groups)] {
				s.meant.found++
				if !found[k.ID] {
					s.named.found++
				}
				if r.says(k.ID, k.Polarity) {
					s.meant.right++
				} else {
					wrong = true
				}
				if !found[k.ID] && r.aspects[k.ID] != absent && r.aspects[k.ID] != unknown {
					s.named.right++
				}
			}
			found[k.ID] = true
		}
		for a, said := range r.aspects {
			var n float64
			switch said {
			case absent, unknown:
				continue
			case both:
				n = 2
			default:
				n = 1
			}
			if !found[a] {
				wrong = true
			}
			for _, s := range []*score{sums[groups[0]], &per[groups[0]][a], sums[groups[len(groups)-1]], &per[groups[len(groups)-1]][a]}[:2*len(groups)] {
				s.meant.there += n
				s.named.there++
			}
		}
		if wrong && t.o.Misses && (r.source == judged || r.source == reviews && r.variety == "ru" && r.part == dataset.Dev) {
			t.miss(r, mentions)
		}
	}
	groups := make([]string, 0, len(sums))
	for g := range sums {
		groups = append(groups, g)
	}
	slices.Sort(groups)
	for _, g := range groups {
		s := sums[g]
		t.say("%-18s named %.3f (P %.3f R %.3f)  meant %.3f", g, s.named.f1(), s.named.right/s.named.found, s.named.right/s.named.there, s.meant.f1())
		if t.o.Misses {
			for a := range aspect.Fixed {
				p := &per[g][a]
				t.say("    %-12s %4.0f  %.3f (P %.3f R %.3f) meant %.3f", aspect.ID(a), p.named.there, p.named.f1(), p.named.right/p.named.found, p.named.right/p.named.there, p.meant.f1()) //nolint:gosec // below Fixed
			}
		}
	}
	return nil
}

func (r *row) says(id aspect.ID, class sentiment.Class) bool {
	s := r.aspects[id]
	return s == negative+said(class) || s == both && class != sentiment.Neutral
}

func (t *trainer) miss(r *row, mentions []aspect.Mention) {
	var want, got []string
	for a, s := range r.aspects {
		if s != absent && s != unknown {
			want = append(want, aspect.ID(a).String()+":"+[]string{"", "neg", "neu", "pos", "both"}[s]) //nolint:gosec // below Fixed
		}
	}
	for _, m := range mentions {
		got = append(got, fmt.Sprintf("%s:%.3s«%s»", m.ID, m.Polarity, r.text[m.Start:m.End]))
	}
	_, _ = fmt.Fprintf(t.o.Report, "%s\n    want %s\n    got  %s\n", r.text, strings.Join(want, " "), strings.Join(got, " "))
}
