package command

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

const (
	// analyzedBytes is how long a text may be.
	analyzedBytes = 100_000
	// analyzedAhead is how many lines may be on their way.
	analyzedAhead = 256
)

func newCommentAnalyze(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "analyze [FILE]",
		Short: "Analyse texts, one in each line",
		Long: `Analyse texts, one in each line of FILE or of standard input, and write one JSON object for each at once: the text with personal data replaced, its language,
what it expresses, what it speaks of, the phrases that matter and what was replaced. Places count Unicode code points of the text as it is written out.
Gzip is unpacked.

A line that is longer than 100,000 bytes gets an object with its number and the error; the others go on, and the exit code is 5.`,
		Example: `  otklik comment analyze reviews.txt > analysed.jsonl
  echo "Парковка маленькая, но персонал вежливый" | otklik comment analyze --aspect parking=парковка,стоянка`,
		Args: atMostOne("FILE"),
	}
	c := newAnalysisCall(env, cmd)
	c.addAspects(cmd.Flags())
	cmd.Flag("json").Usage = "print errors as JSON, too"
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		if err := c.requireGRPC(); err != nil {
			return err
		}
		path := "-"
		if len(args) > 0 {
			path = args[0]
		}
		in, err := c.openText(path)
		if err != nil {
			return err
		}
		defer func() { _ = in.Close() }()
		return c.analyse(func(analysis commentv1.AnalysisServiceClient) error {
			refused, err := analyzeLines(ctx, analysis, &unpacked{in: in}, c.out())
			if err == nil && refused > 0 {
				err = &exit.Error{Code: exit.Incomplete, Err: fmt.Errorf("%d lines were not analysed", refused)}
			}
			return err
		})
	})
	return cmd
}

// unpacked reads what was compressed by gzip, and what was not as it is. It looks at the first read: input may pause before anything comes.
type unpacked struct {
	in    io.Reader
	plain io.Reader
}

// Read implements io.Reader.
func (u *unpacked) Read(p []byte) (int, error) {
	if u.plain == nil {
		plain, err := unpack(bufio.NewReader(u.in))
		if err != nil {
			return 0, exit.Usagef("unpack the texts: %w", err)
		}
		u.plain = plain
	}
	return u.plain.Read(p)
}

func unpack(in *bufio.Reader) (io.Reader, error) {
	const magic = "\x1f\x8b"
	// One byte at a time: where people type there may be no more yet.
	for n := 1; n <= len(magic); n++ {
		if begun, _ := in.Peek(n); string(begun) != magic[:n] {
			return in, nil
		}
	}
	return gzip.NewReader(in)
}

// inputLine is a line on its way: what is wrong with it, if anything.
type inputLine struct {
	number int64
	wrong  string
}

// analyzeLines writes what is made of each line, in order, and returns how many could not be analysed.
func analyzeLines(ctx context.Context, analysis commentv1.AnalysisServiceClient, in io.Reader, out io.Writer) (refused int64, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := analysis.StreamAnalyzeTexts(ctx)
	if err != nil {
		return 0, fmt.Errorf("analyse texts: %w", err)
	}
	lines := make(chan inputLine, analyzedAhead)
	var sent atomic.Int64
	read := make(chan error, 1)
	// Reading cannot be interrupted where input pauses: nobody waits for it when the call has failed.
	go func() {
		err := sendLines(ctx, stream, in, lines, &sent)
		read <- errors.Join(err, stream.CloseSend())
		close(lines)
	}()
	w := &lineWriter{out: bufio.NewWriter(out), pending: func(done int64) bool { return sent.Load() > done }}
	if err := w.write(ctx, stream, lines); err != nil {
		return w.refused, err
	}
	return w.refused, <-read
}

// sendLines sends lines and notes them in order.
func sendLines(ctx context.Context, stream commentv1.AnalysisService_StreamAnalyzeTextsClient, in io.Reader, lines chan<- inputLine, sent *atomic.Int64) error {
	reader := bufio.NewReaderSize(in, analyzedBytes+16)
	for number := int64(1); ; number++ {
		text, long, err := readLine(reader)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read line %d: %w", number, err)
		}
		line := inputLine{number: number}
		if number == 1 {
			text = strings.TrimPrefix(text, "\ufeff")
		}
		// What is not UTF-8 cannot be sent, and a replacement may be longer.
		text = strings.ToValidUTF8(text, "\ufffd")
		if long || len(text) > analyzedBytes {
			line.wrong = fmt.Sprintf("the line is longer than %d bytes", analyzedBytes)
		}
		select {
		case lines <- line:
		case <-ctx.Done():
			return nil
		}
		sent.Add(1)
		if line.wrong != "" {
			continue
		}
		err = stream.Send(&commentv1.StreamAnalyzeTextsRequest{Text: text})
		if errors.Is(err, io.EOF) {
			// Why the call has ended is told by its answer.
			return nil
		}
		if err != nil {
			return fmt.Errorf("send line %d: %w", number, err)
		}
	}
}

// readLine returns the next line without its end. One that does not fit into the reader's memory is passed over and long.
func readLine(r *bufio.Reader) (text string, long bool, err error) {
	raw, err := r.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) {
		long = true
		_, err = r.ReadSlice('\n')
	}
	if errors.Is(err, io.EOF) && (len(raw) > 0 || long) {
		err = nil
	}
	if err != nil || long {
		return "", long, err
	}
	return string(bytes.TrimSuffix(bytes.TrimSuffix(raw, []byte("\n")), []byte("\r"))), false, nil
}

// lineWriter writes results.
type lineWriter struct {
	out *bufio.Writer
	// pending tells whether more lines are on their way than were done; when not, what is written is shown at once.
	pending func(done int64) bool
	refused int64
}

func (w *lineWriter) write(ctx context.Context, stream commentv1.AnalysisService_StreamAnalyzeTextsClient, lines <-chan inputLine) error {
	encoder := json.NewEncoder(w.out)
	encoder.SetEscapeHTML(false)
	for {
		line, more, err := next(ctx, lines)
		if err != nil {
			return errors.Join(err, w.out.Flush())
		}
		if !more {
			return w.flush()
		}
		var object any = wrongLine{Line: line.number, Error: line.wrong}
		if line.wrong == "" {
			got, err := stream.Recv()
			if err != nil {
				return fmt.Errorf("analyse line %d: %w", line.number, errors.Join(err, w.out.Flush()))
			}
			object = analyzedOf(line.number, got)
		} else {
			w.refused++
		}
		if err := encoder.Encode(object); err != nil {
			return fmt.Errorf("write a line: %w", err)
		}
		if !w.pending(line.number) {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
}

// next is the next line on its way, if there is one more.
func next(ctx context.Context, lines <-chan inputLine) (inputLine, bool, error) {
	select {
	case line, more := <-lines:
		return line, more, nil
	case <-ctx.Done():
		return inputLine{}, false, ctx.Err()
	}
}

func (w *lineWriter) flush() error {
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("write a line: %w", err)
	}
	return nil
}
