package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
)

// NewInvitationsCommand returns `otklik invitations`.
func NewInvitationsCommand(env Env) *cobra.Command {
	return newGroup("invitations", "Make and revoke one-time tokens",
		`Make and revoke one-time tokens. Each lets one response to a survey be submitted, and does nothing else.`,
		newInvitationsCreate(env), newInvitationsRevoke(env))
}

// Bounds of invitations.
const (
	invitationBatch    = 1000
	maximumInvitations = 1_000_000
)

func newInvitationsCreate(env Env) *cobra.Command {
	var count int
	var file, expires string
	cmd := &cobra.Command{
		Use:   "create SURVEY (--count N | --respondents FILE)",
		Short: "Make one-time tokens for a survey and tell them, once",
		Long: `Make one-time tokens for a survey and tell them, once: a line for each with the invitation, the token and the token's name, behind tabs.

--respondents names a file with one identifier of the organisation's own for each line, - for standard input: the response that is
submitted with the token is that respondent's.`,
		Example: `  otklik invitations create shop --count 100 > tokens.tsv
  otklik invitations create shop --respondents customers.txt --expires 240h`,
		Args: exactly("SURVEY"),
	}
	c := newCall(env, cmd)
	cmd.Flags().IntVar(&count, "count", 0, "how many, for nobody in particular")
	cmd.Flags().StringVar(&file, "respondents", "", "file with who is invited, a line for each")
	cmd.Flags().StringVar(&expires, "expires", "", "when they end: 2027-01-31, or 720h from now (default: after 30 days)")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		invitations, err := c.invitations(count, file)
		if err != nil {
			return err
		}
		request := &accessv1.CreateInvitationTokensRequest{Parent: surveyName(args[0])}
		if request.ExpireTime, err = parseExpiry(expires, c.env.Now()); err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			all := &accessv1.CreateInvitationTokensResponse{}
			for len(invitations) > 0 {
				n := min(len(invitations), invitationBatch)
				request.Invitations, invitations = invitations[:n], invitations[n:]
				made, err := conn.Access.CreateInvitationTokens(ctx, request)
				if err != nil {
					return fmt.Errorf("make tokens: %w", err)
				}
				if c.json {
					all.Tokens = append(all.Tokens, made.GetTokens()...)
					continue
				}
				// Told at once: they are not told again should the next batch fail.
				if err := c.writeTokens(made.GetTokens()); err != nil {
					return err
				}
			}
			if c.json {
				return c.printJSON(all)
			}
			return nil
		})
	})
	return cmd
}

func (c *call) writeTokens(tokens []*accessv1.CreateInvitationTokensResponse_InvitationToken) error {
	var b strings.Builder
	for _, t := range tokens {
		fmt.Fprintf(&b, "%s\t%s\t%s\n", printable(t.GetInvitation()), printable(t.GetToken()), printable(t.GetName()))
	}
	return c.write(b.String())
}

// invitations are those that the flags ask for.
func (c *call) invitations(count int, file string) ([]*accessv1.CreateInvitationTokensRequest_Invitation, error) {
	switch {
	case (count == 0) == (file == ""):
		return nil, exit.Usagef("either --count or --respondents is needed")
	case count < 0 || count > maximumInvitations:
		return nil, exit.Usagef("--count must be 1 to %d", maximumInvitations)
	case count > 0:
		all := make([]*accessv1.CreateInvitationTokensRequest_Invitation, count)
		for i := range all {
			all[i] = &accessv1.CreateInvitationTokensRequest_Invitation{}
		}
		return all, nil
	}
	in := c.cmd.InOrStdin()
	if file != "-" {
		opened, err := os.Open(file)
		if err != nil {
			return nil, exit.Usagef("read respondents: %w", err)
		}
		defer opened.Close()
		in = opened
	}
	return readRespondents(in)
}

// readRespondents reads a list of respondents, a line for each. Empty lines are passed over.
func readRespondents(in io.Reader) ([]*accessv1.CreateInvitationTokensRequest_Invitation, error) {
	var all []*accessv1.CreateInvitationTokensRequest_Invitation
	lines := bufio.NewScanner(in)
	for line := 1; lines.Scan(); line++ {
		text := strings.TrimSpace(strings.TrimPrefix(lines.Text(), "\ufeff"))
		switch {
		case text == "":
		case !utf8.ValidString(text) || utf8.RuneCountInString(text) > maximumIdentifier:
			return nil, exit.Usagef("read respondents: line %d is no identifier of at most %d characters", line, maximumIdentifier)
		case len(all) == maximumInvitations:
			return nil, exit.Usagef("read respondents: more than %d", maximumInvitations)
		default:
			all = append(all, &accessv1.CreateInvitationTokensRequest_Invitation{Respondent: text})
		}
	}
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, exit.Usagef("read respondents: a line is longer than %d bytes", bufio.MaxScanTokenSize)
	case err != nil:
		return nil, fmt.Errorf("read respondents: %w", err)
	case len(all) == 0:
		return nil, exit.Usagef("read respondents: there is none")
	}
	return all, nil
}

// maximumIdentifier is how many characters the identifier of a respondent may have.
const maximumIdentifier = 128

func newInvitationsRevoke(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "revoke TOKEN_NAME", Short: "End a one-time token that was not used", Args: exactly("TOKEN_NAME")}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		name := named("invitationTokens", args[0])
		revoked, err := conn.Access.RevokeInvitationToken(ctx, &accessv1.RevokeInvitationTokenRequest{Name: name})
		if err != nil {
			return fmt.Errorf("revoke the token: %w", err)
		}
		if c.json {
			return c.printJSON(revoked)
		}
		return c.write(printable(name) + " is revoked\n")
	})
	return cmd
}
