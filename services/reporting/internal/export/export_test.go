package export_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/otklik/otklik/services/reporting/internal/export"
)

// kept keeps one export. It breaks, as a process that dies, before the part `dies` is kept, and is called off before the part `cancels`.
type kept struct {
	ended         []export.State
	e             export.Export
	file          bytes.Buffer
	parts         int64
	dies, cancels int64
	restarts      int
}

var errDied = errors.New("died")

func (k *kept) Claim(_ context.Context, holder string, _, until time.Time) (export.Export, error) {
	if k.e.State.Ended() {
		return export.Export{}, export.ErrNone
	}
	k.e.State, k.e.Holder, k.e.Until = export.Running, holder, until
	return k.e, nil
}

func (k *kept) Hold(context.Context, export.Export, time.Time) error { return nil }

func (k *kept) Proceed(_ context.Context, e export.Export, part *export.Part) error {
	switch {
	case k.e.State.Ended() || e.Holder != k.e.Holder:
		return export.ErrLost
	case part != nil && part.Number == k.dies:
		k.dies = -1
		return errDied
	case part != nil && part.Number == k.cancels:
		k.e.State = export.Cancelled
		return export.ErrLost
	}
	if part != nil {
		if part.Number != k.parts || part.Offset != int64(k.file.Len()) || part.Size != int64(len(part.Sealed)) {
			return fmt.Errorf("part %d at %d comes after %d parts and %d bytes", part.Number, part.Offset, k.parts, k.file.Len())
		}
		k.file.Write(part.Sealed)
		k.parts++
	}
	k.e = e
	return nil
}

func (k *kept) Restart(_ context.Context, e export.Export) error {
	k.file.Reset()
	k.parts, k.e = 0, e
	k.restarts++
	return nil
}

// source has n rows with texts that spreadsheets would compute.
type source struct {
	n       int64
	refuses string
	peak    uint64
}

func (s *source) Acting(ctx context.Context, _ export.Export) (context.Context, error) {
	if s.refuses != "" {
		return nil, &export.Refused{Reason: s.refuses}
	}
	return ctx, nil
}

func (s *source) Columns(context.Context, export.Order) ([]export.Column, error) { return nil, nil }

func (s *source) Rows(ctx context.Context, _ export.Order, after export.Mark, fn func(export.Mark, []export.Cell) error) error {
	cells := make([]export.Cell, 3)
	for i := after.Position + 1; i <= s.n; i++ {
		cells[0], cells[1], cells[2] = export.Cell{Number: float64(i), Numeric: true}, export.Cell{Text: "=1+" + fmt.Sprint(i)}, export.Cell{Text: "дүкөн <" + fmt.Sprint(i%7) + "> \"&\" " + strings.Repeat("x", int(i%50))}
		if err := fn(export.Mark{Position: i}, cells); err != nil {
			return err
		}
		if i%200_000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			s.peak = max(s.peak, m.HeapInuse)
		}
	}
	return ctx.Err()
}

// maker is a source that acts.
type maker interface {
	export.Source
	Acting(ctx context.Context, e export.Export) (context.Context, error)
}

