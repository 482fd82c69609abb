// Package command holds the commands of people and scripts over the public API: look at surveys, ask for scores, export and import answers.
// With --json each prints exactly what the API answers.
package command

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
)

// Env is the world of the commands. The zero value is the real one.
type Env struct {
	// Getenv reads the environment; nil means os.Getenv.
	Getenv func(string) string
	// Connect connects to a server; nil means client.Connect.
	Connect func(client.Endpoint) (*client.Connection, error)
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// IsTerminal tells whether a writer is a terminal, where progress is drawn in place; nil looks for itself.
	IsTerminal func(io.Writer) bool
}

func (e Env) complete() Env {
	if e.Getenv == nil {
		e.Getenv = os.Getenv
	}
	if e.Connect == nil {
		e.Connect = client.Connect
	}
	if e.Now == nil {
		e.Now = time.Now
	}
	if e.IsTerminal == nil {
		e.IsTerminal = isTerminal
	}
	return e
}

// exitCodes ends the help of each command.
const exitCodes = `
Exit codes: 0 done, 1 failure on this side, 2 wrong usage, 3 refused by the server, 4 server unreachable or overloaded (try again),
5 done but rows were refused (import) or dead letters stay (replay), 130 interrupted.`

// call is one run of a command that speaks to a server.
type call struct {
	env     Env
	cmd     *cobra.Command
	options client.Options
	json    bool
}

// newCall adds the flags of all commands that speak to a server.
func newCall(env Env, cmd *cobra.Command) *call {
	c := &call{env: env.complete(), cmd: cmd}
	c.options.AddFlags(cmd.Flags())
	cmd.Flags().BoolVar(&c.json, "json", false, "print the API's answer as JSON")
	cmd.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return exit.Usagef("%w", err) })
	cmd.Long = strings.TrimSpace(cmd.Long + "\n" + exitCodes)
	return c
}

// run makes the RunE of a command: it connects, runs f and closes.
func (c *call) run(f func(ctx context.Context, conn *client.Connection, args []string) error) func(*cobra.Command, []string) error {
	return c.wrap(func(ctx context.Context, args []string) error {
		return c.with(func(conn *client.Connection) error { return f(ctx, conn, args) })
	})
}

// with connects, runs f and closes, for commands that check their usage before they connect.
func (c *call) with(f func(conn *client.Connection) error) error {
	conn, err := c.connect()
	if err != nil {
		return err
	}
	// The connection goes with the process; what was said over it has been answered.
	defer func() { _ = conn.Close() }()
	return f(conn)
}

// wrap makes the RunE of a command, whose errors take the form that --json asks for.
func (c *call) wrap(f func(ctx context.Context, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		ctx, stop := signal.NotifyContext(cmd.Context(), os.Interrupt, syscall.SIGTERM)
		defer stop()
		// The first signal asks to stop in good order; a second one ends the process.
		defer context.AfterFunc(ctx, stop)()
		err := checkText(cmd.Flags(), args)
		if err == nil {
			err = f(ctx, args)
		}
		if err != nil && c.json {
			return &exit.Error{Err: err, JSON: true}
		}
		return err
	}
}

// checkText refuses what is no text, which no message could hold.
func checkText(flags *pflag.FlagSet, args []string) (err error) {
	flags.Visit(func(f *pflag.Flag) {
		if err == nil && !utf8.ValidString(f.Value.String()) {
			err = exit.Usagef("--%s is not UTF-8", f.Name)
		}
	})
	for _, a := range args {
		if err == nil && !utf8.ValidString(a) {
			err = exit.Usagef("%q is not UTF-8", a)
		}
	}
	return err
}

func (c *call) connect() (*client.Connection, error) {
	endpoint, err := c.options.Resolve(c.env.Getenv)
	if err != nil {
		return nil, err
	}
	return c.env.Connect(endpoint)
}

func (c *call) out() io.Writer { return c.cmd.OutOrStdout() }

// printJSON prints a message as the REST API would, indented.
func (c *call) printJSON(m proto.Message) error {
	raw, err := encode(m)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := json.Indent(&b, raw, "", "  "); err != nil {
		return fmt.Errorf("indent the answer: %w", err)
	}
	b.WriteByte('\n')
	return c.write(b.String())
}

// printLine prints a message as the REST API would, on a line of its own.
func (c *call) printLine(m proto.Message) error {
	raw, err := encode(m)
	if err != nil {
		return err
	}
	return c.write(string(raw) + "\n")
}

// encode writes a message as the REST API does. protojson varies its blanks on purpose; they are taken out.
func encode(m proto.Message) ([]byte, error) {
	raw, err := protojson.MarshalOptions{EmitDefaultValues: true}.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("encode the answer: %w", err)
	}
	var b bytes.Buffer
	if err := json.Compact(&b, raw); err != nil {
		return nil, fmt.Errorf("compact the answer: %w", err)
	}
	return b.Bytes(), nil
}

func (c *call) write(s string) error {
	if _, err := io.WriteString(c.out(), s); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

// table prints rows in aligned columns under a header.
func (c *call) table(header []string, rows [][]string) error {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{header}, rows...) {
		cells := make([]string, len(row))
		for i, cell := range row {
			// What respondents and colleagues wrote must neither break the table nor speak to the terminal.
			cells[i] = printable(cell)
		}
		fmt.Fprintln(w, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("lay out the table: %w", err)
	}
	return c.write(b.String())
}

// printable replaces control characters by blanks.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || (r >= 0x7f && r < 0xa0) || r == 0x202e || r == 0x202d || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s)
}

// surveyName makes a resource name of what people type: `shop` or `surveys/shop`.
func surveyName(s string) string {
	if strings.HasPrefix(s, "surveys/") {
		return s
	}
	return "surveys/" + s
}

// exactly returns a check of the number of arguments, named for people.
func exactly(names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != len(names) {
			if len(names) == 0 {
				return exit.Usagef("there are no arguments, but %q was given", args)
			}
			return exit.Usagef("%s must be given, nothing more", strings.Join(names, " and "))
		}
		return nil
	}
}

// between returns a check that from least to most arguments of a name are given.
func between(least, most int, name string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) < least || len(args) > most {
			return exit.Usagef("from %d to %d of %s must be given, not %d", least, most, name, len(args))
		}
		return nil
	}
}
