package sentiment_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/services/comment/internal/sentiment"
)

var strange = []string{
	"", " ", "но", "но но но", "не", "не не не не", "но. но! но?", ",,,,", "!?!?!?", "👍👎👍👎", "a", "хорошо но плохо но хорошо но плохо",
	"\xff\xfe\xfd", "\u202eабв", "<b>хорошо</b>", strings.Repeat("не ", 300) + "плохо", strings.Repeat("а", 5000), strings.Repeat("хорошо, но ", 400),
}

// sound reports what is wrong with a result.
func sound(r sentiment.Result) string {
	var sum float64
	for _, p := range r.Probabilities {
		if p < 0 || p > 1 || math.IsNaN(float64(p)) {
			return "a probability is none"
		}
		sum += float64(p)
		if p > r.Probabilities[r.Class] {
			return "another class is likelier"
		}
	}
	if math.Abs(sum-1) > 1e-4 {
		return "the probabilities do not add up"
	}
	return ""
}

// TestSound reads strange comments, and every part of them.
func TestSound(t *testing.T) {
	t.Parallel()
	s := newScratch(t)
	for _, c := range strange {
		if wrong := sound(s.read(c)); wrong != "" {
			t.Errorf("%.40q: %s", c, wrong)
		}
		n := len(s.document.Tokens)
		for first := -1; first <= min(n, 12); first++ {
			for last := first - 1; last <= min(n+1, 14); last++ {
				if wrong := sound(s.reader.Span(first, last)); wrong != "" {
					t.Errorf("%.40q [%d, %d): %s", c, first, last, wrong)
				}
			}
		}
	}
}

// TestReuse gives the same answers in any order, with used buffers and with new ones.
func TestReuse(t *testing.T) {
	t.Parallel()
	used := newScratch(t)
	comments := append([]string{"Отличный магазин", "Тамагы муздак", "The staff were kind", "Uzhasno"}, strange...)
	first := make([]sentiment.Result, len(comments))
	for i, c := range comments {
		first[i] = used.read(c)
	}
	for i := len(comments) - 1; i >= 0; i-- {
		if again := used.read(comments[i]); again != first[i] {
			t.Errorf("%.40q: %v, then %v", comments[i], first[i], again)
		}
		fresh := &scratch{model: used.model, reader: used.model.Sentiment.NewReader()}
		if alone := fresh.read(comments[i]); alone != first[i] {
			t.Errorf("%.40q: %v, with new buffers %v", comments[i], first[i], alone)
		}
	}
}

// TestWhole says of all tokens what it says of the text.
func TestWhole(t *testing.T) {
	t.Parallel()
	s := newScratch(t)
	for _, c := range []string{"Еда вкусная, но обслуживание ужасное", "Баары жакшы", "Great food"} {
		if r := s.read(c); s.reader.Span(0, len(s.document.Tokens)) != r {
			t.Errorf("%q: the span of all is %v, the text %v", c, s.reader.Span(0, len(s.document.Tokens)), r)
		}
	}
}

// TestLinear reads a text ten times as long in not much more than ten times the time.
func TestLinear(t *testing.T) {
	s := newScratch(t)
	for _, unit := range []string{"хорошо, но не плохо. ", "не ", "но ", "а", "!", "👍", "( "} {
		measure := func(size int) time.Duration {
			c := strings.Repeat(unit, size/len(unit))
			s.read(c)
			least := time.Hour
			for range 5 {
				began := time.Now()
				s.read(c)
				least = min(least, time.Since(began))
			}
			return least
		}
		short, long := measure(10_000), measure(100_000)
		if long > 40*short && long > 20*time.Millisecond {
			t.Errorf("%q: 10 kB take %v, 100 kB %v", unit, short, long)
		}
	}
}

// TestNothingAllocated reads comments without a new allocation once the buffers have grown.
func TestNothingAllocated(t *testing.T) {
	s := newScratch(t)
	comments := []string{"Доставка быстрая, но курьер грубый", "Кассада кезек узун, бирок сатуучулары сылык", "Great staff, terrible queue :("}
	for _, c := range comments {
		s.read(c)
	}
	if n := testing.AllocsPerRun(100, func() {
		for _, c := range comments {
			s.read(c)
		}
	}); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzRead reads anything.
func FuzzRead(f *testing.F) {
	for _, c := range strange {
		f.Add(c)
	}
	s := newScratch(f)
	f.Fuzz(func(t *testing.T, c string) {
		if wrong := sound(s.read(c)); wrong != "" {
			t.Error(wrong)
		}
		for i := range s.document.Clauses {
			k := &s.document.Clauses[i]
			if wrong := sound(s.reader.Span(int(k.First), int(k.Last))); wrong != "" {
				t.Errorf("clause %d: %s", i, wrong)
			}
		}
	})
}
