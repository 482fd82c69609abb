package command

import (
	"fmt"
	"io"
	"sync/atomic"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/otklik/otklik/cmd/otklik/internal/importer"
)

// counter counts bytes that one goroutine reads and another asks for.
type counter struct{ n atomic.Int64 }

func (c *counter) add(n int64)  { c.n.Add(n) }
func (c *counter) value() int64 { return c.n.Load() }

// importProgress tells how far an import has come: a bar on a terminal, otherwise a line now and then.
type importProgress struct {
	env     Env
	out     io.Writer
	data    *dataFile
	bar     *progressbar.ProgressBar
	started time.Time
	last    time.Time
	// first is how many rows were done before this run.
	first int64
}

func newImportProgress(env Env, out io.Writer, data *dataFile) *importProgress {
	now := env.Now()
	p := &importProgress{env: env, out: out, data: data, started: now, last: now}
	if env.IsTerminal(out) {
		size := data.size
		if size == 0 {
			size = -1
		}
		p.bar = progressbar.NewOptions64(size,
			progressbar.OptionSetWriter(out), progressbar.OptionSetWidth(30), progressbar.OptionThrottle(drawInterval),
			progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(true), progressbar.OptionSetElapsedTime(true))
	}
	return p
}

// update is told the counts after each batch.
func (p *importProgress) update(rows importer.Rows) {
	now := p.env.Now()
	if p.bar != nil {
		p.bar.Describe(p.words(rows, now))
		// A bar that cannot be drawn is no reason to end an import.
		_ = p.bar.Set64(min(p.data.read.value(), max(p.data.size, 1)))
		return
	}
	if now.Sub(p.last) < lineInterval {
		return
	}
	p.last = now
	line := p.words(rows, now)
	if p.data.size > 0 {
		line = fmt.Sprintf("%3d%%  %s", 100*p.data.read.value()/p.data.size, line)
	}
	fmt.Fprintln(p.out, line)
}

func (p *importProgress) words(rows importer.Rows, now time.Time) string {
	rate := 0.0
	if seconds := now.Sub(p.started).Seconds(); seconds > 0 {
		rate = float64(rows.Read-p.first) / seconds
	}
	return fmt.Sprintf("%d rows, %d refused, %.0f rows/s", rows.Read, rows.Refused, rate)
}

func (p *importProgress) end() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}
