package sentiment

import (
	"fmt"
	"io"
	"math"

	"github.com/otklik/otklik/services/comment/internal/sentiment"
)

// steps are the upper ends of the ranges of probability in a reliability table.
var steps = [...]float64{0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1}

// reliability compares how sure the model was of the classes that it chose with how often they were right.
type reliability struct {
	count, right [len(steps)]int
	sum          [len(steps)]float64
}

func (r *reliability) add(said sentiment.Result, is sentiment.Class) {
	p := float64(said.Probabilities[said.Class])
	k := 0
	for k < len(steps)-1 && p > steps[k] {
		k++
	}
	r.count[k]++
	r.sum[k] += p
	if said.Class == is {
		r.right[k]++
	}
}

// off is the expected calibration error.
func (r *reliability) off() float64 {
	var off float64
	n := 0
	for k, c := range r.count {
		off += math.Abs(r.sum[k] - float64(r.right[k]))
		n += c
	}
	return off / float64(max(n, 1))
}

func printReliability(w io.Writer, heads *[sentiment.Heads]reliability) {
	for h := range heads {
		r := &heads[h]
		_, _ = fmt.Fprintf(w, "### How sure, and how often right: %s\n\nExpected calibration error %.3f, over all that was held out.\n\n", sentiment.Head(h), r.off()) //nolint:gosec // below Heads
		_, _ = fmt.Fprint(w, "| probability of the class that was chosen | comments | on average | right |\n|---|--:|--:|--:|\n")
		from := 0.0
		for k, to := range steps {
			if n := r.count[k]; n > 0 {
				_, _ = fmt.Fprintf(w, "| %.1f to %.1f | %d | %.2f | %.2f |\n", from, to, n, r.sum[k]/float64(n), float64(r.right[k])/float64(n))
			}
			from = to
		}
		_, _ = fmt.Fprintln(w)
	}
}
