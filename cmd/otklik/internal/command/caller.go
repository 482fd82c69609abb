package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	surveyv1 "github.com/otklik/otklik/proto/gen/go/otklik/survey/v1"
)

// NewWhoamiCommand returns `otklik whoami`.
func NewWhoamiCommand(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "whoami", Short: "Tell who the key is and what it may do", Args: exactly()}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		got, err := conn.Access.GetCaller(ctx, &accessv1.GetCallerRequest{})
		if err != nil {
			return fmt.Errorf("ask who the key is: %w", err)
		}
		if c.json {
			return c.printJSON(got)
		}
		p := got.GetPrincipal()
		var b strings.Builder
		line := func(what, text string) {
			if text != "" {
				fmt.Fprintf(&b, "%-13s %s\n", what, printable(text))
			}
		}
		line("id", p.GetId())
		line("name", p.GetDisplayName())
		line("kind", enumWord("KIND_", p.GetKind()))
		line("organisation", p.GetOrganization())
		line("roles", strings.Join(p.GetRoles(), ", "))
		line("units", unitsText(p.GetUnits()))
		line("surveys", strings.Join(p.GetSurveys(), ", "))
		line("origins", strings.Join(p.GetOrigins(), ", "))
		line("invitation", p.GetInvitation())
		if p.GetExpireTime() != nil {
			line("expires", formatMoment(p.GetExpireTime()))
		}
		for i, permission := range got.GetPermissions() {
			what := "permissions"
			if i > 0 {
				what = ""
			}
			line(what, permission)
		}
		return c.write(b.String())
	})
	return cmd
}

// NewUsageCommand returns `otklik usage`.
func NewUsageCommand(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "usage", Short: "Tell how much the organisation stores, and how much it may store", Args: exactly()}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		got, err := conn.Survey.GetUsage(ctx, &surveyv1.GetUsageRequest{})
		if err != nil {
			return fmt.Errorf("ask for the usage: %w", err)
		}
		if c.json {
			return c.printJSON(got)
		}
		return c.table([]string{"WHAT", "STORED", "AT MOST", "USED"}, [][]string{
			usageRow("submissions", got.GetSubmissions(), got.GetMaxSubmissions()),
			usageRow("bytes", got.GetSubmissionBytes(), got.GetMaxSubmissionBytes()),
		})
	})
	return cmd
}

func usageRow(what string, stored, most int64) []string {
	if most == 0 {
		return []string{what, fmt.Sprint(stored), "unlimited", "-"}
	}
	return []string{what, fmt.Sprint(stored), fmt.Sprint(most), fmt.Sprintf("%.1f%%", 100*float64(stored)/float64(most))}
}