func run(t testing.TB, k *kept, s maker, format export.Format, most int64) {
	t.Helper()
	k.e = export.Export{ID: "one", State: export.Pending, Order: export.Order{Kind: export.Responses, Format: format, Columns: []string{"position", "text", "place"}, Mark: true}}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := &export.Runner{
		Kept: ender{k, cancel}, Acting: s.Acting, Sources: map[export.Kind]export.Source{export.Responses: s}, Safe: open{}, MostBytes: most, Now: time.Now,
		Log: slog.New(slog.DiscardHandler), Noted: func(_ context.Context, e export.Export) { k.ended = append(k.ended, e.State) },
	}
	if err := r.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

// open keeps parts as they are.
type open struct{}

func (open) Seal(_ context.Context, _ export.Export, _ int64, raw []byte) ([]byte, error) {
	return bytes.Clone(raw), nil
}

func (open) Open(_ context.Context, _ export.Export, _ int64, sealed []byte) ([]byte, error) {
	return sealed, nil
}

// ender ends the runner when there is nothing more to do.
type ender struct {
	*kept
	end context.CancelFunc
}

func (e ender) Claim(ctx context.Context, holder string, now, until time.Time) (export.Export, error) {
	got, err := e.kept.Claim(ctx, holder, now, until)
	if err != nil {
		e.end()
	}
	return got, err
}

// TestEveryRowOnce: whether or not the process that writes dies midway, each row is in the file once, in order, and texts are no formulas.
func TestEveryRowOnce(t *testing.T) {
	t.Parallel()
	for _, dies := range []int64{-1, 0, 1} {
		k := &kept{dies: dies, cancels: -1}
		run(t, k, &source{n: 60_000}, export.CSV, 1<<30)
		if k.e.State != export.Succeeded || k.e.Rows != 60_000 || k.e.Bytes != int64(k.file.Len()) || k.parts < 2 {
			t.Fatalf("dies at %d: %+v", dies, k.e)
		}
		text, marked := strings.CutPrefix(k.file.String(), "\ufeff")
		rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
		if err != nil || !marked || len(rows) != 60_001 || rows[0][1] != "text" {
			t.Fatalf("dies at %d: %d rows, marked %t, %v", dies, len(rows), marked, err)
		}
		for i, row := range rows[1:] {
			if row[0] != fmt.Sprint(i+1) || row[1] != "'=1+"+row[0] {
				t.Fatalf("dies at %d: row %d is %q", dies, i, row)
			}
		}
	}
}

// TestWorkbook: a workbook that was cut off is begun anew; spreadsheets read it, and its texts are texts.
func TestWorkbook(t *testing.T) {
	t.Parallel()
	k := &kept{dies: 1, cancels: -1}
	run(t, k, &source{n: 150_000}, export.XLSX, 1<<30)
	if k.e.State != export.Succeeded || k.restarts != 2 {
		t.Fatalf("%+v, begun %d times", k.e, k.restarts)
	}
	book, err := excelize.OpenReader(bytes.NewReader(k.file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	rows, err := book.Rows("Responses 1")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for rows.Next() {
		cells, err := rows.Columns()
		if err != nil {
			t.Fatal(err)
		}
		if n > 0 && (cells[0] != fmt.Sprint(n) || cells[1] != "=1+"+cells[0] || !strings.HasPrefix(cells[2], "дүкөн <")) {
			t.Fatalf("row %d: %q", n, cells)
		}
		n++
	}
	if n != 150_001 {
		t.Errorf("%d rows", n)
	}
	if formula, err := book.GetCellFormula("Responses 1", "B2"); err != nil || formula != "" {
		t.Errorf("a formula %q, %v", formula, err)
	}
	style, err := book.GetCellStyle("Responses 1", "B2")
	if err != nil || style != 1 {
		t.Errorf("style %d, %v", style, err)
	}
}

// TestEnds: an export that was called off, refused or too large ends, and says why.
func TestEnds(t *testing.T) {
	t.Parallel()
	k := &kept{dies: -1, cancels: 1}
	run(t, k, &source{n: 60_000}, export.JSONL, 1<<30)
	if k.e.State != export.Cancelled || k.parts != 1 || k.ended != nil {
		t.Errorf("called off: %+v", k.e)
	}
	k = &kept{dies: -1, cancels: -1}
	run(t, k, &source{refuses: "gone"}, export.CSV, 1<<30)
	if k.e.State != export.Failed || k.e.Failure != "gone" || len(k.ended) != 1 || k.ended[0] != export.Failed {
		t.Errorf("refused: %+v", k.e)
	}
	k = &kept{dies: -1, cancels: -1}
	run(t, k, &source{n: 60_000}, export.CSV, 3<<20)
	if k.e.State != export.Failed || !strings.Contains(k.e.Failure, "3145728 bytes") {
		t.Errorf("too large: %+v", k.e)
	}
}

// TestChoose: columns of persons are left out, or refused by name; those that there are not are named.
func TestChoose(t *testing.T) {
	t.Parallel()
	there := export.OfResponses([]export.Question{{ID: "nps", Scored: true, Commented: true}, {ID: "why", Written: true}})
	chosen, withheld, err := export.Choose(there, nil, false)
	if err != nil || len(chosen) != 16 || strings.Join(withheld, " ") != "employee respondent invitation comment.nps answer.why" {
		t.Errorf("%v, %v, %v", chosen, withheld, err)
	}
	if chosen, withheld, _ := export.Choose(there, nil, true); len(chosen) != 21 || withheld != nil {
		t.Errorf("%v, %v", chosen, withheld)
	}
	var forbidden *export.ForbiddenError
	for _, name := range []string{"comment.nps", "employee"} {
		if _, _, err := export.Choose(there, []string{"location", name}, false); !errors.As(err, &forbidden) || forbidden.At != 1 || forbidden.Name != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	var unknown *export.UnknownError
	if _, _, err := export.Choose(there, []string{"answer.none"}, true); !errors.As(err, &unknown) || unknown.Name != "answer.none" {
		t.Errorf("%v", err)
	}
	if chosen, _, err := export.Choose(there, []string{"attribute.basket", "answer.nps"}, false); err != nil || len(chosen) != 2 {
		t.Errorf("%v, %v", chosen, err)
	}
}

// discarding keeps nothing but how far an export has come.
type discarding struct{ ender }

func (d discarding) Proceed(_ context.Context, e export.Export, _ *export.Part) error {
	d.kept.e = e
	return nil
}

// BenchmarkRows writes a million rows, and ten, and tells how much memory was in use at most.
func BenchmarkRows(b *testing.B) {
	for name, c := range map[string]struct {
		format export.Format
		rows   int64
	}{
		"csv/1M": {export.CSV, 1_000_000}, "xlsx/1M": {export.XLSX, 1_000_000}, "jsonl/1M": {export.JSONL, 1_000_000},
		"csv/10M": {export.CSV, 10_000_000}, "xlsx/10M": {export.XLSX, 10_000_000}, "jsonl/10M": {export.JSONL, 10_000_000},
	} {
		b.Run(name, func(b *testing.B) {
			format := c.format
			for b.Loop() {
				k, s := &kept{}, &source{n: c.rows}
				k.e = export.Export{ID: "one", State: export.Pending, Order: export.Order{Kind: export.Responses, Format: format, Columns: []string{"position", "text", "place"}}}
				ctx, cancel := context.WithCancel(b.Context())
				r := &export.Runner{
					Kept: discarding{ender{k, cancel}}, Acting: s.Acting, Sources: map[export.Kind]export.Source{export.Responses: s}, Safe: open{}, MostBytes: 1 << 40,
					Now: time.Now, Log: slog.New(slog.DiscardHandler),
				}
				if err := r.Run(ctx); err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64(s.peak)/(1<<20), "heap-MiB")
				cancel()
			}
		})
	}
}
