package export

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/otklik/otklik/libs/pause"
)

// The errors that a Runner tells apart.
var (
	// ErrNone tells that there is nothing to do.
	ErrNone = errors.New("nothing to do")
	// ErrLost tells that the export is somebody else's by now, or was called off.
	ErrLost = errors.New("lost")
	// ErrStale tells that a source cannot go on behind a cursor any more: the export is begun anew.
	ErrStale = errors.New("the source does not go on there any more")
)

// Refused tells why an export cannot be made, for people.
type Refused struct{ Reason string }

// Error says so.
func (e *Refused) Error() string { return e.Reason }

// Kept is where exports are kept. Claim's error is ErrNone where there is none; the others' are ErrLost when it is not held any more. Hold says until when an export
// is held, and changes nothing else; it is called beside Proceed.
type Kept interface {
	Claim(ctx context.Context, holder string, now, until time.Time) (Export, error)
	Hold(ctx context.Context, e Export, until time.Time) error
	Proceed(ctx context.Context, e Export, part *Part) error
	Restart(ctx context.Context, e Export) error
}

// Source has the rows of a kind.
type Source interface {
	// Columns are those that the rows of an order can have. Errors: *Refused, or what tells the caller why it is refused.
	Columns(ctx context.Context, o Order) ([]Column, error)
	// Rows calls fn with each row behind a mark, in order, and with the mark behind which it can be gone on after the row. A mark that comes without cells tells
	// that much was looked through that is not among the rows. Errors: *Refused; ErrStale; fn's.
	Rows(ctx context.Context, o Order, after Mark, fn func(mark Mark, cells []Cell) error) error
}

// Safe compresses and seals parts of files, and what is kept beside them.
type Safe interface {
	Seal(ctx context.Context, e Export, number int64, raw []byte) ([]byte, error)
	Open(ctx context.Context, e Export, number int64, sealed []byte) ([]byte, error)
}

// cursorPart is the number by which a cursor is sealed: it may tell of whom the last row was.
const cursorPart = -1

const (
	// partBytes is how much of a file is one part.
	partBytes = 2 << 20
	// hold is how long an export is held by one who says nothing; renew is how often it is said that somebody is at work, whether or not there are rows.
	hold  = 2 * time.Minute
	renew = 30 * time.Second
	// say is how often it is told how far an export has come, where there are rows.
	say = 5 * time.Second
	// look is the wait between looks for something to do, later the wait after something was away.
	look  = time.Second
	later = 10 * time.Second
)

// Runner makes exports, one at a time.
type Runner struct {
	Kept Kept
	// Acting returns a context of calls on behalf of the export's creator. Errors: *Refused.
	Acting func(ctx context.Context, e Export) (context.Context, error)
	// Sources have the rows, by kind.
	Sources map[Kind]Source
	Safe    Safe
	// MostBytes is how large a file may be.
	MostBytes int64
	Now       func() time.Time
	Log       *slog.Logger
	// Noted is told how an export ended; nil tells nobody.
	Noted func(ctx context.Context, e Export)
}

// Run makes exports until ctx ends.
func (r *Runner) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		now := r.Now()
		e, err := r.Kept.Claim(ctx, rand.Text(), now, now.Add(hold))
		if err == nil {
			err = r.make(ctx, e)
		}
		switch {
		case err == nil || errors.Is(err, ErrLost):
			continue
		case !errors.Is(err, ErrNone) && ctx.Err() == nil:
			r.Log.WarnContext(ctx, "an export does not go on; trying again", slog.String("export", e.Name()), slog.Any("error", err))
		}
		// The wait ends with ctx, which the loop looks at.
		_ = pause.For(ctx, look)
	}
	return nil
}

// making is an export that is being made.
type making struct {
	*Runner
	e      Export
	buffer bytes.Buffer
	rows   rows
	said   time.Time
}

// make makes an export to its end. After an error it is let go, for whoever claims it next.
func (r *Runner) make(ctx context.Context, e Export) error {
	m := &making{Runner: r, e: e, said: r.Now()}
	if e.Begin.IsZero() || e.Order.Anew() {
		if err := m.restart(ctx); err != nil {
			return err
		}
	}
	err := m.held(ctx)
	var refused *Refused
	switch {
	case err == nil:
		m.note(ctx)
		return nil
	case errors.Is(err, ErrLost):
		return err
	case errors.Is(err, ErrStale):
		m.e.Until = r.Now()
		return m.restart(ctx)
	case errors.As(err, &refused):
		m.e.State, m.e.End, m.e.Failure = Failed, r.Now(), refused.Reason
		if err := r.Kept.Proceed(ctx, m.e, nil); err != nil {
			return err
		}
		m.note(ctx)
		return nil
	}
	m.e.Until = r.Now().Add(later)
	// Where this process ends, another one goes on at once.
	if ctx.Err() != nil {
		m.e.Until = r.Now()
	}
	kept, cancel := context.WithTimeout(context.WithoutCancel(ctx), look)
	defer cancel()
	return errors.Join(err, r.Kept.Proceed(kept, m.e, nil))
}

