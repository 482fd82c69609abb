package main

import (
	"bytes"
	_ "embed"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"text/template"

	"github.com/otklik/otklik/services/comment/internal/lexicon"
	"github.com/otklik/otklik/services/comment/internal/linear"
	"github.com/otklik/otklik/services/comment/internal/sentiment"
)

var (
	//go:embed card.md.tmpl
	cardText string
	//go:embed helped.md
	helped string
)

// clock is what begins a line of a report: the seconds that it took, which are never the same.
var clock = regexp.MustCompile(`(?m)^ *[0-9]+\.[0-9] s  `)

// told is what the trainers tell for the card.
type told struct{ language, sentiment, aspects bytes.Buffer }

// card writes the model card.
func card(t *told, f *linear.File, tree string) ([]byte, error) {
	own := 0
	files, err := filepath.Glob(filepath.Join(tree, "train", "corpus", "*.tsv"))
	if err != nil {
		return nil, fmt.Errorf("count our own comments: %w", err)
	}
	for _, name := range files {
		if filepath.Base(name) == "language.tsv" {
			continue
		}
		data, err := os.ReadFile(name) //nolint:gosec // the trainer's own argument
		if err != nil {
			return nil, fmt.Errorf("count our own comments: %w", err)
		}
		own += bytes.Count(data, []byte("\n"))
	}
	words, err := lexicon.Load()
	if err != nil {
		return nil, fmt.Errorf("count the lexicon: %w", err)
	}
	single, phrases := words.Size()
	tmpl, err := template.New("card").Parse(cardText)
	if err != nil {
		return nil, fmt.Errorf("read template of card: %w", err)
	}
	var b bytes.Buffer
	err = tmpl.Execute(&b, map[string]any{
		"Hidden": sentiment.Hidden, "Patterns": single + phrases, "Own": own,
		"Size": fmt.Sprintf("%.1f MB", float64(len(f.Bytes()))/1e6), "Sections": "sections " + strings.Join(f.Names(), ", "),
		"Sentiment": t.sentiment.String(), "Helped": strings.TrimSpace(helped), "Language": t.language.String(),
		"Aspects": judged(t.aspects.Bytes()),
	})
	if err != nil {
		return nil, fmt.Errorf("write card: %w", err)
	}
	return b.Bytes(), nil
}

// judged keeps the lines of a report that have figures, without the time.
func judged(report []byte) string {
	var b strings.Builder
	for line := range strings.Lines(string(report)) {
		if strings.Contains(line, "named") {
			b.WriteString(clock.ReplaceAllString(line, ""))
		}
	}
	return b.String()
}
