package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
)

// NewKeysCommand returns `otklik keys`.
func NewKeysCommand(env Env) *cobra.Command {
	return newGroup("keys", "Make, change and revoke keys",
		`Make, change and revoke keys.

A publishable key may stand in an app or a page: it submits and nothing else. A secret key is for machines, and has roles. Secrets are told
once, when they are made; a revoked key is refused within seconds.`,
		newKeysCreate(env), newKeysList(env), newKeysShow(env), newKeysUpdate(env), newKeysRotate(env), newKeysRevoke(env))
}

// keyFlags are the flags that make a key.
type keyFlags struct {
	name, expires                  string
	roles, surveys, origins, units []string
	rate, deviceRate               float64
}

// keyFields are the fields that the flags set.
var keyFields = map[string]string{
	"name": "display_name", "role": "roles", "survey": "surveys", "origin": "origins", "rate": "rate", "device-rate": "device_rate", "unit": "units",
	"expires": "expire_time",
}

func (f *keyFlags) add(flags *pflag.FlagSet) {
	flags.StringSliceVar(&f.roles, "role", nil, "role of a secret key, for example viewer, analyst or admin; repeat for more")
	flags.StringSliceVar(&f.surveys, "survey", nil, "bind the key to a survey; repeat for more (default: all)")
	flags.StringSliceVar(&f.origins, "origin", nil, "origin from which browsers may use a publishable key, for example https://shop.example; repeat for more")
	flags.StringArrayVar(&f.units, "unit", nil, unitsUsage)
	flags.Float64Var(&f.rate, "rate", 0, "calls a second in the long run (default: the server's bound)")
	flags.Float64Var(&f.deviceRate, "device-rate", 0, "calls a minute of each device (default: the server's bound)")
	flags.StringVar(&f.expires, "expires", "", "when it ends: 2027-01-31, 720h from now, or never (default: never)")
}

// key makes the key. Errors are of wrong usage.
func (f *keyFlags) key(now time.Time) (*accessv1.ApiKey, error) {
	units, err := parseUnits(f.units)
	if err != nil {
		return nil, err
	}
	expires, err := parseExpiry(f.expires, now)
	if err != nil {
		return nil, err
	}
	return &accessv1.ApiKey{
		DisplayName: f.name, Roles: given(f.roles), Surveys: surveyNames(f.surveys), Origins: given(f.origins), Units: units,
		Rate: f.rate, DeviceRate: f.deviceRate, ExpireTime: expires,
	}, nil
}

func newKeysCreate(env Env) *cobra.Command {
	var flags keyFlags
	var id, kind string
	cmd := &cobra.Command{
		Use:   "create NAME --kind publishable|secret",
		Short: "Make a key and tell its secret, once",
		Example: `  otklik keys create "Shop app" --kind publishable --survey shop --origin https://shop.example
  otklik keys create "Nightly report" --kind secret --role viewer --unit region=south`,
		Args: exactly("NAME"),
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&id, "id", "", "identifier of the key (default: made by the server)")
	cmd.Flags().StringVar(&kind, "kind", "", "publishable or secret (needed)")
	flags.add(cmd.Flags())
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		number, err := value("kind", "KIND_", kind, accessv1.ApiKey_Kind(0).Descriptor())
		if err != nil {
			return err
		}
		if number == 0 {
			return exit.Usagef("--kind is needed: publishable for apps and pages, secret for machines")
		}
		flags.name = args[0]
		key, err := flags.key(c.env.Now())
		if err != nil {
			return err
		}
		key.Kind = accessv1.ApiKey_Kind(number)
		return c.with(func(conn *client.Connection) error {
			made, err := conn.Access.CreateApiKey(ctx, &accessv1.CreateApiKeyRequest{ApiKeyId: id, ApiKey: key})
			return c.told("create the key", made, err, func() error { return c.write(keyText(made.GetApiKey()) + secretText(made.GetSecret())) })
		})
	})
	return cmd
}

func newKeysList(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "list", Short: "List keys, the newest first", Args: exactly()}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		request := &accessv1.ListApiKeysRequest{PageSize: 1000}
		apiKeys, err := listAll(ctx, "keys", conn.Access.ListApiKeys, request, &request.PageToken, (*accessv1.ListApiKeysResponse).GetApiKeys)
		if err != nil {
			return err
		}
		all := &accessv1.ListApiKeysResponse{ApiKeys: apiKeys}
		switch {
		case c.json:
			return c.printJSON(all)
		case len(all.GetApiKeys()) == 0:
			return c.write("no keys: keys of the configuration are not listed\n")
		}
		var rows [][]string
		for _, k := range all.GetApiKeys() {
			rows = append(rows, []string{
				idOf(k.GetName()), enumWord("KIND_", k.GetKind()), keyState(k, c.env.Now()), orDash(strings.Join(k.GetRoles(), ",")),
				formatTime(k.GetCreateTime()), formatTime(k.GetLastUseTime()), k.GetDisplayName(),
			})
		}
		return c.table([]string{"KEY", "KIND", "STATE", "ROLES", "CREATED", "LAST USED", "NAME"}, rows)
	})
	return cmd
}

