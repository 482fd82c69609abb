package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/client"
	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

func newCommentThemes(env Env) *cobra.Command {
	var filter commentFilterFlags
	var group groupFlags
	var evidence int32
	cmd := &cobra.Command{
		Use:   "themes",
		Short: "Tell strengths and weaknesses: what comments praise and blame, and how it goes with the NPS",
		Long: `Tell what comments speak of, how often, whether they praise or blame it, and how it goes with the NPS; those first of which most is at stake.

A strength is praised, and a weakness blamed, more often than chance explains, tested for all themes together. What goes with the NPS is an association, not a cause.`,
		Example: `  otklik comment themes --survey shop --from 2026-03 --evidence 2`,
		Args:    exactly(),
	}
	c := newCall(env, cmd)
	filter.add(cmd.Flags(), true)
	group.add(cmd.Flags())
	cmd.Flags().Int32Var(&evidence, "evidence", 0, "show so many examples of each, up to 5")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		f, err := filter.filter()
		if err != nil {
			return err
		}
		by, err := group.key()
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Insights.QueryThemes(ctx, &commentv1.QueryThemesRequest{Filter: f, GroupBy: by, ConfidenceLevel: group.level, EvidenceCount: evidence})
			switch {
			case err != nil:
				return fmt.Errorf("query themes: %w", err)
			case c.json:
				return c.printJSON(got)
			case len(got.GetThemes()) == 0:
				return c.write("no themes: " + slicing(got) + "\n")
			}
			return c.printThemes(got, by)
		})
	})
	return cmd
}

// sliced is what all insights say of the slice.
type sliced interface {
	GetResponseCount() int64
	GetCommentCount() int64
}

// slicing tells what a slice holds.
func slicing(got sliced) string {
	return fmt.Sprintf("%d comments of %d responses", got.GetCommentCount(), got.GetResponseCount())
}

func (c *call) printThemes(got *commentv1.QueryThemesResponse, by typev1.ContextKey) error {
	header := []string{"ASPECT", "KIND", "RESPONSES", "SHARE", "PRAISE", "BLAME", "BOTH", "NEITHER", "PRAISED SHARE", "NPS DIFFERENCE", "NPS AT STAKE"}
	grouped := by != typev1.ContextKey_CONTEXT_KEY_UNSPECIFIED
	if grouped {
		header = append([]string{strings.ToUpper(enumWord("CONTEXT_KEY_", by))}, header...)
	}
	var rows [][]string
	var examples strings.Builder
	for _, t := range got.GetThemes() {
		row := []string{
			idOf(t.GetAspect()), enumWord("KIND_", t.GetKind()), strconv.FormatInt(t.GetResponseCount(), 10), shareText(&t.Share, t.GetShareInterval()),
			strconv.FormatInt(t.GetPositiveCount(), 10), strconv.FormatInt(t.GetNegativeCount(), 10), strconv.FormatInt(t.GetMixedCount(), 10),
			strconv.FormatInt(t.GetNeutralCount(), 10), shareText(t.PositiveShare, t.GetPositiveShareInterval()), pointsText(t.NpsDifference, t.GetNpsDifferenceInterval()),
			pointsText(t.NpsAtStake, nil),
		}
		if grouped {
			row = append([]string{orNotStated(t.GetGroup())}, row...)
		}
		rows = append(rows, row)
		writeEvidence(&examples, idOf(t.GetAspect()), t.GetEvidence())
	}
	if err := c.table(header, rows); err != nil {
		return err
	}
	return c.write(examples.String() + "\n" + slicing(got) + ", counted up to " + formatMoment(got.GetWatermark()) + "\n")
}

// writeEvidence lists examples under what they show.
func writeEvidence(b *strings.Builder, what string, evidence []*commentv1.Evidence) {
	if len(evidence) == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", printable(what))
	for _, e := range evidence {
		fmt.Fprintf(b, "  %-8s  %s\n", sentimentWord(e.GetSentiment()), printable(e.GetText()))
	}
}

// shareText shows a share in per cent with its interval.
func shareText(share *float64, i *typev1.ConfidenceInterval) string {
	if share == nil {
		return "-"
	}
	text := formatNumber(100**share, 1) + "%"
	if i != nil {
		text += fmt.Sprintf(" (%s to %s)", formatNumber(100*i.GetLower(), 1), formatNumber(100*i.GetUpper(), 1))
	}
	return text
}

// pointsText shows points of the NPS with their interval.
func pointsText(points *float64, i *typev1.ConfidenceInterval) string {
	if points == nil {
		return "-"
	}
	text := formatNumber(*points, 1)
	if i != nil {
		text += fmt.Sprintf(" (%s to %s)", formatNumber(i.GetLower(), 1), formatNumber(i.GetUpper(), 1))
	}
	return text
}

