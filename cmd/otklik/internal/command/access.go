package command

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// newGroup makes a command that only holds others.
func newGroup(use, short, long string, commands ...*cobra.Command) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long,
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(commands...)
	return cmd
}

// newListGroup returns a group that lists when it is called by its name alone, with the flags of its list. use is what it is called by, behind what it is in.
func newListGroup(list *cobra.Command, use, short, long string, commands ...*cobra.Command) *cobra.Command {
	list.Short, list.Long = short, long+" Alone it lists, as `otklik "+use+" list` does.\n"+list.Long
	list.Use = use[strings.LastIndexByte(use, ' ')+1:]
	list.AddCommand(commands...)
	return list
}

// told prints what an RPC answered: with --json as the API does, otherwise by show. doing says what failed.
func (c *call) told(doing string, answer proto.Message, err error, show func() error) error {
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", doing, err)
	case c.json:
		return c.printJSON(answer)
	default:
		return show()
	}
}

// named makes a resource name of what people type: `k1` or `apiKeys/k1`.
func named(collection, s string) string {
	if strings.HasPrefix(s, collection+"/") {
		return s
	}
	return collection + "/" + s
}

// surveyNames makes resource names of surveys.
func surveyNames(all []string) []string {
	var names []string
	for _, s := range given(all) {
		names = append(names, surveyName(s))
	}
	return names
}

// given leaves out empty values: a list is emptied by one empty value.
func given(values []string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(s string) bool { return s == "" })
}

// unitsUsage is the help of --unit.
const unitsUsage = "restrict to a unit, KEY=VALUE with region, location, company or employee; repeat for more"

// parseUnits reads --unit; nil when there is none.
func parseUnits(all []string) (*typev1.Units, error) {
	all = given(all)
	if len(all) == 0 {
		return nil, nil
	}
	units := &typev1.Units{}
	for _, text := range all {
		key, v, ok := strings.Cut(text, "=")
		if !ok || v == "" {
			return nil, exit.Usagef("--unit: %q is not KEY=VALUE, for example location=osh", text)
		}
		switch key {
		case "region":
			units.Regions = append(units.Regions, v)
		case "location":
			units.Locations = append(units.Locations, v)
		case "company":
			units.Companies = append(units.Companies, v)
		case "employee":
			units.Employees = append(units.Employees, v)
		default:
			return nil, exit.Usagef("--unit: %q is none of region, location, company, employee", key)
		}
	}
	return units, nil
}

// unitsText writes units as --unit takes them.
func unitsText(u *typev1.Units) string {
	var all []string
	for _, dimension := range []struct {
		key    string
		values []string
	}{{"region", u.GetRegions()}, {"location", u.GetLocations()}, {"company", u.GetCompanies()}, {"employee", u.GetEmployees()}} {
		for _, v := range dimension.values {
			all = append(all, dimension.key+"="+v)
		}
	}
	return strings.Join(all, " ")
}

// never is what --expires takes for no end.
const never = "never"

// parseExpiry reads a moment, or how long from now; nil for the empty text and for never.
func parseExpiry(text string, now time.Time) (*timestamppb.Timestamp, error) {
	if text == "" || text == never {
		return nil, nil
	}
	if d, err := time.ParseDuration(text); err == nil {
		if d <= 0 {
			return nil, exit.Usagef("--expires: %q is not in the future", text)
		}
		return timestamppb.New(now.Add(d)), nil
	}
	at, err := parseBound("expires", text, time.UTC)
	if err != nil {
		return nil, exit.Usagef("--expires: %q is neither a time such as 2027-01-31 nor how long, such as 720h", text)
	}
	return at, nil
}

// changed is the mask of the fields whose flags were given, by a map of flags to fields. That there is none is wrong usage; for people there are examples of flags.
func changed(flags *pflag.FlagSet, fields map[string]string, examples string) (*fieldmaskpb.FieldMask, error) {
	mask := &fieldmaskpb.FieldMask{}
	flags.Visit(func(f *pflag.Flag) {
		if path, ok := fields[f.Name]; ok {
			mask.Paths = append(mask.Paths, path)
		}
	})
	if len(mask.GetPaths()) == 0 {
		return nil, exit.Usagef("nothing to change: state what, for example %s", examples)
	}
	slices.Sort(mask.GetPaths())
	return mask, nil
}

// maximumRespondent is more than any identifier of a respondent has.
const maximumRespondent = 4096

// respondent is who is meant: the argument, or the first line of standard input, which stays out of the shell's history and the list of processes.
func respondent(cmd *cobra.Command, args []string) (string, error) {
	if len(args) == 1 && args[0] != "-" {
		return args[0], nil
	}
	raw, err := io.ReadAll(io.LimitReader(cmd.InOrStdin(), maximumRespondent))
	if err != nil {
		return "", fmt.Errorf("read the respondent: %w", err)
	}
	line, _, _ := strings.Cut(string(raw), "\n")
	line = strings.TrimSuffix(line, "\r")
	if line == "" {
		return "", exit.Usagef("RESPONDENT must be given, as the argument or on standard input")
	}
	return line, nil
}

// respondentArgument takes one respondent or none.
func respondentArgument(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return exit.Usagef("one RESPONDENT must be given, nothing more")
	}
	return nil
}

// respondentHelp ends the help of commands about persons.
const respondentHelp = `

Without RESPONDENT, or with -, it is read from standard input, so that it stands neither in the history of the shell nor in the list of processes.`

// orDash is a text, or a dash in place of none.
func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// secretText tells a secret that was just made.
func secretText(secret string) string {
	return fmt.Sprintf("\n  %s\n\nThis secret is not told again: keep it where only those can read it who need it.\n", printable(secret))
}
