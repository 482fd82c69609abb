package analysis

import (
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/model"
)

// built are the models that the service is built with.
var built = sync.OnceValues(model.Load)

func analyzer(t testing.TB) *Analyzer {
	t.Helper()
	m, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return New(m)
}

// comments are the comments that the models are tuned on.
func comments(t testing.TB) []string {
	t.Helper()
	raw, err := os.ReadFile("../../gold/dev_comments.tsv")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for line := range strings.Lines(string(raw)) {
		text, _, _ := strings.Cut(line, "\t")
		all = append(all, text)
	}
	return all
}

// averageBytes is how long the comments are that speed is measured with.
const averageBytes = 118

// corpus is made of the same comments, some of them put together, so that they are 118 bytes long on average.
func corpus(t testing.TB) []string {
	t.Helper()
	var all []string
	total := 0
	for _, text := range comments(t) {
		total += len(text)
		if n := len(all); n > 0 && total < averageBytes*n {
			all[n-1] += " " + text
			total++
			continue
		}
		all = append(all, text)
	}
	return all
}

// bytesOf is how long texts are on average.
func bytesOf(texts []string) float64 {
	total := 0
	for _, text := range texts {
		total += len(text)
	}
	return float64(total) / float64(len(texts))
}
