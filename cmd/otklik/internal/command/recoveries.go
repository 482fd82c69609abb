package command

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// NewRecoveriesCommand returns `otklik recoveries`.
func NewRecoveriesCommand(env Env) *cobra.Command {
	return newListGroup(newRecoveriesList(env), "recoveries", "Ask customers again whose cases were closed, and tell how many were won back",
		"Ask customers again whose cases were closed, and tell how many were won back.",
		newRecoveriesList(env), newRecoveriesInvite(env), newRecoveriesRate(env), newRecoveriesPolicy(env))
}

func newRecoveriesList(env Env) *cobra.Command {
	request := &segmentationv1.ListRecoveriesRequest{}
	var states []string
	var limit int
	cmd := &cobra.Command{Use: "list", Short: "List whom to ask again, and what became of it", Example: "  otklik recoveries list --state due", Args: exactly()}
	c := newCall(env, cmd)
	cmd.Flags().StringSliceVar(&states, "state", nil, "only those in these states: "+names("", "STATE_", segmentationv1.Recovery_State(0).Descriptor()))
	cmd.Flags().IntVar(&limit, "limit", 50, "at most this many") //nolint:mnd // a screen or two
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		if limit < 1 {
			return exit.Usagef("--limit must be positive")
		}
		for _, name := range states {
			v, err := value("state", "STATE_", name, segmentationv1.Recovery_State(0).Descriptor())
			if err != nil {
				return err
			}
			request.States = append(request.States, segmentationv1.Recovery_State(v))
		}
		request.PageSize = pageFor(limit)
		return c.with(func(conn *client.Connection) error {
			list, err := listUpTo(ctx, "recoveries", conn.Recoveries.ListRecoveries, request, &request.PageToken, (*segmentationv1.ListRecoveriesResponse).GetRecoveries, limit)
			if err != nil {
				return err
			}
			switch {
			case c.json:
				return c.printJSON(&segmentationv1.ListRecoveriesResponse{Recoveries: list})
			case len(list) == 0:
				return c.write("no recoveries\n")
			}
			return c.recoveryTable(list...)
		})
	})
	return cmd
}

func (c *call) recoveryTable(list ...*segmentationv1.Recovery) error {
	var rows [][]string
	for _, r := range list {
		score, recovered := "-", "-"
		if r.Score != nil {
			score = formatNumber(r.GetScore(), 2)
		}
		if r.Recovered != nil {
			recovered = map[bool]string{true: "yes", false: "no"}[r.GetRecovered()]
		}
		rows = append(rows, []string{
			idOf(r.GetName()), enumWord("STATE_", r.GetState()), orDash(r.GetContact()), orDash(r.GetSurvey()), formatTime(r.GetDueTime()), formatTime(r.GetExpireTime()), score, recovered,
		})
	}
	return c.table([]string{"RECOVERY", "STATE", "CONTACT", "SURVEY", "DUE", "EXPIRES", "SCORE", "RECOVERED"}, rows)
}

func newRecoveriesInvite(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "invite RECOVERY", Short: "Make the invitation by which a customer answers again, and tell its token", Args: exactly("RECOVERY")}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		got, err := conn.Recoveries.InviteRecovery(ctx, &segmentationv1.InviteRecoveryRequest{Name: named("recoveries", args[0])})
		return c.told("invite", got, err, func() error {
			if err := c.recoveryTable(got.GetRecovery()); err != nil {
				return err
			}
			return c.write("token: " + got.GetToken() + "\n")
		})
	})
	return cmd
}

func newRecoveriesRate(env Env) *cobra.Command {
	var from, to, zone string
	cmd := &cobra.Command{Use: "rate", Short: "Tell how many of those who were asked again were won back", Example: "  otklik recoveries rate --from 2026-01", Args: exactly()}
	c := newCall(env, cmd)
	f := cmd.Flags()
	f.StringVar(&from, "from", "", "only cases closed at this time or later")
	f.StringVar(&to, "to", "", "only cases closed before this time")
	f.StringVar(&zone, "time-zone", "", "IANA time zone of the times given (default UTC)")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		period, err := parsePeriod(from, to, zone)
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Recoveries.QueryRecoveryRate(ctx, &segmentationv1.QueryRecoveryRateRequest{Period: period})
			return c.told("ask for the rate", got, err, func() error {
				rate := "-"
				if got.Rate != nil {
					rate = formatNumber(got.GetRate(), 3) + " " + interval(got.GetInterval())
				}
				return c.table([]string{"CASES", "INVITED", "ANSWERED", "RECOVERED", "BY LIGHT", "RATE"}, [][]string{{
					fmt.Sprint(got.GetCases()), fmt.Sprint(got.GetInvited()), fmt.Sprint(got.GetAnswered()), fmt.Sprint(got.GetRecovered()), fmt.Sprint(got.GetRecoveredByLight()), rate,
				}})
			})
		})
	})
	return cmd
}

func newRecoveriesPolicy(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "policy", Short: "Show by which survey, and when, customers are asked again; or change it", Args: exactly()}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		got, err := conn.Recoveries.GetRecoveryPolicy(ctx, &segmentationv1.GetRecoveryPolicyRequest{})
		return c.told("get the recovery policy", got, err, func() error { return c.recoveryPolicyTable(got.GetRecoveryPolicy()) })
	})
	cmd.AddCommand(newRecoveriesPolicySet(env))
	return cmd
}

func newRecoveriesPolicySet(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "set FILE",
		Short:   "Put the policy of a JSON or YAML file, - being standard input, in the place of the one before",
		Example: `  echo '{survey: surveys/again, delay: 259200s, wait: 1209600s, question: recommend, cut: 7}' | otklik recoveries policy set -`,
		Args:    exactly("FILE"),
	}
	c := newCall(env, cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		policy := &segmentationv1.RecoveryPolicy{}
		if err := c.readMessage(args[0], policy); err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Recoveries.UpdateRecoveryPolicy(ctx, &segmentationv1.UpdateRecoveryPolicyRequest{RecoveryPolicy: policy})
			return c.told("change the recovery policy", got, err, func() error { return c.recoveryPolicyTable(got.GetRecoveryPolicy()) })
		})
	})
	return cmd
}

func (c *call) recoveryPolicyTable(p *segmentationv1.RecoveryPolicy) error {
	return c.table([]string{"SURVEY", "AFTER", "FOR", "QUESTION", "FROM"}, [][]string{{
		orDash(p.GetSurvey()), p.GetDelay().AsDuration().String(), p.GetWait().AsDuration().String(), orDash(p.GetQuestion()), formatNumber(p.GetCut(), 2),
	}})
}
