package command

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
)

// NewWebhooksCommand returns `otklik webhooks`.
func NewWebhooksCommand(env Env) *cobra.Command {
	return newGroup("webhooks", "Send what happens to addresses of your own",
		"Send what happens to addresses of your own, signed as Standard Webhooks describes (standardwebhooks.com).",
		newWebhooksCreate(env), newWebhooksList(env), newWebhooksUpdate(env), newWebhooksPing(env), newWebhooksDeliveries(env), newWebhooksReplay(env),
		newWebhooksRotate(env), newWebhooksDelete(env))
}

// eventNames are the events as webhooks name them.
var eventNames = map[string]accessv1.WebhookEvent{
	"response.accepted": accessv1.WebhookEvent_WEBHOOK_EVENT_RESPONSE_ACCEPTED,
	"refusal.recorded":  accessv1.WebhookEvent_WEBHOOK_EVENT_REFUSAL_RECORDED,
	"person.erased":     accessv1.WebhookEvent_WEBHOOK_EVENT_PERSON_ERASED,
	"alert.opened":      accessv1.WebhookEvent_WEBHOOK_EVENT_ALERT_OPENED,
	"alert.changed":     accessv1.WebhookEvent_WEBHOOK_EVENT_ALERT_CHANGED,
	"alert.resolved":    accessv1.WebhookEvent_WEBHOOK_EVENT_ALERT_RESOLVED,
	"report.delivered":  accessv1.WebhookEvent_WEBHOOK_EVENT_REPORT_DELIVERED,
	"report.overdue":    accessv1.WebhookEvent_WEBHOOK_EVENT_REPORT_OVERDUE,
	"case.opened":       accessv1.WebhookEvent_WEBHOOK_EVENT_CASE_OPENED,
	"case.due":          accessv1.WebhookEvent_WEBHOOK_EVENT_CASE_DUE,
	"case.breached":     accessv1.WebhookEvent_WEBHOOK_EVENT_CASE_BREACHED,
	"case.closed":       accessv1.WebhookEvent_WEBHOOK_EVENT_CASE_CLOSED,
	"light.changed":     accessv1.WebhookEvent_WEBHOOK_EVENT_LIGHT_CHANGED,
	"segment.entered":   accessv1.WebhookEvent_WEBHOOK_EVENT_SEGMENT_ENTERED,
	"segment.left":      accessv1.WebhookEvent_WEBHOOK_EVENT_SEGMENT_LEFT,
}

// eventName is an event as webhooks name it.
func eventName(e accessv1.WebhookEvent) string {
	return strings.ReplaceAll(enumWord("WEBHOOK_EVENT_", e), "_", ".")
}

// eventUsage lists the events for people.
func eventUsage() string { return strings.Join(slices.Sorted(maps.Keys(eventNames)), ", ") }

// eventsNamed are the events of the flag --event.
func eventsNamed(names []string) ([]accessv1.WebhookEvent, error) {
	var events []accessv1.WebhookEvent
	for _, name := range names {
		event, ok := eventNames[name]
		if !ok {
			return nil, exit.Usagef("--event: %q is none of %s", name, eventUsage())
		}
		events = append(events, event)
	}
	return events, nil
}

func newWebhooksCreate(env Env) *cobra.Command {
	var id, name string
	var events []string
	cmd := &cobra.Command{
		Use:     "create URL --event EVENT",
		Short:   "Make a webhook and tell the secret by which its messages are signed, once",
		Example: `  otklik webhooks create https://crm.example/otklik --event response.accepted --event person.erased`,
		Args:    exactly("URL"),
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&id, "id", "", "identifier of the webhook (default: made by the server)")
	cmd.Flags().StringVar(&name, "name", "", "what people call it")
	cmd.Flags().StringSliceVar(&events, "event", nil, eventUsage()+"; repeat for more (needed)")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		webhook := &accessv1.Webhook{DisplayName: name, Url: args[0]}
		var err error
		if webhook.Events, err = eventsNamed(events); err != nil {
			return err
		}
		if len(webhook.GetEvents()) == 0 {
			return exit.Usagef("--event is needed")
		}
		return c.with(func(conn *client.Connection) error {
			made, err := conn.Webhooks.CreateWebhook(ctx, &accessv1.CreateWebhookRequest{WebhookId: id, Webhook: webhook})
			if err != nil {
				return fmt.Errorf("create the webhook: %w", err)
			}
			if c.json {
				return c.printJSON(made)
			}
			if err := c.webhookTable(made.GetWebhook()); err != nil {
				return err
			}
			return c.write(secretText(made.GetSecret()))
		})
	})
	return cmd
}

