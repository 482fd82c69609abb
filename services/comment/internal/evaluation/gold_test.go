package evaluation

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otklik/otklik/services/comment/internal/analysis"
	"github.com/otklik/otklik/services/comment/internal/model"
)

// gold is where the texts are that models are judged by: dev_*.tsv may be looked at, held_*.tsv never are by those who write code and lexicons.
const gold = "../../gold"

func analyzer(t testing.TB) *analysis.Analyzer {
	t.Helper()
	m, err := model.Load()
	if err != nil {
		t.Fatal(err)
	}
	return analysis.New(m)
}

// judge evaluates rows, given as text and label, by a task.
func judge(t testing.TB, a *analysis.Analyzer, task Task, rows [][2]string) Report {
	t.Helper()
	var s analysis.Scratch
	tally := NewTally(task)
	for i, row := range rows {
		c, err := Parse(task, row[0], row[1])
		if err != nil {
			t.Fatalf("row %d: %v", i+1, err)
		}
		tally.Add(c.Labels, Predicted(task, a.Analyze(&s, c.Text, nil)))
	}
	return tally.Report()
}

// rowsOf reads a gold file for a task.
func rowsOf(t testing.TB, task Task, name string) [][2]string {
	t.Helper()
	file, err := os.Open(filepath.Join(gold, name))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := NewReader(task, file)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][2]string
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows
		}
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, [2]string{row.Text, row.Label})
	}
}

// commentsOf reads the comments of a gold file, `text⇥sentiment⇥aspects⇥variety`, by kind of variety.
func commentsOf(t testing.TB, task Task, name string) map[string][][2]string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(gold, name))
	if err != nil {
		t.Fatal(err)
	}
	column := 1
	if task == Aspects {
		column = 2
	}
	rows := map[string][][2]string{}
	for line := range strings.Lines(string(raw)) {
		columns := strings.Split(strings.TrimRight(line, "\r\n"), "\t")
		kind := "ky"
		if v := columns[3]; strings.HasPrefix(v, "ru") || strings.HasPrefix(v, "en") {
			kind = v[:2]
		}
		row := [2]string{columns[0], columns[column]}
		rows[kind] = append(rows[kind], row)
		rows[columns[3]+" alone"] = append(rows[columns[3]+" alone"], row)
	}
	return rows
}

// number shows a measure.
func shown(p *float64) string {
	if p == nil {
		return "-"
	}
	return fmt.Sprintf("%.3f", *p)
}

func (c Class) String() string {
	return fmt.Sprintf("%s p %s r %s f1 %s (%d)", c.Label, shown(c.Precision()), shown(c.Recall()), shown(c.F1()), c.Support)
}

func (r Report) String() string {
	s := fmt.Sprintf("n %d, accuracy %s, macro %s, micro %s, with sentiment %s", r.N, shown(r.Accuracy), shown(r.MacroF1), shown(r.MicroF1), shown(r.MicroF1WithSentiment))
	for _, c := range r.Classes {
		s += "\n\t" + c.String()
	}
	return s
}
