package sentiment

import (
	"fmt"
	"io"
	"sort"

	"github.com/otklik/otklik/services/comment/internal/sentiment"
)

// confusion counts, of each class, what it was taken for.
type confusion [sentiment.Classes][sentiment.Classes]int

func (m *confusion) total() (n, right int) {
	for i := range m {
		for j, k := range m[i] {
			n += k
			if i == j {
				right += k
			}
		}
	}
	return n, right
}

// f1 returns the F1 of each class; known tells which classes there are.
func (m *confusion) f1() (f [sentiment.Classes]float64, known [sentiment.Classes]bool) {
	for c := range m {
		var is, said int
		for k := range m {
			is += m[c][k]
			said += m[k][c]
		}
		known[c] = is > 0
		if is+said > 0 {
			f[c] = 2 * float64(m[c][c]) / float64(is+said)
		}
	}
	return f, known
}

// macro is the mean F1 of the classes that there are.
func (m *confusion) macro() float64 {
	f, known := m.f1()
	var sum, n float64
	for c := range f {
		if known[c] {
			sum += f[c]
			n++
		}
	}
	if n == 0 {
		return 0
	}
	return sum / n
}

// figures gathers confusions by name.
type figures struct {
	names []string
	of    map[string]*confusion
}

func (f *figures) add(name string, is, said sentiment.Class) {
	if f.of == nil {
		f.of = map[string]*confusion{}
	}
	m := f.of[name]
	if m == nil {
		m = &confusion{}
		f.of[name] = m
		f.names = append(f.names, name)
	}
	m[is][said]++
}

func (f *figures) print(w io.Writer, title string) {
	_, _ = fmt.Fprintf(w, "%s\n%-34s %6s %8s %8s   %8s %8s %8s %8s\n", title, "", "n", "accuracy", "macro-F1", "negative", "neutral", "positive", "mixed")
	names := append([]string(nil), f.names...)
	sort.Strings(names)
	for _, name := range names {
		m := f.of[name]
		n, right := m.total()
		each, _ := m.f1()
		_, _ = fmt.Fprintf(w, "%-34s %6d %8.3f %8.3f   %8.3f %8.3f %8.3f %8.3f\n", name, n, float64(right)/float64(n), m.macro(), each[0], each[1], each[2], each[3])
	}
}

// markdown writes a table for the model card.
func (f *figures) markdown(w io.Writer, title string) {
	_, _ = fmt.Fprintf(w, "### %s\n\n| comments | number | accuracy | macro-F1 | negative | neutral | positive | mixed |\n|---|--:|--:|--:|--:|--:|--:|--:|\n", title)
	names := append([]string(nil), f.names...)
	sort.Strings(names)
	for _, name := range names {
		m := f.of[name]
		n, right := m.total()
		each, known := m.f1()
		_, _ = fmt.Fprintf(w, "| %s | %d | %.3f | %.3f |", name, n, float64(right)/float64(n), m.macro())
		for c := range each {
			if known[c] {
				_, _ = fmt.Fprintf(w, " %.3f |", each[c])
			} else {
				_, _ = fmt.Fprint(w, " |")
			}
		}
		_, _ = fmt.Fprintln(w)
	}
	_, _ = fmt.Fprintln(w)
}
