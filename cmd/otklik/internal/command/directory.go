package command

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// NewDirectoryCommand returns `otklik directory`.
func NewDirectoryCommand(env Env) *cobra.Command {
	return newGroup("directory", "Look at and import companies, contacts, locations, staff, touchpoints and regions; merge and split contacts",
		"Look at and import companies, contacts, locations, staff, touchpoints and regions. Contacts that are one customer are merged, and split again; nothing is\nlost by that.",
		newDirectoryList(env), newDirectoryImport(env), newDirectoryImports(env), newDirectoryAttributes(env), newDirectoryMerge(env), newDirectorySplit(env))
}

// unitKinds are the kinds of units by what people call them.
var unitKinds = map[string]segmentationv1.Unit_Kind{
	"company": segmentationv1.Unit_KIND_COMPANY, "location": segmentationv1.Unit_KIND_LOCATION, "employee": segmentationv1.Unit_KIND_EMPLOYEE,
	"touchpoint": segmentationv1.Unit_KIND_TOUCHPOINT, "region": segmentationv1.Unit_KIND_REGION,
}

func newDirectoryImport(env Env) *cobra.Command {
	return newTableImport(env, "import", "Import contacts, companies, locations, staff, touchpoints or regions from CSV or XLSX",
		"  otklik directory import regions.csv --kind region\n  otklik directory import customers.xlsx --kind contact --map Код=id --dry-run",
		segmentationv1.Import_KIND_CONTACT, segmentationv1.Import_KIND_COMPANY, segmentationv1.Import_KIND_LOCATION, segmentationv1.Import_KIND_EMPLOYEE,
		segmentationv1.Import_KIND_TOUCHPOINT, segmentationv1.Import_KIND_REGION)
}

func newDirectoryList(env Env) *cobra.Command {
	var attributes []string
	var company string
	cmd := &cobra.Command{
		Use:     "list KIND",
		Short:   "List companies, contacts, locations, employees, touchpoints or regions",
		Long:    "List what is of a KIND: company, contact, location, employee, touchpoint or region.",
		Example: "  otklik directory list contact --company acme --attribute tier=gold",
		Args:    exactly("KIND"),
	}
	c := newCall(env, cmd)
	cmd.Flags().StringArrayVar(&attributes, "attribute", nil, "only those with this value of an attribute, `KEY=VALUE`; may be repeated")
	cmd.Flags().StringVar(&company, "company", "", "only contacts of this company")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		if args[0] == "contact" {
			return c.listContacts(ctx, conn, company, attributes)
		}
		kind, known := unitKinds[args[0]]
		if !known || company != "" {
			return exit.Usagef("KIND must be company, contact, location, employee, touchpoint or region; --company is for contacts")
		}
		request := &segmentationv1.ListUnitsRequest{Kind: kind, Attributes: attributes}
		all, err := listAll(ctx, "units", conn.Directory.ListUnits, request, &request.PageToken, (*segmentationv1.ListUnitsResponse).GetUnits)
		if err != nil {
			return err
		}
		if c.json {
			return c.printJSON(&segmentationv1.ListUnitsResponse{Units: all})
		}
		var rows [][]string
		for _, u := range all {
			rows = append(rows, []string{idOf(u.GetName()), orDash(u.GetDisplayName()), orDash(u.GetParent()), orDash(attributesText(u.GetAttributes()))})
		}
		return c.table([]string{strings.ToUpper(args[0]), "NAME", "IN", "ATTRIBUTES"}, rows)
	})
	return cmd
}

func (c *call) listContacts(ctx context.Context, conn *client.Connection, company string, attributes []string) error {
	request := &segmentationv1.ListContactsRequest{Attributes: attributes}
	if company != "" {
		request.Company = named("companies", company)
	}
	all, err := listAll(ctx, "contacts", conn.Contacts.ListContacts, request, &request.PageToken, (*segmentationv1.ListContactsResponse).GetContacts)
	if err != nil {
		return err
	}
	if c.json {
		return c.printJSON(&segmentationv1.ListContactsResponse{Contacts: all})
	}
	return c.contactTable(all...)
}

func (c *call) contactTable(all ...*segmentationv1.Contact) error {
	var rows [][]string
	for _, m := range all {
		rows = append(rows, []string{
			idOf(m.GetName()), orDash(m.GetDisplayName()), orDash(idOf(m.GetCompany())), strconv.Itoa(len(m.GetIdentities())), orDash(attributesText(m.GetAttributes())),
		})
	}
	return c.table([]string{"CONTACT", "NAME", "COMPANY", "IDENTITIES", "ATTRIBUTES"}, rows)
}

// attributesText is what values of attributes are, in order of their keys.
func attributesText(values map[string]*structpb.Value) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		parts = append(parts, key+"="+fmt.Sprint(values[key].AsInterface()))
	}
	return strings.Join(parts, ", ")
}

func newDirectoryMerge(env Env) *cobra.Command {
	var reason string
	cmd := &cobra.Command{
		Use:     "merge CONTACT OTHER…",
		Short:   "Merge contacts that are one customer into the first of them",
		Example: "  otklik directory merge c-1 c-2 --reason 'the same person'",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return exit.Usagef("CONTACT and at least one OTHER must be given")
			}
			return nil
		},
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the history")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		request := &segmentationv1.MergeContactsRequest{Name: named("contacts", args[0]), Reason: reason}
		for _, other := range args[1:] {
			request.Contacts = append(request.Contacts, named("contacts", other))
		}
		done, err := conn.Contacts.MergeContacts(ctx, request)
		return c.told("merge the contacts", done, err, func() error { return c.moveTable(done.GetMoves()...) })
	})
	return cmd
}

func newDirectorySplit(env Env) *cobra.Command {
	var reason, merge, to string
	var pseudonyms []string
	cmd := &cobra.Command{
		Use:     "split CONTACT",
		Short:   "Undo a merge, or give identities of a contact to another one",
		Example: "  otklik directory split c-1 --merge 17\n  otklik directory split c-1 --identity p_… --to c-9",
		Args:    exactly("CONTACT"),
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&merge, "merge", "", "the `NUMBER` of the merge to undo")
	cmd.Flags().StringArrayVar(&pseudonyms, "identity", nil, "the `PSEUDONYM` of an identity to be given away; may be repeated")
	cmd.Flags().StringVar(&to, "to", "", "the `CONTACT` that gets the identities")
	cmd.Flags().StringVar(&reason, "reason", "", "why, for the history")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		request := &segmentationv1.SplitContactRequest{Name: named("contacts", args[0]), Pseudonyms: pseudonyms, Reason: reason}
		if merge != "" {
			request.Merge = named("contactMoves", merge)
		}
		if to != "" {
			request.To = named("contacts", to)
		}
		done, err := conn.Contacts.SplitContact(ctx, request)
		return c.told("split the contact", done, err, func() error { return c.moveTable(done.GetMove()) })
	})
	return cmd
}

func (c *call) moveTable(moves ...*segmentationv1.ContactMove) error {
	var rows [][]string
	for _, m := range moves {
		rows = append(rows, []string{
			idOf(m.GetName()), enumWord("KIND_", m.GetKind()), idOf(m.GetFrom()), idOf(m.GetTo()), strconv.Itoa(len(m.GetPseudonyms())), formatTime(m.GetTime()), orDash(m.GetReason()),
		})
	}
	return c.table([]string{"MOVE", "KIND", "FROM", "TO", "IDENTITIES", "TIME", "REASON"}, rows)
}