func (c *call) webhookTable(webhooks ...*accessv1.Webhook) error {
	var rows [][]string
	for _, w := range webhooks {
		state := "enabled"
		if w.GetDisabled() {
			state = "disabled"
		}
		var events []string
		for _, e := range w.GetEvents() {
			events = append(events, eventName(e))
		}
		rows = append(rows, []string{
			idOf(w.GetName()), state, strings.Join(events, ","), formatTime(w.GetLastSuccessTime()), formatTime(w.GetLastFailureTime()), w.GetUrl(), w.GetDisplayName(),
		})
	}
	return c.table([]string{"WEBHOOK", "STATE", "EVENTS", "DELIVERED", "FAILED", "URL", "NAME"}, rows)
}

func newWebhooksList(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List webhooks, the newest first", Args: exactly()}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		request := &accessv1.ListWebhooksRequest{PageSize: 1000}
		webhooks, err := listAll(ctx, "webhooks", conn.Webhooks.ListWebhooks, request, &request.PageToken, (*accessv1.ListWebhooksResponse).GetWebhooks)
		if err != nil {
			return err
		}
		all := &accessv1.ListWebhooksResponse{Webhooks: webhooks}
		switch {
		case c.json:
			return c.printJSON(all)
		case len(all.GetWebhooks()) == 0:
			return c.write("no webhooks\n")
		default:
			return c.webhookTable(all.GetWebhooks()...)
		}
	})
	return cmd
}

// webhookFields are the fields that the flags set.
var webhookFields = map[string]string{"name": "display_name", "url": "url", "event": "events", "disabled": "disabled"}

func newWebhooksUpdate(env Env) *cobra.Command {
	var events []string
	webhook := &accessv1.Webhook{}
	cmd := &cobra.Command{
		Use:   "update WEBHOOK",
		Short: "Change a webhook, stop it or let it go on",
		Long: `Change what the flags name and leave the rest. Events are replaced as a whole. --disabled stops a webhook; --disabled=false lets it go on, also one
that was stopped because its address answered that it is gone (410).`,
		Example: `  otklik webhooks update crm --url https://crm.example/otklik2
  otklik webhooks update crm --disabled=false`,
		Args: exactly("WEBHOOK"),
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&webhook.DisplayName, "name", "", "what people call it")
	cmd.Flags().StringVar(&webhook.Url, "url", "", "where messages go")
	cmd.Flags().StringSliceVar(&events, "event", nil, eventUsage()+"; repeat for more")
	cmd.Flags().BoolVar(&webhook.Disabled, "disabled", false, "send nothing")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		mask, err := changed(cmd.Flags(), webhookFields, "--url or --disabled=false")
		if err != nil {
			return err
		}
		if webhook.Events, err = eventsNamed(events); err != nil {
			return err
		}
		webhook.Name = named("webhooks", args[0])
		return c.with(func(conn *client.Connection) error {
			updated, err := conn.Webhooks.UpdateWebhook(ctx, &accessv1.UpdateWebhookRequest{Webhook: webhook, UpdateMask: mask})
			return c.told("change the webhook", updated, err, func() error { return c.webhookTable(updated.GetWebhook()) })
		})
	})
	return cmd
}

func newWebhooksPing(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ping WEBHOOK",
		Short: "Send the event ping to a webhook",
		Long:  "Send the event ping to a webhook. \"otklik webhooks deliveries\" shows what became of it.",
		Args:  exactly("WEBHOOK"),
	}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		sent, err := conn.Webhooks.PingWebhook(ctx, &accessv1.PingWebhookRequest{Name: named("webhooks", args[0])})
		return c.told("ping the webhook", sent, err, func() error { return c.deliveryTable(sent.GetDelivery()) })
	})
	return cmd
}

