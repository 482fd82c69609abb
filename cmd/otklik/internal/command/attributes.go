package command

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// newDirectoryAttributes returns the commands about which attributes things have.
func newDirectoryAttributes(env Env) *cobra.Command {
	return newListGroup(newAttributesList(env), "directory attributes", "Say which attributes contacts, companies and other things have",
		"Say which attributes contacts, companies and other things have: each is declared with its type before it is used.",
		newAttributesList(env), newAttributesCreate(env), newAttributesDelete(env))
}

func newAttributesList(env Env) *cobra.Command {
	request := &segmentationv1.ListAttributesRequest{PageSize: largestPage}
	cmd := &cobra.Command{Use: "list", Short: "List attributes", Example: "  otklik directory attributes list --kind contact", Args: exactly()}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&request.Kind, "kind", "", "only those of company, contact, location, employee, touchpoint or region")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		list, err := listAll(ctx, "attributes", conn.Directory.ListAttributes, request, &request.PageToken, (*segmentationv1.ListAttributesResponse).GetAttributes)
		switch {
		case err != nil:
			return err
		case c.json:
			return c.printJSON(&segmentationv1.ListAttributesResponse{Attributes: list})
		case len(list) == 0:
			return c.write("no attributes\n")
		}
		return c.attributeTable(list...)
	})
	return cmd
}

func (c *call) attributeTable(list ...*segmentationv1.Attribute) error {
	var rows [][]string
	for _, a := range list {
		rows = append(rows, []string{idOf(a.GetName()), enumWord("TYPE_", a.GetType()), orDash(strings.Join(a.GetOptions(), ", ")), orDash(a.GetDisplayName())})
	}
	return c.table([]string{"ATTRIBUTE", "TYPE", "OPTIONS", "NAME"}, rows)
}

func newAttributesCreate(env Env) *cobra.Command {
	a := &segmentationv1.Attribute{}
	var kind string
	cmd := &cobra.Command{
		Use:     "create KIND.KEY",
		Short:   "Declare an attribute of a kind of things",
		Example: "  otklik directory attributes create contact.tier --type enum --option gold --option silver",
		Args:    exactly("KIND.KEY"),
	}
	c := newCall(env, cmd)
	f := cmd.Flags()
	f.StringVar(&kind, "type", "string", names("", "TYPE_", segmentationv1.Attribute_Type(0).Descriptor()))
	f.StringArrayVar(&a.Options, "option", nil, "a value of an enum; may be repeated")
	f.StringVar(&a.DisplayName, "name", "", "what people call it")
	f.StringVar(&a.Description, "description", "", "what it means")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		v, err := value("type", "TYPE_", kind, segmentationv1.Attribute_Type(0).Descriptor())
		if err != nil {
			return err
		}
		a.Name, a.Type = named("attributes", args[0]), segmentationv1.Attribute_Type(v)
		return c.with(func(conn *client.Connection) error {
			made, err := conn.Directory.CreateAttribute(ctx, &segmentationv1.CreateAttributeRequest{Attribute: a})
			return c.told("declare the attribute", made, err, func() error { return c.attributeTable(made.GetAttribute()) })
		})
	})
	return cmd
}

func newAttributesDelete(env Env) *cobra.Command {
	cmd := &cobra.Command{Use: "delete KIND.KEY", Short: "Remove an attribute; its values are of nothing from then on", Args: exactly("KIND.KEY")}
	c := newCall(env, cmd)
	force := cmd.Flags().Bool("force", false, "also where rules of segments use it, which stand still then")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		done, err := conn.Directory.DeleteAttribute(ctx, &segmentationv1.DeleteAttributeRequest{Name: named("attributes", args[0]), Force: *force})
		return c.told("remove the attribute", done, err, func() error { return nil })
	})
	return cmd
}
