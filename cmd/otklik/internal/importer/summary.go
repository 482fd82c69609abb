package importer

import (
	"maps"
)

// Summary tells what an import did.
type Summary struct {
	// Survey and Revision are resource names; Revision is empty after a dry run.
	Survey   string `json:"survey"`
	Revision string `json:"revision,omitempty"`
	// Created tells that this import created the survey.
	Created bool `json:"created"`
	// DryRun tells that nothing was sent.
	DryRun bool `json:"dryRun"`
	// Interrupted tells that the file was not read to its end; the same command goes on.
	Interrupted bool `json:"interrupted"`
	// ResumedAfterRow is the number of rows that an interrupted import had done before; their counts are included.
	ResumedAfterRow int64 `json:"resumedAfterRow"`
	Rows            Rows  `json:"rows"`
	// Answers counts the answers of accepted and replayed rows (after a dry run, of rows that would be sent).
	Answers int64 `json:"answers"`
	// AnswersSkipped counts values that were left out by the policy skip_answer.
	AnswersSkipped int64 `json:"answersSkipped"`
	// Questions tells the same for each question, in the order of the mapping.
	Questions []QuestionSummary `json:"questions"`
	// UnusedColumns lists the columns of the file that the mapping does not read.
	UnusedColumns []string `json:"unusedColumns"`
	// RefusedReasons counts refused rows and skipped values by reason.
	RefusedReasons map[string]int64 `json:"refusedReasons"`
	// Seconds is how long this run took, and RowsPerSecond how many rows it read in a second.
	Seconds       float64 `json:"seconds"`
	RowsPerSecond float64 `json:"rowsPerSecond"`
}

// Rows counts the rows of the file. Read = Accepted + Replayed + Refused + Empty.
type Rows struct {
	// Read counts the rows behind the header.
	Read int64 `json:"read"`
	// Accepted counts rows stored by this import (after a dry run: rows that would be sent).
	Accepted int64 `json:"accepted"`
	// Replayed counts rows that the server had already.
	Replayed int64 `json:"replayed"`
	// Refused counts rows that could not be used, by the importer or by the server.
	Refused int64 `json:"refused"`
	// Empty counts rows without any answer.
	Empty int64 `json:"empty"`
}

// QuestionSummary tells what became of one question's cells.
type QuestionSummary struct {
	Question string   `json:"question"`
	Columns  []string `json:"columns"`
	// Answers counts answers that were stored, replayed ones included.
	Answers int64 `json:"answers"`
	// Skipped counts bad values that were left out.
	Skipped int64 `json:"skipped"`
	// Missing counts cells without an answer, by code, as far as any occurred.
	Missing []MissingSummary `json:"missing"`
}

// MissingSummary counts one missing code.
type MissingSummary struct {
	Code    string `json:"code"`
	Meaning string `json:"meaning,omitempty"`
	Count   int64  `json:"count"`
}

// tally is what is counted while rows pass; it is also what a state file keeps.
type tally struct {
	Rows    Rows             `json:"rows"`
	Skipped int64            `json:"skipped"`
	Answers []int64          `json:"answers"`
	Left    []int64          `json:"left"`
	Missing [][]int64        `json:"missing"`
	Reasons map[string]int64 `json:"reasons"`
}

func newTally(c *Converter) tally {
	t := tally{Answers: make([]int64, len(c.questions)), Left: make([]int64, len(c.questions)), Reasons: map[string]int64{}}
	for _, q := range c.questions {
		t.Missing = append(t.Missing, make([]int64, len(q.missing.codes)))
	}
	return t
}

// fits tells whether a tally read from a file has the shape of the converter's.
func (t *tally) fits(c *Converter) bool {
	if len(t.Answers) != len(c.questions) || len(t.Left) != len(c.questions) || len(t.Missing) != len(c.questions) {
		return false
	}
	for i, q := range c.questions {
		if len(t.Missing[i]) != len(q.missing.codes) {
			return false
		}
	}
	return true
}

// add counts a row whose outcome is known.
func (t *tally) add(c *Converter, row *Row, outcome outcome) {
	t.Rows.Read++
	for _, p := range row.Problems {
		if !p.Skipped {
			continue
		}
		t.Skipped++
		t.Reasons[string(p.Reason)]++
		for i, q := range c.questions {
			if q.id == p.Target {
				t.Left[i]++
			}
		}
	}
	switch outcome {
	case outcomeRefused:
		t.Rows.Refused++
		for _, p := range row.Problems {
			if !p.Skipped {
				// A row counts once, by its first reason.
				t.Reasons[string(p.Reason)]++
				break
			}
		}
		return
	case outcomeEmpty:
		t.Rows.Empty++
	case outcomeReplayed:
		t.Rows.Replayed++
	case outcomeAccepted:
		t.Rows.Accepted++
	}
	for _, hit := range row.missing {
		t.Missing[hit.question][hit.code]++
	}
	for _, question := range row.answered {
		t.Answers[question]++
	}
}

// summary puts the tally into words.
func (t *tally) summary(c *Converter) *Summary {
	s := &Summary{
		Survey: c.parent, Revision: c.revision, Rows: t.Rows, AnswersSkipped: t.Skipped,
		Questions: []QuestionSummary{}, UnusedColumns: c.UnusedColumns(), RefusedReasons: maps.Clone(t.Reasons),
	}
	if s.UnusedColumns == nil {
		s.UnusedColumns = []string{}
	}
	for i, q := range c.questions {
		summary := QuestionSummary{Question: q.id, Columns: q.names, Answers: t.Answers[i], Skipped: t.Left[i], Missing: []MissingSummary{}}
		for j, code := range q.missing.codes {
			if n := t.Missing[i][j]; n > 0 {
				summary.Missing = append(summary.Missing, MissingSummary{Code: code.Code, Meaning: code.Meaning, Count: n})
			}
		}
		s.Answers += t.Answers[i]
		s.Questions = append(s.Questions, summary)
	}
	return s
}

// outcome is what became of a row.
type outcome int

const (
	outcomeAccepted outcome = iota
	outcomeReplayed
	outcomeRefused
	outcomeEmpty
)
