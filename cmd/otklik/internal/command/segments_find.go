package command

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// suggestionHeader is over the cells of a suggestion.
var suggestionHeader = []string{"WHO", "CONTACTS", "ANSWERED", "MEAN", "OTHERS", "DIFFERENCE", "INTERVAL", "Q", "RULE"}

func suggestionCells(s *segmentationv1.SuggestedSegment) []string {
	difference, q := "-", "-"
	if s.Difference != nil {
		difference, q = signed(s.GetDifference()), fmt.Sprintf("%.3g", s.GetQValue())
	}
	return []string{
		s.GetDescription(), fmt.Sprint(s.GetCount()), fmt.Sprint(s.GetAnswered()), optionalNumber(s.Mean), optionalNumber(s.MeanOfOthers), difference,
		interval(s.GetInterval()), q, s.GetRule(),
	}
}

func newSegmentsOverlap(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "overlap SEGMENT SEGMENT...",
		Short:   "Tell how many contacts segments have in common",
		Example: `  otklik segments overlap loyal unhappy`,
		Args:    between(2, 50, "SEGMENT"),
	}
	c := newCall(env, cmd)
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		request := &segmentationv1.CompareSegmentsRequest{}
		for _, a := range args {
			request.Segments = append(request.Segments, segmentName(a))
		}
		got, err := conn.Segments.CompareSegments(ctx, request)
		if err != nil {
			return fmt.Errorf("compare the segments: %w", err)
		}
		var rows [][]string
		for _, o := range got.GetOverlaps() {
			rows = append(rows, []string{
				strings.TrimPrefix(o.GetSegment(), "segments/"), strings.TrimPrefix(o.GetOther(), "segments/"), fmt.Sprint(o.GetCommonCount()),
				fmt.Sprint(o.GetEitherCount()), optionalNumber(o.Jaccard),
			})
		}
		return c.printMessage(got, []string{"SEGMENT", "OTHER", "IN BOTH", "IN EITHER", "JACCARD"}, rows)
	})
	return cmd
}

func newSegmentsSuggest(env Env) *cobra.Command {
	request := &segmentationv1.SuggestSegmentsRequest{}
	cmd := &cobra.Command{Use: "suggest", Short: "Find the groups of contacts whose scores differ most", Args: exactly()}
	c := newCall(env, cmd)
	cmd.Flags().Int32Var(&request.Limit, "limit", 20, "at most this many")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		got, err := conn.Segments.SuggestSegments(ctx, request)
		if err != nil {
			return fmt.Errorf("suggest segments: %w", err)
		}
		var rows [][]string
		for _, s := range got.GetSuggestions() {
			rows = append(rows, suggestionCells(s))
		}
		if err := c.printMessage(got, suggestionHeader, rows); err != nil || c.json {
			return err
		}
		return c.write(fmt.Sprintf("\n%d groups were compared; at most 5 %% of those that are shown differ by chance alone\n", got.GetComparedCount()))
	})
	return cmd
}

func newSegmentsRFM(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rfm",
		Short: "Place customers by how lately, how often and for how much they bought",
		Long:  "Place customers in fifths, from 1 to 5 (the best), by how lately, how often and for how much they bought. Who is equal shares the middle of the ranks.",
		Args:  exactly(),
	}
	c := newCall(env, cmd)
	currency := cmd.Flags().String("currency", "", "the currency to count in, such as KGS, where there are purchases in several")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		got, err := conn.Segments.AnalyzePurchases(ctx, &segmentationv1.AnalyzePurchasesRequest{Currency: *currency})
		if err != nil {
			return fmt.Errorf("analyse purchases: %w", err)
		}
		if !c.json && got.GetCustomerCount() == 0 {
			return c.write("nobody bought anything\n")
		}
		var rows [][]string
		for _, cell := range got.GetCells() {
			rows = append(rows, []string{
				fmt.Sprint(cell.GetRecency()), fmt.Sprint(cell.GetFrequency()), fmt.Sprint(cell.GetMonetary()), fmt.Sprint(cell.GetCount()),
				formatNumber(cell.GetAmount(), 2) + " " + got.GetCurrency(),
			})
		}
		if err := c.printMessage(got, []string{"RECENCY", "FREQUENCY", "MONETARY", "CUSTOMERS", "AMOUNT"}, rows); err != nil || c.json {
			return err
		}
		rows = nil
		for _, s := range got.GetSuggestions() {
			rows = append(rows, suggestionCells(s))
		}
		if err := c.write("\n"); err != nil {
			return err
		}
		return c.table(suggestionHeader, rows)
	})
	return cmd
}

func newSegmentsCluster(env Env) *cobra.Command {
	request := &segmentationv1.ClusterContactsRequest{}
	cmd := &cobra.Command{
		Use:     "cluster ATTRIBUTE...",
		Short:   "Find groups of contacts who are alike in chosen numbers",
		Example: `  otklik segments cluster purchases.frequency purchases.monetary --seed 7`,
		Args:    between(1, 10, "ATTRIBUTE"),
	}
	c := newCall(env, cmd)
	cmd.Flags().Int32Var(&request.Clusters, "clusters", 0, "how many groups (default: as many as are clearest)")
	cmd.Flags().Uint64Var(&request.Seed, "seed", 0, "decides where the search begins")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, args []string) error {
		request.Attributes = args
		got, err := conn.Segments.ClusterContacts(ctx, request)
		if err != nil {
			return fmt.Errorf("cluster contacts: %w", err)
		}
		header, rows := []string{"GROUP", "CONTACTS", "SILHOUETTE"}, [][]string(nil)
		header = append(append(header, args...), "RULE")
		for i, group := range got.GetClusters() {
			row := []string{fmt.Sprint(i + 1), fmt.Sprint(group.GetSuggestion().GetCount()), formatNumber(group.GetSilhouette(), 2)}
			for _, v := range group.GetCentre() {
				row = append(row, formatNumber(v, 2))
			}
			rows = append(rows, append(row, group.GetSuggestion().GetRule()))
		}
		if err := c.printMessage(got, header, rows); err != nil || c.json {
			return err
		}
		return c.write(fmt.Sprintf("\nsilhouette %s of %d contacts; below 0.25 there are hardly groups at all\n", formatNumber(got.GetSilhouette(), 2), got.GetSilhouetteCount()))
	})
	return cmd
}