func (c *call) deliveryTable(deliveries ...*accessv1.WebhookDelivery) error {
	var rows [][]string
	for _, d := range deliveries {
		rows = append(rows, []string{
			idOf(d.GetName()), enumWord("STATE_", d.GetState()), eventName(d.GetEvent()), orDash(d.GetResource()), formatMoment(d.GetCreateTime()),
			strconv.Itoa(int(d.GetAttempts())), formatMoment(d.GetNextAttemptTime()), orDash(d.GetLastResult()),
		})
	}
	return c.table([]string{"DELIVERY", "STATE", "EVENT", "RESOURCE", "HAPPENED", "ATTEMPTS", "NEXT", "LAST RESULT"}, rows)
}

func newWebhooksDeliveries(env Env) *cobra.Command {
	var limit int
	cmd := &cobra.Command{Use: "deliveries WEBHOOK", Short: "List what was sent and is to be sent, the newest first", Args: exactly("WEBHOOK")}
	c := newCall(env, cmd)
	cmd.Flags().IntVar(&limit, "limit", 100, "at most this many, up to 1000")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		if limit < 1 || limit > 1000 {
			return exit.Usagef("--limit must be 1 to 1000")
		}
		return c.with(func(conn *client.Connection) error {
			page, err := conn.Webhooks.ListWebhookDeliveries(ctx, &accessv1.ListWebhookDeliveriesRequest{
				Parent: named("webhooks", args[0]), PageSize: int32(limit),
			})
			if err != nil {
				return fmt.Errorf("list deliveries: %w", err)
			}
			switch {
			case c.json:
				return c.printJSON(page)
			case len(page.GetDeliveries()) == 0:
				return c.write("no deliveries\n")
			default:
				return c.deliveryTable(page.GetDeliveries()...)
			}
		})
	})
	return cmd
}

// deliveryArguments are a webhook and a delivery, or the full name of a delivery.
func deliveryArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 1 && strings.HasPrefix(args[0], "webhooks/") && strings.Contains(args[0], "/deliveries/") {
		return nil
	}
	return exactly("WEBHOOK", "DELIVERY")(cmd, args)
}

func newWebhooksReplay(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replay WEBHOOK DELIVERY",
		Short: "Send an event again, under the same identifier",
		Long:  "Send an event again, under the same identifier. The delivery is named after its webhook, or by its full name alone, as --json prints it.",
		Example: `  otklik webhooks replay crm 0193b7c2
  otklik webhooks replay webhooks/crm/deliveries/0193b7c2`,
		Args: deliveryArguments,
	}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		name := args[0]
		if len(args) == 2 {
			name = named("webhooks", args[0]) + "/deliveries/" + idOf(args[1])
		}
		sent, err := conn.Webhooks.ReplayWebhookDelivery(ctx, &accessv1.ReplayWebhookDeliveryRequest{Name: name})
		return c.told("send the event again", sent, err, func() error { return c.deliveryTable(sent.GetDelivery()) })
	})
	return cmd
}

func newWebhooksRotate(env Env) *cobra.Command {
	var overlap time.Duration
	cmd := &cobra.Command{
		Use:   "rotate WEBHOOK",
		Short: "Give a webhook another secret",
		Long:  "Give a webhook another secret. For the overlap, messages carry the signatures of both, so that the receiver can change over without a gap.",
		Args:  exactly("WEBHOOK"),
	}
	c := newCall(env, cmd)
	cmd.Flags().DurationVar(&overlap, "overlap", 24*time.Hour, "how long messages are signed with the secret before as well, up to 168h")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		rotated, err := conn.Webhooks.RotateWebhookSecret(ctx, &accessv1.RotateWebhookSecretRequest{
			Name: named("webhooks", args[0]), Overlap: durationpb.New(overlap),
		})
		return c.told("rotate the secret", rotated, err, func() error { return c.write(secretText(rotated.GetSecret())) })
	})
	return cmd
}

func newWebhooksDelete(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "delete WEBHOOK", Short: "Remove a webhook and what was to be sent to it", Args: exactly("WEBHOOK")}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		name := named("webhooks", args[0])
		deleted, err := conn.Webhooks.DeleteWebhook(ctx, &accessv1.DeleteWebhookRequest{Name: name})
		return c.told("delete the webhook", deleted, err, func() error { return c.write(printable(name) + " is deleted\n") })
	})
	return cmd
}
