package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	"github.com/otklik/otklik/services/comment"
)

// NewCommentCommands returns the subcommands of `otklik comment`.
func NewCommentCommands(env Env) []*cobra.Command {
	return []*cobra.Command{
		newCommentAnalyze(env), newCommentEval(env), newCommentModel(env), newCommentList(env), newCommentSearch(env), newCommentThemes(env), newCommentEmerging(env),
		newCommentPhrases(env), newCommentCorrect(env), newCommentReanalyze(env),
	}
}

// onThisMachine ends the help of commands that need no server.
const onThisMachine = `
Works on this machine, without a server, unless --server or --profile names one.`

// analysisCall is one run of a command that analyses texts, here or at a server.
type analysisCall struct {
	*call
	// own are the flags --aspect.
	own []string
}

func newAnalysisCall(env Env, cmd *cobra.Command) *analysisCall {
	cmd.Long += "\n" + onThisMachine
	return &analysisCall{call: newCall(env, cmd)}
}

// remote tells whether a server is to be asked. The environment alone names none: what works here needs no server that is meant for other commands.
func (c *analysisCall) remote() bool {
	flags := c.cmd.Flags()
	return flags.Changed("server") || flags.Changed("profile")
}

// analyse lets f use the service.
func (c *analysisCall) analyse(f func(commentv1.AnalysisServiceClient) error) error {
	if c.remote() {
		if len(c.own) > 0 {
			return exit.Usagef("--aspect is for analysis on this machine: a server takes the aspects of the key's organisation")
		}
		return c.with(func(conn *client.Connection) error { return f(conn.Analysis) })
	}
	aspects, err := parseAspects(c.own)
	if err != nil {
		return err
	}
	local, err := comment.NewLocal(aspects)
	var input *comment.InputError
	if errors.As(err, &input) {
		return exit.Usagef("--aspect: %w", input)
	}
	if err != nil {
		return err
	}
	// Everything that was asked has been answered; it ends with the process.
	defer func() { _ = local.Close() }()
	return f(commentv1.NewAnalysisServiceClient(local.Conn()))
}

// requireGRPC refuses a server's REST address for calls that stream.
func (c *analysisCall) requireGRPC() error {
	if !c.remote() {
		return nil
	}
	endpoint, err := c.options.Resolve(c.env.Getenv)
	if err == nil && endpoint.Server.REST {
		err = exit.Usagef("this command speaks gRPC only: name the server as HOST:PORT or grpcs://HOST:PORT")
	}
	return err
}

// addAspects adds the flag --aspect.
func (c *analysisCall) addAspects(flags *pflag.FlagSet) {
	flags.StringArrayVar(&c.own, "aspect", nil, "find an aspect of your own, ID=PHRASE,PHRASE: for example parking=стоянка,парковка; repeat for more")
}

// parseAspects reads --aspect.
func parseAspects(all []string) ([]comment.LocalAspect, error) {
	var aspects []comment.LocalAspect
	for _, text := range all {
		id, phrases, _ := strings.Cut(text, "=")
		a := comment.LocalAspect{ID: strings.TrimSpace(id)}
		for phrase := range strings.SplitSeq(phrases, ",") {
			if phrase = strings.TrimSpace(phrase); phrase != "" {
				a.Phrases = append(a.Phrases, phrase)
			}
		}
		if a.ID == "" || len(a.Phrases) == 0 {
			return nil, exit.Usagef("--aspect: %q is not ID=PHRASE,PHRASE", text)
		}
		aspects = append(aspects, a)
	}
	return aspects, nil
}

// openText opens a file, `-` being standard input.
func (c *call) openText(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(c.cmd.InOrStdin()), nil
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, exit.Usagef("open the texts: %w", err)
	}
	if info, err := file.Stat(); err == nil && info.IsDir() {
		_ = file.Close()
		return nil, exit.Usagef("open the texts: %s is a folder", path)
	}
	return file, nil
}

// atMostOne takes one argument or none.
func atMostOne(name string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) > 1 {
			return exit.Usagef("one %s or none must be given, nothing more", name)
		}
		return nil
	}
}

func newCommentModel(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "model",
		Short: "Print the card of the models: what they were trained on, how good they are and where not",
		Args:  exactly(),
	}
	c := newAnalysisCall(env, cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		return c.analyse(func(analysis commentv1.AnalysisServiceClient) error {
			got, err := analysis.GetModel(ctx, &commentv1.GetModelRequest{Name: "models/current"})
			if err != nil {
				return fmt.Errorf("ask for the model: %w", err)
			}
			if c.json {
				return c.printJSON(got)
			}
			m := got.GetModel()
			return c.write(m.GetName() + "\n\n" + strings.TrimRight(m.GetCard(), "\n") + "\n")
		})
	})
	return cmd
}
