package command

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/libs/rpcerr"
	scoringv1 "github.com/otklik/otklik/proto/gen/go/otklik/scoring/v1"
)

// NewDeadLettersCommand returns `otklik dead-letters`.
func NewDeadLettersCommand(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dead-letters",
		Short: "Look at answers that could not be counted, and count them",
		Long: `Look at responses and refusals that were accepted but could not be counted, and count them once what was in the way is mended.

They are part of no score until they are replayed, or until a rebuild can count them.`,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDeadLettersList(env), newDeadLettersShow(env), newDeadLettersReplay(env))
	return cmd
}

func newDeadLettersList(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List what could not be counted, the oldest first",
		Args:  exactly(),
	}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		all, err := listDeadLetters(ctx, conn)
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(all)
		}
		if len(all.GetDeadLetters()) == 0 {
			return c.write("no dead letters: all that was accepted is counted, or about to be\n")
		}
		var rows [][]string
		for _, l := range all.GetDeadLetters() {
			rows = append(rows, []string{idOf(l.GetName()), formatTime(l.GetCreateTime()), orNotStated(l.GetResource()), l.GetReason()})
		}
		return c.table([]string{"DEAD LETTER", "SET ASIDE", "RESOURCE", "REASON"}, rows)
	})
	return cmd
}

// listDeadLetters lists all of them, as one answer.
func listDeadLetters(ctx context.Context, conn *client.Connection) (*scoringv1.ListDeadLettersResponse, error) {
	request := &scoringv1.ListDeadLettersRequest{PageSize: 1000}
	deadLetters, err := listAll(ctx, "dead letters", conn.Scoring.ListDeadLetters, request, &request.PageToken, (*scoringv1.ListDeadLettersResponse).GetDeadLetters)
	if err != nil {
		return nil, err
	}
	return &scoringv1.ListDeadLettersResponse{DeadLetters: deadLetters}, nil
}

func newDeadLettersShow(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "show DEAD_LETTER",
		Short: "Show what could not be counted, with its content",
		Args:  exactly("DEAD_LETTER"),
	}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		got, err := conn.Scoring.GetDeadLetter(ctx, &scoringv1.GetDeadLetterRequest{Name: deadLetterName(args[0])})
		if err != nil {
			return fmt.Errorf("get the dead letter: %w", err)
		}
		if c.json {
			return c.printJSON(got)
		}
		l := got.GetDeadLetter()
		if err := c.write(fmt.Sprintf("%s\n%s\nset aside %s: %s\n", l.GetName(), printable(orNotStated(l.GetResource())),
			formatMoment(l.GetCreateTime()), printable(l.GetReason()))); err != nil {
			return err
		}
		if l.GetContent() == nil {
			return c.write(fmt.Sprintf("\nthe content cannot be decoded; it has %d bytes, which --json prints\n", len(l.GetRawContent())))
		}
		// What people wrote is escaped by JSON, so that it does not speak to the terminal.
		content, err := json.MarshalIndent(l.GetContent().AsMap(), "", "  ")
		if err != nil {
			return fmt.Errorf("print the content: %w", err)
		}
		return c.write("\n" + string(content) + "\n")
	})
	return cmd
}

func newDeadLettersReplay(env Env) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use:   "replay DEAD_LETTER | replay --all",
		Short: "Count what could not be counted before",
		Long: `Count what could not be counted before. It counts once, however often it is replayed.

With --all every dead letter is tried; those that still cannot be counted stay, and the exit code is 5 when there are any. With --json each is
printed on a line of its own, with the API's answer or its error.`,
		Example: `  otklik dead-letters replay 1042
  otklik dead-letters replay --all`,
		Args: func(cmd *cobra.Command, args []string) error {
			if all {
				return exactly()(cmd, args)
			}
			return exactly("DEAD_LETTER (or --all)")(cmd, args)
		},
	}
	c := newCall(env, cmd)
	cmd.Flags().BoolVar(&all, "all", false, "replay every dead letter")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		if all {
			return c.replayAll(ctx, conn)
		}
		got, err := conn.Scoring.ReplayDeadLetter(ctx, &scoringv1.ReplayDeadLetterRequest{Name: deadLetterName(args[0])})
		if err != nil {
			return fmt.Errorf("replay the dead letter: %w", err)
		}
		if c.json {
			return c.printJSON(got)
		}
		return c.write(fmt.Sprintf("%s is counted\n", printable(got.GetResource())))
	})
	return cmd
}

// replayAll replays every dead letter and tells what became of each.
func (c *call) replayAll(ctx context.Context, conn *client.Connection) error {
	list, err := listDeadLetters(ctx, conn)
	if err != nil {
		return err
	}
	counted, left := 0, 0
	for _, l := range list.GetDeadLetters() {
		got, err := conn.Scoring.ReplayDeadLetter(ctx, &scoringv1.ReplayDeadLetterRequest{Name: l.GetName()})
		switch code := rpcerr.Code(err); {
		case err == nil:
			counted++
		case code == codes.NotFound:
			// Somebody else has replayed it meanwhile.
			continue
		case code == codes.FailedPrecondition:
			left++
		default:
			return fmt.Errorf("replay %s: %w", l.GetName(), err)
		}
		if err := c.printReplay(l, got, err); err != nil {
			return err
		}
	}
	if !c.json {
		if err := c.write(fmt.Sprintf("%d counted, %d still cannot be\n", counted, left)); err != nil {
			return err
		}
	}
	if left > 0 {
		return &exit.Error{Code: exit.Incomplete, Err: fmt.Errorf("%d dead letters still cannot be counted", left)}
	}
	return nil
}

// printReplay tells what became of one of several dead letters.
func (c *call) printReplay(l *scoringv1.DeadLetter, got *scoringv1.ReplayDeadLetterResponse, refused error) error {
	why := ""
	if e, ok := rpcerr.FromError(refused); ok {
		why = e.Message
	}
	if c.json {
		line, err := json.Marshal(struct {
			Name     string `json:"name"`
			Resource string `json:"resource,omitempty"`
			Error    string `json:"error,omitempty"`
		}{l.GetName(), got.GetResource(), why})
		if err != nil {
			return fmt.Errorf("encode the answer: %w", err)
		}
		return c.write(string(line) + "\n")
	}
	if refused != nil {
		return c.write(printable(why) + "\n")
	}
	return c.write(fmt.Sprintf("%s is counted\n", printable(got.GetResource())))
}

// deadLetterName makes a resource name of what people type: `1042` or `deadLetters/1042`.
func deadLetterName(s string) string {
	if strings.HasPrefix(s, "deadLetters/") {
		return s
	}
	return "deadLetters/" + s
}
