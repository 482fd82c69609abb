package main

import (
	"fmt"
	"io"
	"slices"
	"time"
)

// figure is one row of the report.
type figure struct {
	what     string
	measured string
	// target is empty for figures that are only told.
	target string
	met    bool
	how    string
}

// report is the table.
type report struct{ figures []figure }

// tell adds a figure without a target.
func (r *report) tell(what, measured, how string) {
	r.figures = append(r.figures, figure{what: what, measured: measured, met: true, how: how})
}

// hold adds a figure with a target.
func (r *report) hold(what, measured, target string, met bool, how string) {
	r.figures = append(r.figures, figure{what: what, measured: measured, target: target, met: met, how: how})
}

func (r *report) missed() bool {
	return slices.ContainsFunc(r.figures, func(f figure) bool { return !f.met })
}

// write prints the table in Markdown.
func (r *report) write(out io.Writer) error {
	if _, err := fmt.Fprint(out, "| what | measured | target | | how |\n|---|---:|---:|---|---|\n"); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	for _, f := range r.figures {
		mark := ""
		switch {
		case f.target == "":
		case f.met:
			mark = "met"
		default:
			mark = "**missed**"
		}
		if _, err := fmt.Fprintf(out, "| %s | %s | %s | %s | %s |\n", f.what, f.measured, f.target, mark, f.how); err != nil {
			return fmt.Errorf("write report: %w", err)
		}
	}
	return nil
}

// durations are samples of a time.
type durations []time.Duration

// quantile is the smallest sample that at least the share q of the samples do not exceed. There must be samples; they are sorted in place.
func (d durations) quantile(q float64) time.Duration {
	slices.Sort(d)
	i := int(q*float64(len(d))+0.999999) - 1
	return d[min(max(i, 0), len(d)-1)]
}

func milliseconds(d time.Duration) string { return fmt.Sprintf("%.3f ms", float64(d)/1e6) }