func newCommentPhrases(env Env) *cobra.Command {
	var filter commentFilterFlags
	var limit int32
	var level float64
	cmd := &cobra.Command{Use: "phrases", Short: "Tell which phrases are written most often", Args: exactly()}
	c := newCall(env, cmd)
	filter.add(cmd.Flags(), true)
	addLevel(cmd.Flags(), &level)
	cmd.Flags().Int32Var(&limit, "limit", 50, "at most this many, up to 200")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		if limit < 1 {
			return exit.Usagef("--limit must be 1 to 200")
		}
		f, err := filter.filter()
		if err != nil {
			return err
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Insights.QueryKeyPhrases(ctx, &commentv1.QueryKeyPhrasesRequest{Filter: f, Limit: limit, ConfidenceLevel: level})
			switch {
			case err != nil:
				return fmt.Errorf("query phrases: %w", err)
			case c.json:
				return c.printJSON(got)
			case len(got.GetPhrases()) == 0:
				return c.write("no phrases: " + slicing(got) + "\n")
			}
			var rows [][]string
			for _, p := range got.GetPhrases() {
				rows = append(rows, []string{
					p.GetPhrase(), strconv.FormatInt(p.GetResponseCount(), 10), shareText(&p.Share, p.GetShareInterval()),
					strconv.FormatInt(p.GetPositiveCount(), 10), strconv.FormatInt(p.GetNegativeCount(), 10),
				})
			}
			if err := c.table([]string{"PHRASE", "RESPONSES", "SHARE", "POSITIVE", "NEGATIVE"}, rows); err != nil {
				return err
			}
			return c.write("\n" + slicing(got) + ", counted up to " + formatMoment(got.GetWatermark()) + "\n")
		})
	})
	return cmd
}

func newCommentEmerging(env Env) *cobra.Command {
	var filter commentFilterFlags
	var rate float64
	var least int32
	cmd := &cobra.Command{
		Use:   "emerging --from TIME --to TIME",
		Short: "Tell of what more, or less, is written than before",
		Long: `Tell of which themes more, or less, is written in a period than in four times its length before it: aspects with what is expressed, and phrases. They are tested, and
--fdr bounds the share of those that are told by chance.`,
		Example: `  otklik comment emerging --survey shop --from 2026-03 --to 2026-04`,
		Args:    exactly(),
	}
	c := newCall(env, cmd)
	filter.add(cmd.Flags(), true)
	cmd.Flags().Float64Var(&rate, "fdr", 0, "share of false discoveries that is allowed, 0.001 to 0.5 (default 0.05)")
	cmd.Flags().Int32Var(&least, "least", 0, "do not test what fewer responses hold (default 5)")
	cmd.RunE = c.wrap(func(ctx context.Context, _ []string) error {
		f, err := filter.filter()
		if err != nil {
			return err
		}
		if filter.from == "" || filter.to == "" {
			return exit.Usagef("--from and --to are needed: they are the period that is compared with the time before")
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Insights.QueryEmergingThemes(ctx, &commentv1.QueryEmergingThemesRequest{Filter: f, FalseDiscoveryRate: rate, LeastCount: least})
			switch {
			case err != nil:
				return fmt.Errorf("query emerging themes: %w", err)
			case c.json:
				return c.printJSON(got)
			case len(got.GetThemes()) == 0:
				return c.write(fmt.Sprintf("nothing emerges: %d themes were tested\n", got.GetTestedCount()))
			}
			return c.printEmerging(got)
		})
	})
	return cmd
}

func (c *call) printEmerging(got *commentv1.QueryEmergingThemesResponse) error {
	var rows [][]string
	var examples strings.Builder
	for _, t := range got.GetThemes() {
		what := t.GetPhrase()
		if t.GetAspect() != "" {
			what = idOf(t.GetAspect()) + ":" + sentimentWord(t.GetSentiment())
		}
		rows = append(rows, []string{
			what, enumWord("DIRECTION_", t.GetDirection()), fmt.Sprintf("%d of %d", t.GetRecentCount(), t.GetRecentTotal()),
			fmt.Sprintf("%d of %d", t.GetBaselineCount(), t.GetBaselineTotal()), pointsText(&t.LogOddsRatio, t.GetLogOddsInterval()), formatNumber(t.GetQValue(), 4),
		})
		writeEvidence(&examples, what, t.GetEvidence())
	}
	if err := c.table([]string{"THEME", "DIRECTION", "RECENT", "BEFORE", "LOG ODDS RATIO", "Q"}, rows); err != nil {
		return err
	}
	return c.write(fmt.Sprintf("%s\n%d themes were tested, counted up to %s\n", examples.String(), got.GetTestedCount(), formatMoment(got.GetWatermark())))
}