// note tells how the export ended.
func (m *making) note(ctx context.Context) {
	if m.Noted != nil {
		m.Noted(ctx, m.e)
	}
}

// restart throws away what was written.
func (m *making) restart(ctx context.Context) error {
	m.e.Begin, m.e.Rows, m.e.Bytes, m.e.Parts, m.e.Position, m.e.Cursor = m.Now(), 0, 0, 0, 0, nil
	return m.Kept.Restart(ctx, m.e)
}

// held writes while the export is held: a source that looks through many rows for few that its reader may see says nothing for minutes.
func (m *making) held(ctx context.Context) error {
	working, stop := context.WithCancelCause(ctx)
	// What is held is named before the writer changes the export.
	e := m.e
	var group sync.WaitGroup
	group.Go(func() {
		for pause.For(working, renew) == nil {
			// Other errors may pass; when somebody else took over meanwhile, the next call says so.
			if err := m.Kept.Hold(working, e, m.Now().Add(hold)); errors.Is(err, ErrLost) {
				stop(err)
			}
		}
	})
	err := m.write(working)
	stop(nil)
	group.Wait()
	if cause := context.Cause(working); err != nil && errors.Is(cause, ErrLost) {
		return cause
	}
	return err
}

// write writes the rows that are missing, and ends the file. After an error the export is as far as what is kept of it.
func (m *making) write(ctx context.Context) (err error) {
	kept := m.e
	defer func() {
		if err != nil {
			m.e = kept
		}
	}()
	acting, err := m.Acting(ctx, m.e)
	if err != nil {
		return err
	}
	source, ok := m.Sources[m.e.Order.Kind]
	if !ok {
		return &Refused{Reason: "this version of the service cannot make exports of the kind: export again"}
	}
	after := Mark{Position: m.e.Position}
	if len(m.e.Cursor) > 0 {
		cursor, err := m.Safe.Open(ctx, m.e, cursorPart, m.e.Cursor)
		if err != nil {
			return err
		}
		after.Cursor = string(cursor)
	}
	if m.rows, err = newRows(&m.buffer, m.e.Order, m.e.Parts > 0); err != nil {
		return err
	}
	err = source.Rows(acting, m.e.bounded(), after, func(mark Mark, cells []Cell) error {
		if cells != nil {
			if err := m.rows.Row(cells); err != nil {
				return err
			}
			m.e.Rows++
		}
		m.e.Position = max(m.e.Position, mark.Position)
		if mark.None() && !m.e.Order.Anew() || m.buffer.Len() < partBytes && m.Now().Sub(m.said) < say {
			return nil
		}
		if err := m.part(ctx, mark); err != nil {
			return err
		}
		kept = m.e
		return nil
	})
	if err != nil {
		return err
	}
	if err := m.rows.Close(); err != nil {
		return err
	}
	m.e.State, m.e.End = Succeeded, m.Now()
	return m.part(ctx, Mark{Position: m.e.Position})
}

// part keeps what was written, and tells how far the export has come: to a mark.
func (m *making) part(ctx context.Context, mark Mark) (err error) {
	m.said = m.Now()
	m.e.Position, m.e.Cursor = mark.Position, nil
	if mark.Cursor != "" {
		if m.e.Cursor, err = m.Safe.Seal(ctx, m.e, cursorPart, []byte(mark.Cursor)); err != nil {
			return err
		}
	}
	m.e.Until = m.said.Add(hold)
	if err := m.rows.Flush(); err != nil {
		return err
	}
	raw := m.buffer.Bytes()
	if len(raw) == 0 {
		return m.Kept.Proceed(ctx, m.e, nil)
	}
	if m.e.Bytes+int64(len(raw)) > m.MostBytes {
		return &Refused{Reason: fmt.Sprintf("the file would have more than %d bytes: export a shorter period, or fewer columns", m.MostBytes)}
	}
	sealed, err := m.Safe.Seal(ctx, m.e, m.e.Parts, raw)
	if err != nil {
		return err
	}
	part := &Part{Number: m.e.Parts, Offset: m.e.Bytes, Size: int64(len(raw)), Sealed: slices.Clip(sealed)}
	m.e.Parts, m.e.Bytes = m.e.Parts+1, m.e.Bytes+part.Size
	if err := m.Kept.Proceed(ctx, m.e, part); err != nil {
		return err
	}
	m.buffer.Reset()
	return nil
}
