package language

import "github.com/otklik/otklik/services/comment/internal/text"

// reread gives the Latin words of the Kyrgyz and Russian spans their Cyrillic folded form, but leaves those that are English.
func (m *Model) reread(d *text.Document, r *Result) {
	span, changed := 0, false
	for i := range r.words {
		w := &r.words[i]
		t := &d.Tokens[w.token]
		for span < len(r.Spans)-1 && t.Start >= r.Spans[span].End {
			span++
		}
		l := r.Spans[span].Label
		if t.Script != text.Latin || l != KyLat && l != RuLat {
			continue
		}
		if form := d.Word(int(w.token)); len(form) <= 32 && hints[string(form)]&isNamed != 0 {
			continue
		}
		if own := max(w.z[KyLat-1], w.z[RuLat-1]); float32(w.z[En-1]-own)*m.scale > certain {
			continue
		}
		if margin := float32(w.z[KyLat-1]-w.z[RuLat-1]) * m.scale; l == KyLat && margin > -certain || margin > certain {
			d.TransliterateKyrgyz(int(w.token))
		} else {
			d.Transliterate(int(w.token), text.Cyrillic)
		}
		changed = true
	}
	if changed {
		d.Divide()
	}
}