func keyState(k *accessv1.ApiKey, now time.Time) string {
	switch {
	case k.GetRevokeTime() != nil:
		return "revoked"
	case k.GetExpireTime() != nil && !now.Before(k.GetExpireTime().AsTime()):
		return "expired"
	default:
		return "active"
	}
}

func newKeysShow(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "show KEY", Short: "Show a key, without its secrets", Args: exactly("KEY")}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		got, err := conn.Access.GetApiKey(ctx, &accessv1.GetApiKeyRequest{Name: named("apiKeys", args[0])})
		return c.told("get the key", got, err, func() error { return c.write(keyText(got.GetApiKey())) })
	})
	return cmd
}

// keyText is a key for people, a line for each thing that is set.
func keyText(k *accessv1.ApiKey) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s, %s, %q, created %s\n", k.GetName(), enumWord("KIND_", k.GetKind()), printable(k.GetDisplayName()), formatTime(k.GetCreateTime()))
	line := func(what, text string) {
		if text != "" {
			fmt.Fprintf(&b, "%-12s %s\n", what, printable(text))
		}
	}
	number := func(v float64, unit string) string {
		if v == 0 {
			return ""
		}
		return strconv.FormatFloat(v, 'g', -1, 64) + unit
	}
	line("roles", strings.Join(k.GetRoles(), ", "))
	line("surveys", strings.Join(k.GetSurveys(), ", "))
	line("origins", strings.Join(k.GetOrigins(), ", "))
	line("units", unitsText(k.GetUnits()))
	line("rate", number(k.GetRate(), " calls a second"))
	line("device rate", number(k.GetDeviceRate(), " calls a minute"))
	if k.GetExpireTime() != nil {
		line("expires", formatMoment(k.GetExpireTime()))
	}
	if k.GetRevokeTime() != nil {
		line("revoked", formatMoment(k.GetRevokeTime()))
	}
	line("last used", formatTime(k.GetLastUseTime()))
	for _, s := range k.GetSecrets() {
		text := "…" + s.GetHint() + ", made " + formatMoment(s.GetCreateTime())
		if s.GetExpireTime() != nil {
			text += ", works until " + formatMoment(s.GetExpireTime())
		}
		line("secret", text+", last used "+formatTime(s.GetLastUseTime()))
	}
	return b.String()
}

func newKeysUpdate(env Env) *cobra.Command {
	var flags keyFlags
	cmd := &cobra.Command{
		Use:   "update KEY",
		Short: "Change a key",
		Long:  "Change what the flags name and leave the rest. A list is replaced as a whole, and emptied by an empty value, for example --unit ''.",
		Args:  exactly("KEY"),
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&flags.name, "name", "", "what people call it")
	flags.add(cmd.Flags())
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		mask, err := changed(cmd.Flags(), keyFields, "--name or --role")
		if err != nil {
			return err
		}
		key, err := flags.key(c.env.Now())
		if err != nil {
			return err
		}
		key.Name = named("apiKeys", args[0])
		return c.with(func(conn *client.Connection) error {
			updated, err := conn.Access.UpdateApiKey(ctx, &accessv1.UpdateApiKeyRequest{ApiKey: key, UpdateMask: mask})
			return c.told("change the key", updated, err, func() error { return c.write(keyText(updated.GetApiKey())) })
		})
	})
	return cmd
}

func newKeysRotate(env Env) *cobra.Command {
	var overlap time.Duration
	cmd := &cobra.Command{
		Use:   "rotate KEY",
		Short: "Give a key another secret",
		Long:  "Give a key another secret. Those before go on working for the overlap, so that whoever uses the key can change over without a gap.",
		Args:  exactly("KEY"),
	}
	c := newCall(env, cmd)
	cmd.Flags().DurationVar(&overlap, "overlap", 24*time.Hour, "how long the secrets before go on working; 0 ends them at once")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		rotated, err := conn.Access.RotateApiKey(ctx, &accessv1.RotateApiKeyRequest{Name: named("apiKeys", args[0]), Overlap: durationpb.New(overlap)})
		return c.told("rotate the key", rotated, err, func() error { return c.write(keyText(rotated.GetApiKey()) + secretText(rotated.GetSecret())) })
	})
	return cmd
}

func newKeysRevoke(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "revoke KEY",
		Short: "End a key for good",
		Long:  "End a key for good. Every process of the suite refuses it within seconds.",
		Args:  exactly("KEY"),
	}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		revoked, err := conn.Access.RevokeApiKey(ctx, &accessv1.RevokeApiKeyRequest{Name: named("apiKeys", args[0])})
		return c.told("revoke the key", revoked, err, func() error { return c.write(keyText(revoked.GetApiKey())) })
	})
	return cmd
}
