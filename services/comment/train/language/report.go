package language

import (
	"fmt"
	"io"
	"strings"

	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// Report writes how a model does on rows: accuracy by number of words, precision, recall and F1 by label, the confusion matrix, and how
// far its probabilities are right.
func Report(out io.Writer, m *language.Model, rows []Row) error {
	var (
		d        text.Document
		r        language.Result
		matrix   [language.Labels][language.Labels]int
		all, hit [10]int
		bins     [10]struct{ n, sum, hit float64 }
	)
	for _, row := range rows {
		d.Read(row.Text)
		m.Identify(&d, &r)
		n := min(len(strings.Fields(row.Text)), len(all)-1)
		b := &bins[min(int(r.Probability*10), 9)]
		all[n]++
		b.n++
		b.sum += float64(r.Probability)
		matrix[row.Label][r.Label]++
		if r.Label == row.Label {
			hit[n]++
			b.hit++
		}
	}
	w := &strings.Builder{}
	total, right := 0, 0
	for n := range all {
		total, right = total+all[n], right+hit[n]
	}
	fmt.Fprintf(w, "language: %d texts, accuracy %.4f\nwords accuracy texts\n", total, share(right, total))
	for n := 1; n < len(all); n++ {
		if all[n] > 0 {
			more := ""
			if n == len(all)-1 {
				more = " (or more words)"
			}
			fmt.Fprintf(w, "%5d %8.4f %5d%s\n", n, share(hit[n], all[n]), all[n], more)
		}
	}
	macro, present := 0.0, 0
	fmt.Fprintf(w, "label    precision recall     f1 | found as")
	for l := range language.Labels {
		fmt.Fprintf(w, " %7s", language.Label(l))
	}
	fmt.Fprintln(w)
	for l := 1; l < language.Labels; l++ {
		found, there := 0, 0
		for k := range language.Labels {
			found += matrix[k][l]
			there += matrix[l][k]
		}
		precision, recall := share(matrix[l][l], found), share(matrix[l][l], there)
		f1 := 0.0
		if precision+recall > 0 {
			f1 = 2 * precision * recall / (precision + recall)
		}
		if there == 0 {
			continue
		}
		macro += f1
		present++
		fmt.Fprintf(w, "%-8s %9.4f %6.4f %.4f |         ", language.Label(l), precision, recall, f1)
		for k := range language.Labels {
			fmt.Fprintf(w, " %7d", matrix[l][k])
		}
		fmt.Fprintln(w)
	}
	fmt.Fprintf(w, "macro-F1 %.4f\nprobability said and true, by tenth\n", macro/float64(max(1, present)))
	for _, b := range bins {
		if b.n > 0 {
			fmt.Fprintf(w, "%5.0f texts %.3f %.3f\n", b.n, b.sum/b.n, b.hit/b.n)
		}
	}
	_, err := io.WriteString(out, w.String())
	return err
}

func share(part, of int) float64 {
	if of == 0 {
		return 0
	}
	return float64(part) / float64(of)
}
