package command

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// lightFlags say which lights.
type lightFlags struct {
	of, colour, company, region string
	limit                       int
}

// NewLightsCommand returns `otklik lights`.
func NewLightsCommand(env Env) *cobra.Command {
	var flags lightFlags
	cmd := &cobra.Command{
		Use:   "lights",
		Short: "Tell how companies, contacts, locations and staff do, the worst first",
		Long: `Tell how companies, contacts, locations and staff do, the worst first: red, amber, green by the mean score of what customers answered, on 1 to 10. A light
with a question mark is uncertain: the interval of its score reaches over a threshold, or there is none.`,
		Example: "  otklik lights --of company\n  otklik lights --of contact --colour red --company acme\n  otklik lights --of location --json",
		Args:    exactly(),
	}
	c := newCall(env, cmd)
	f := cmd.Flags()
	f.StringVar(&flags.of, "of", "", "company, contact, location or staff (required)")
	f.StringVar(&flags.colour, "colour", "", "only red, amber or green ones")
	f.StringVar(&flags.company, "company", "", "only contacts of this company")
	f.StringVar(&flags.region, "region", "", "only locations in this region")
	f.IntVar(&flags.limit, "limit", 100, "how many at most; 0 means all") //nolint:mnd // a screen or two
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		return c.lights(ctx, conn, flags)
	})
	cmd.AddCommand(newLightsOrder(env), newLightsPolicy(env))
	return cmd
}

// request is what is asked for.
func (f lightFlags) request() (*segmentationv1.ListLightsRequest, error) {
	if f.of == "" {
		return nil, exit.Usagef("--of is needed: company, contact, location or staff")
	}
	kind, ok := segmentationv1.LightKind_value["LIGHT_KIND_"+strings.ToUpper(f.of)]
	if !ok || kind == 0 {
		return nil, exit.Usagef("--of %s: must be company, contact, location or staff", f.of)
	}
	colour, ok := segmentationv1.LightColour_value["LIGHT_COLOUR_"+strings.ToUpper(f.colour)]
	if f.colour != "" && (!ok || colour == 0) {
		return nil, exit.Usagef("--colour %s: must be red, amber or green", f.colour)
	}
	if f.limit < 0 {
		return nil, exit.Usagef("--limit %d: must not be negative", f.limit)
	}
	request := &segmentationv1.ListLightsRequest{Kind: segmentationv1.LightKind(kind), Colour: segmentationv1.LightColour(colour), PageSize: largestPage}
	if f.limit > 0 {
		request.PageSize = pageFor(f.limit)
	}
	if f.company != "" {
		request.Company = named("companies", f.company)
	}
	if f.region != "" {
		request.Region = named("regions", f.region)
	}
	return request, nil
}

// lights lists lights.
func (c *call) lights(ctx context.Context, conn *client.Connection, flags lightFlags) error {
	request, err := flags.request()
	if err != nil {
		return err
	}
	all := &segmentationv1.ListLightsResponse{}
	if all.Lights, err = listUpTo(ctx, "lights", conn.Lights.ListLights, request, &request.PageToken, func(page *segmentationv1.ListLightsResponse) []*segmentationv1.Light {
		if all.GetWatermark() == nil {
			all.Counts, all.Watermark = page.GetCounts(), page.GetWatermark()
		}
		return page.GetLights()
	}, flags.limit); err != nil {
		return err
	}
	switch {
	case c.json:
		return c.printJSON(all)
	case len(all.GetLights()) == 0:
		return c.write("no lights\n")
	}
	if err := c.lightTable(all.GetLights()...); err != nil {
		return err
	}
	var counts []string
	for _, n := range all.GetCounts() {
		counts = append(counts, fmt.Sprintf("%d %s", n.GetCount(), colourText(n.GetColour())))
	}
	return c.write(strings.Join(counts, ", ") + "\n")
}

// colourText is a colour as people read it.
func colourText(c segmentationv1.LightColour) string {
	return strings.ToLower(strings.TrimPrefix(c.String(), "LIGHT_COLOUR_"))
}

// lightRow is a light as a row of a table.
func lightRow(l *segmentationv1.Light) []string {
	colour, interval, trend := colourText(l.GetColour()), "-", "-"
	if l.GetUncertain() {
		colour += "?"
	}
	if i := l.GetInterval(); i != nil {
		interval = formatNumber(i.GetLower(), 2) + " to " + formatNumber(i.GetUpper(), 2)
	}
	if l.GetTrend() != 0 {
		trend = strings.ToLower(strings.TrimPrefix(l.GetTrend().String(), "TREND_"))
	}
	owner := strings.TrimSuffix(l.GetName(), "/light")
	return []string{
		colour, owner[strings.Index(owner, "/")+1:], formatNumber(l.GetMean(), 2), interval, fmt.Sprint(l.GetAnswerCount()), trend, formatNumber(l.GetValueAtStake(), 2),
	}
}

var lightHeader = []string{"LIGHT", "NAME", "SCORE", "INTERVAL", "ANSWERS", "TREND", "AT STAKE"}

func (c *call) lightTable(lights ...*segmentationv1.Light) error {
	var rows [][]string
	for _, l := range lights {
		rows = append(rows, lightRow(l))
	}
	return c.table(lightHeader, rows)
}

func newLightsOrder(env Env) *cobra.Command {
	request := &segmentationv1.ListWorkOrderRequest{}
	limit := 0
	cmd := &cobra.Command{
		Use:   "order",
		Short: "List red companies with their red contacts in the order in which they should be spoken to",
		Args:  exactly(),
	}
	c := newCall(env, cmd)
	cmd.Flags().Int32Var(&request.ContactLimit, "contacts", 0, "how many red contacts of each company at most (default 10)")
	cmd.Flags().IntVar(&limit, "limit", 50, "how many companies at most; 0 means all") //nolint:mnd // a screen or two
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		list, err := listUpTo(ctx, "the work order", conn.Lights.ListWorkOrder, request, &request.PageToken, (*segmentationv1.ListWorkOrderResponse).GetEntries, limit)
		if err != nil {
			return err
		}
		all := &segmentationv1.ListWorkOrderResponse{Entries: list}
		switch {
		case c.json:
			return c.printJSON(all)
		case len(all.GetEntries()) == 0:
			return c.write("no red companies\n")
		}
		var rows [][]string
		for _, e := range all.GetEntries() {
			rows = append(rows, slices.Concat([]string{"company"}, lightRow(e.GetCompany())))
			for _, l := range e.GetContacts() {
				rows = append(rows, slices.Concat([]string{"- contact"}, lightRow(l)))
			}
			if more := e.GetRedContactCount() - int64(len(e.GetContacts())); more > 0 {
				rows = append(rows, []string{fmt.Sprintf("- %d more", more)})
			}
		}
		return c.table(slices.Concat([]string{"WHO"}, lightHeader), rows)
	})
	return cmd
}
