package command

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/otklik/otklik/cmd/otklik/internal/importer"
)

// printSummary tells what an import did. failure is why it ended before the end of the file, or nil.
func (j *importJob) printSummary(s *importer.Summary, failure error) error {
	if j.json {
		raw, err := json.MarshalIndent(s, "", "  ")
		if err != nil {
			return fmt.Errorf("encode the summary: %w", err)
		}
		return j.write(string(raw) + "\n")
	}
	var b strings.Builder
	switch {
	case s.DryRun:
		fmt.Fprintf(&b, "%s: dry run, nothing was sent\n", s.Survey)
	case s.Created:
		fmt.Fprintf(&b, "%s: created and published\n", s.Survey)
	default:
		fmt.Fprintf(&b, "%s: existed and fits\n", s.Survey)
	}
	if failure != nil {
		b.WriteString("not complete: the counts are those up to where it stopped\n")
	}
	fmt.Fprintf(&b, "rows %d: accepted %d, replayed %d, refused %d, without an answer %d", s.Rows.Read, s.Rows.Accepted, s.Rows.Replayed, s.Rows.Refused, s.Rows.Empty)
	if s.ResumedAfterRow > 0 {
		fmt.Fprintf(&b, " (%d of them before this run)", s.ResumedAfterRow)
	}
	fmt.Fprintf(&b, "\nanswers %d", s.Answers)
	if s.AnswersSkipped > 0 {
		fmt.Fprintf(&b, ", values left out %d", s.AnswersSkipped)
	}
	fmt.Fprintf(&b, "\n%.1f seconds, %.0f rows a second\n", s.Seconds, s.RowsPerSecond)
	for _, reason := range slices.Sorted(maps.Keys(s.RefusedReasons)) {
		fmt.Fprintf(&b, "  %s %d\n", reason, s.RefusedReasons[reason])
	}
	b.WriteByte('\n')
	if err := j.write(b.String()); err != nil {
		return err
	}
	var rows [][]string
	for _, q := range s.Questions {
		rows = append(rows, []string{q.Question, strings.Join(q.Columns, ", "), fmt.Sprint(q.Answers), missingWords(q.Missing)})
	}
	return j.table([]string{"QUESTION", "COLUMN", "ANSWERS", "WITHOUT AN ANSWER"}, rows)
}

func missingWords(missing []importer.MissingSummary) string {
	var parts []string
	for _, m := range missing {
		code := m.Code
		if code == "" {
			code = "empty"
		}
		if m.Meaning != "" {
			code += " (" + m.Meaning + ")"
		}
		parts = append(parts, fmt.Sprintf("%s: %d", code, m.Count))
	}
	return strings.Join(parts, ", ")
}
