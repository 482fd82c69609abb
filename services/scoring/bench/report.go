package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"
	"time"
)

// figure is a row of the table.
type figure struct {
	what, ours, postgres, ratio, target string
	met                                 bool
}

// report is the table.
type report struct{ figures []figure }

// tell adds a figure without a target.
func (r *report) tell(what, ours string) {
	r.figures = append(r.figures, figure{what: what, ours: ours, met: true})
}

// hold adds a figure with a target.
func (r *report) hold(what, ours, target string, met bool) {
	r.figures = append(r.figures, figure{what: what, ours: ours, target: target, met: met})
}

// compare adds figures of ours and of PostgreSQL's.
func (r *report) compare(what string, ours, theirs times, target string, met bool) {
	f := figure{what: what, ours: ours.String(), target: target, met: met}
	if len(theirs) > 0 {
		f.postgres = theirs.String()
		f.ratio = fmt.Sprintf("%.0f ×", float64(theirs.at(50))/float64(ours.at(50)))
	}
	r.figures = append(r.figures, f)
}

func (r *report) missed() bool {
	return slices.ContainsFunc(r.figures, func(f figure) bool { return !f.met })
}

// write prints the table in Markdown.
func (r *report) write(out io.Writer) error {
	var b strings.Builder
	b.WriteString("| what | ours | PostgreSQL | medians | target | |\n|---|---:|---:|---:|---:|---|\n")
	for _, f := range r.figures {
		mark := ""
		switch {
		case f.target == "":
		case f.met:
			mark = "met"
		default:
			mark = "**missed**"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", f.what, f.ours, f.postgres, f.ratio, f.target, mark)
	}
	if _, err := io.WriteString(out, b.String()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// times are how long runs of the same took, in ascending order.
type times []time.Duration

// timed runs f again and again, for a minute at most, and returns how long each run took.
func timed(runs int, f func(i int) error) (times, error) {
	list := make(times, 0, runs)
	for i, end := 0, time.Now().Add(time.Minute); i < runs && (i < 5 || time.Now().Before(end)); i++ {
		began := time.Now()
		if err := f(i); err != nil {
			return nil, err
		}
		list = append(list, time.Since(began))
	}
	slices.Sort(list)
	return list, nil
}

// at is a percentile.
func (t times) at(percent int) time.Duration { return t[(len(t)-1)*percent/100] }

// String tells median and 99th percentile.
func (t times) String() string {
	return fmt.Sprintf("%s, p99 %s (%d runs)", milliseconds(t.at(50)), milliseconds(t.at(99)), len(t))
}

func milliseconds(d time.Duration) string {
	ms := float64(d.Microseconds()) / 1000
	switch {
	case ms < 10:
		return fmt.Sprintf("%.2f ms", ms)
	case ms < 100:
		return fmt.Sprintf("%.1f ms", ms)
	default:
		return fmt.Sprintf("%.0f ms", ms)
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }

// watch measures time and, since other programs run on the machine as well, how much of it this one had a processor for.
type watch struct {
	began time.Time
	cpu   time.Duration
}

func startWatch() watch { return watch{time.Now(), processorTime()} }

// stop returns both.
func (w watch) stop() (took, cpu time.Duration) { return time.Since(w.began), processorTime() - w.cpu }

func processorTime() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// thousands writes a number with its thousands apart.
func thousands(n int) string {
	text := fmt.Sprint(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
