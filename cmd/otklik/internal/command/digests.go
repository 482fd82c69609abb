package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// NewDigestsCommand returns `otklik digests`.
func NewDigestsCommand(env Env) *cobra.Command {
	return newGroup("digests", "Send what happened by e-mail once a day", "Send what happened by e-mail once a day: numbers and addresses of the app, nothing about persons.",
		newDigestsList(env), newDigestsDeliveries(env))
}

func newDigestsList(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List subscriptions", Example: `  otklik digests list`, Args: exactly()}
	c := newCall(env, cmd)
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		return c.with(func(conn *client.Connection) error {
			request := &segmentationv1.ListDigestSubscriptionsRequest{PageSize: largestPage}
			list, err := listAll(ctx, "digests", conn.Digests.ListDigestSubscriptions, request, &request.PageToken, (*segmentationv1.ListDigestSubscriptionsResponse).GetDigestSubscriptions)
			if err != nil {
				return err
			}
			all := &segmentationv1.ListDigestSubscriptionsResponse{DigestSubscriptions: list}
			switch {
			case c.json:
				return c.printJSON(all)
			case len(all.GetDigestSubscriptions()) == 0:
				return c.write("no digests\n")
			}
			var rows [][]string
			for _, d := range all.GetDigestSubscriptions() {
				rows = append(rows, []string{
					strings.TrimPrefix(d.GetName(), "digestSubscriptions/"), d.GetDisplayName(), d.GetLanguageCode(),
					fmt.Sprintf("%02d:%02d %s", d.GetMinuteOfDay()/60, d.GetMinuteOfDay()%60, d.GetTimeZone()), fmt.Sprint(len(d.GetRecipients())),
					fmt.Sprint(len(d.GetUnsubscribed())), formatTime(d.GetNextSendTime()),
				})
			}
			return c.table([]string{"DIGEST", "NAME", "LANGUAGE", "AT", "RECIPIENTS", "UNSUBSCRIBED", "NEXT"}, rows)
		})
	})
	return cmd
}

func newDigestsDeliveries(env Env) *cobra.Command {
	var limit int
	cmd := &cobra.Command{
		Use: "deliveries DIGEST", Short: "List what was sent and is to be sent, the newest first", Example: `  otklik digests deliveries all`, Args: exactly("DIGEST"),
	}
	c := newCall(env, cmd)
	cmd.Flags().IntVar(&limit, "limit", 100, "at most this many, up to 1000")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		if limit < 1 || limit > 1000 {
			return exit.Usagef("--limit must be between 1 and 1000")
		}
		return c.with(func(conn *client.Connection) error {
			answer, err := conn.Digests.ListDigestDeliveries(ctx, &segmentationv1.ListDigestDeliveriesRequest{
				Parent: named("digestSubscriptions", args[0]), PageSize: int32(limit),
			})
			if err != nil {
				return fmt.Errorf("list deliveries: %w", err)
			}
			switch {
			case c.json:
				return c.printJSON(answer)
			case len(answer.GetDeliveries()) == 0:
				return c.write("no deliveries\n")
			}
			var rows [][]string
			for _, d := range answer.GetDeliveries() {
				rows = append(rows, []string{
					d.GetDay(), d.GetRecipient(), enumWord("STATE_", d.GetState()), fmt.Sprint(d.GetAttempts()), formatTime(d.GetSendTime()),
					formatTime(d.GetNextAttemptTime()), orDash(d.GetFailure()),
				})
			}
			return c.table([]string{"DAY", "RECIPIENT", "STATE", "ATTEMPTS", "SENT", "NEXT", "FAILURE"}, rows)
		})
	})
	return cmd
}
