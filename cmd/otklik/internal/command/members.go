package command

import (
	"context"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
)

// NewMembersCommand returns `otklik members`.
func NewMembersCommand(env Env) *cobra.Command {
	return newGroup("members", "Say who may log in, and what they may do",
		`Say who may log in by the organisation's OpenID provider, and what they may do.

A manager and staff have units, and see what belongs to them as if there were nothing else. Nobody can hold target_owner together with
definition_editor or admin.`,
		newMembersAdd(env), newMembersList(env), newMembersUpdate(env), newMembersRemove(env))
}

// memberFlags are the flags that make a member.
type memberFlags struct {
	name, email, subject string
	roles, units         []string
	disabled             bool
}

// memberFields are the fields that the flags set.
var memberFields = map[string]string{
	"name": "display_name", "email": "email", "subject": "subject", "role": "roles", "unit": "units", "disabled": "disabled",
}

func (f *memberFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.name, "name", "", "what people call the member (default: taken from the provider)")
	flags.StringVar(&f.email, "email", "", "verified address by which the member is recognised at the first log-in")
	flags.StringVar(&f.subject, "subject", "", "the provider's identifier of the member, or of a machine's client (claim sub)")
	flags.StringSliceVar(&f.roles, "role", nil, "role: viewer, staff, manager, analyst, target_owner, definition_editor, admin, auditor; repeat for more")
	flags.StringArrayVar(&f.units, "unit", nil, unitsUsage)
	flags.BoolVar(&f.disabled, "disabled", false, "the member may not log in for the time being")
}

func (f *memberFlags) member() (*accessv1.Member, error) {
	units, err := parseUnits(f.units)
	if err != nil {
		return nil, err
	}
	return &accessv1.Member{
		DisplayName: f.name, Email: f.email, Subject: f.subject, Roles: given(f.roles), Units: units, Disabled: f.disabled,
	}, nil
}

func newMembersAdd(env Env) *cobra.Command {
	var flags memberFlags
	var id string
	cmd := &cobra.Command{
		Use:   "add (--email ADDRESS | --subject SUBJECT) --role ROLE",
		Short: "Add a member",
		Example: `  otklik members add --email ainura@shop.example --role manager --unit location=osh
  otklik members add --subject report-robot --role viewer`,
		Args: exactly(),
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&id, "id", "", "identifier of the member (default: made by the server)")
	flags.add(cmd.Flags())
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		switch {
		case flags.email == "" && flags.subject == "":
			return exit.Usagef("--email or --subject is needed, by which the member is recognised")
		case len(given(flags.roles)) == 0:
			return exit.Usagef("--role is needed")
		}
		member, err := flags.member()
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			added, err := conn.Access.CreateMember(ctx, &accessv1.CreateMemberRequest{MemberId: id, Member: member})
			return c.told("add the member", added, err, func() error { return c.memberTable(added.GetMember()) })
		})
	})
	return cmd
}

func (c *call) memberTable(members ...*accessv1.Member) error {
	var rows [][]string
	for _, m := range members {
		state := "enabled"
		if m.GetDisabled() {
			state = "disabled"
		}
		who := m.GetEmail()
		if who == "" {
			who = m.GetSubject()
		}
		rows = append(rows, []string{
			idOf(m.GetName()), state, strings.Join(m.GetRoles(), ","), orDash(unitsText(m.GetUnits())), formatTime(m.GetLastLoginTime()), who, m.GetDisplayName(),
		})
	}
	return c.table([]string{"MEMBER", "STATE", "ROLES", "UNITS", "LAST LOG-IN", "WHO", "NAME"}, rows)
}

func newMembersList(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List members, the newest first", Args: exactly()}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		request := &accessv1.ListMembersRequest{PageSize: 1000}
		members, err := listAll(ctx, "members", conn.Access.ListMembers, request, &request.PageToken, (*accessv1.ListMembersResponse).GetMembers)
		if err != nil {
			return err
		}
		all := &accessv1.ListMembersResponse{Members: members}
		switch {
		case c.json:
			return c.printJSON(all)
		case len(all.GetMembers()) == 0:
			return c.write("no members\n")
		default:
			return c.memberTable(all.GetMembers()...)
		}
	})
	return cmd
}

func newMembersUpdate(env Env) *cobra.Command {
	var flags memberFlags
	cmd := &cobra.Command{
		Use:   "update MEMBER",
		Short: "Change a member",
		Long: `Change what the flags name and leave the rest. A list is replaced as a whole, and emptied by an empty value, for example --unit ''.
--disabled=false lets a member log in again.`,
		Args: exactly("MEMBER"),
	}
	c := newCall(env, cmd)
	flags.add(cmd.Flags())
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		mask, err := changed(cmd.Flags(), memberFields, "--role or --unit")
		if err != nil {
			return err
		}
		member, err := flags.member()
		if err != nil {
			return err
		}
		member.Name = named("members", args[0])
		return c.with(func(conn *client.Connection) error {
			updated, err := conn.Access.UpdateMember(ctx, &accessv1.UpdateMemberRequest{Member: member, UpdateMask: mask})
			return c.told("change the member", updated, err, func() error { return c.memberTable(updated.GetMember()) })
		})
	})
	return cmd
}

func newMembersRemove(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "remove MEMBER", Short: "Remove a member and end the member's sessions", Args: exactly("MEMBER")}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		name := named("members", args[0])
		removed, err := conn.Access.DeleteMember(ctx, &accessv1.DeleteMemberRequest{Name: name})
		return c.told("remove the member", removed, err, func() error { return c.write(printable(name) + " is removed\n") })
	})
	return cmd
}
