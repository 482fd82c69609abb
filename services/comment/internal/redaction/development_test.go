package redaction

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/language"
	"github.com/otklik/otklik/services/comment/internal/text"
)

// row is a comment with what is to be found in it.
type row struct {
	label  language.Label
	source string
	found  []Finding
}

// parse reads a line «lang⇥text with [[TYPE|value]] marks».
func parse(t *testing.T, line string) row {
	lang, marked, ok := strings.Cut(line, "\t")
	if !ok {
		t.Fatalf("no tab in %q", line)
	}
	r := row{}
	r.label, _ = language.Parse(lang)
	var s strings.Builder
	for {
		before, rest, ok := strings.Cut(marked, "[[")
		s.WriteString(before)
		if !ok {
			break
		}
		mark, after, ok := strings.Cut(rest, "]]")
		name, value, ok2 := strings.Cut(mark, "|")
		kind, ok3 := ParseKind(name)
		if !ok || !ok2 || !ok3 {
			t.Fatalf("bad mark in %q", line)
		}
		start := int32(s.Len())
		s.WriteString(value)
		r.found = append(r.found, Finding{kind, start, int32(s.Len())})
		marked = after
	}
	r.source = s.String()
	return r
}

// judged counts hits and misses of a kind.
type judged struct{ hit, missed, wrong int }

func (j judged) recall() float64    { return float64(j.hit) / float64(max(1, j.hit+j.missed)) }
func (j judged) precision() float64 { return float64(j.hit) / float64(max(1, j.hit+j.wrong)) }
func (j judged) f1() float64 {
	return 2 * float64(j.hit) / float64(max(1, 2*j.hit+j.missed+j.wrong))
}

// judge compares what is found in the rows of a file with its marks.
func judge(t *testing.T, file string, known bool) (all [Kinds]judged) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Skipf("read %s: %v", file, err)
	}
	var d text.Document
	var found []Finding
	for line := range strings.Lines(string(data)) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			continue
		}
		r := parse(t, line)
		d.Read(r.source)
		if !known {
			r.label = language.Unknown
		}
		found = Find(&d, r.label, found[:0])
		want := map[Finding]bool{}
		for _, f := range r.found {
			want[f] = true
		}
		bad := false
		for _, f := range found {
			if want[f] {
				all[f.Kind].hit++
				delete(want, f)
			} else {
				all[f.Kind].wrong++
				bad = true
			}
		}
		for f := range want {
			all[f.Kind].missed++
			bad = true
		}
		if bad {
			t.Logf("%s\n   → %s", line, shown(r.source, found))
		}
	}
	for k, j := range all {
		t.Logf("%-9s n %4d  precision %.3f  recall %.3f  F1 %.3f", Kind(k), j.hit+j.missed, j.precision(), j.recall(), j.f1())
	}
	return all
}

// shown marks findings in a text.
func shown(source string, found []Finding) string {
	var s strings.Builder
	at := int32(0)
	for _, f := range found {
		s.WriteString(source[at:f.Start] + "[[" + f.Kind.String() + "|" + source[f.Start:f.End] + "]]")
		at = f.End
	}
	return s.String() + source[at:]
}

// The rows of gold/dev_pii*.tsv are of our own making and were looked at while the rules were written.
func TestDevelopmentRows(t *testing.T) {
	files, err := filepath.Glob("../../gold/dev_pii*.tsv")
	if err != nil || len(files) == 0 {
		t.Fatalf("no rows: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			all := judge(t, file, true)
			for _, k := range []Kind{Phone, Email, Card, ID} {
				if all[k].recall() < 0.99 || all[k].precision() < 0.98 {
					t.Errorf("%s: precision %.3f, recall %.3f", k, all[k].precision(), all[k].recall())
				}
			}
			if all[Name].f1() < 0.85 {
				t.Errorf("names: F1 %.3f", all[Name].f1())
			}
		})
	}
}
