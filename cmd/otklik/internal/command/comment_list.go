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
)

// mostListed is how many comments one page holds.
const mostListed = 500

func newCommentList(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "list",
		Short:   "List comments, the newest first",
		Example: `  otklik comment list --survey shop --aspect price --aspect-sentiment negative --from 2026-03`,
		Args:    exactly(),
	}
	return listing(env, cmd, func([]string) string { return "" })
}

func newCommentSearch(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "search WORDS",
		Short: "Search comments by words in any inflection, those first that fit best",
		Long: `Search comments by words in any inflection, in Russian, Kyrgyz (also without ө ү ң) and English, those first that fit best.

All words must occur. "Words in quotes" stand together, a word after a hyphen does not occur.`,
		Example: `  otklik comment search 'очередь касса'
  otklik comment search '"живая музыка" -громко' --location osh`,
		Args: func(_ *cobra.Command, args []string) error {
			if strings.TrimSpace(strings.Join(args, " ")) == "" {
				return exit.Usagef("WORDS must be given")
			}
			return nil
		},
	}
	return listing(env, cmd, func(args []string) string { return strings.Join(args, " ") })
}

// listing completes a command that lists comments. words are what is searched for.
func listing(env Env, cmd *cobra.Command, words func(args []string) string) *cobra.Command {
	var filter commentFilterFlags
	var limit int
	c := newCall(env, cmd)
	filter.add(cmd.Flags(), cmd.Name() == "list")
	cmd.Flags().IntVar(&limit, "limit", 50, "at most this many")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		if limit < 1 {
			return exit.Usagef("--limit must be positive")
		}
		f, err := filter.filter()
		if err != nil {
			return err
		}
		if q := words(args); q != "" {
			f.Query = q
		}
		return c.with(func(conn *client.Connection) error {
			all, err := listComments(ctx, conn.Comments, f, limit)
			switch {
			case err != nil:
				return err
			case c.json:
				return c.printJSON(all)
			case len(all.GetComments()) == 0:
				return c.write("no comments\n")
			default:
				return c.commentTable(all.GetComments()...)
			}
		})
	})
	return cmd
}

func listComments(ctx context.Context, comments commentv1.CommentServiceClient, f *commentv1.CommentFilter, limit int) (*commentv1.ListCommentsResponse, error) {
	request := &commentv1.ListCommentsRequest{Filter: f, PageSize: int32(min(limit, mostListed))}
	list, err := listUpTo(ctx, "comments", comments.ListComments, request, &request.PageToken, (*commentv1.ListCommentsResponse).GetComments, limit)
	return &commentv1.ListCommentsResponse{Comments: list}, err
}

func (c *call) commentTable(comments ...*commentv1.Comment) error {
	var rows [][]string
	for _, m := range comments {
		a := m.GetAnalysis()
		rows = append(rows, []string{
			formatTime(m.GetCountTime()), languageWord(a.GetLanguage()), sentimentWord(a.GetSentiment()), orDash(aspectsText(a.GetAspects())),
			orDash(m.GetContext().GetLocation()), m.GetName(), m.GetText(),
		})
	}
	return c.table([]string{"TIME", "LANGUAGE", "SENTIMENT", "ASPECTS", "LOCATION", "COMMENT", "TEXT"}, rows)
}

// aspectsText lists aspects with what is expressed, as --aspect of correct takes them.
func aspectsText(mentions []*commentv1.AspectMention) string {
	var parts []string
	for _, m := range mentions {
		parts = append(parts, idOf(m.GetAspect())+":"+sentimentWord(m.GetSentiment()))
	}
	return strings.Join(parts, ",")
}

func newCommentCorrect(env Env) *cobra.Command {
	var sentiment, language string
	var aspects []string
	var noAspects bool
	cmd := &cobra.Command{
		Use:   "correct COMMENT",
		Short: "Say what a comment really means",
		Long: `Say what a comment really means. What is said holds over what models make of it until it is corrected again, and counts for how well they do.

COMMENT is the full name, as "otklik comment list" prints it. Aspects are replaced as a whole.`,
		Example: `  otklik comment correct surveys/shop/responses/r1/comments/why --sentiment mixed --aspect price:negative --aspect staff:positive`,
		Args:    exactly("COMMENT"),
	}
	c := newCall(env, cmd)
	cmd.Flags().StringVar(&sentiment, "sentiment", "", "what it expresses as a whole: "+sentimentNames())
	cmd.Flags().StringVar(&language, "language", "", "the language: "+names("", "LANGUAGE_", commentv1.Language(0).Descriptor()))
	cmd.Flags().StringSliceVar(&aspects, "aspect", nil, "what it speaks of and how, ASPECT:SENTIMENT; repeat for more")
	cmd.Flags().BoolVar(&noAspects, "no-aspects", false, "it speaks of no aspect")
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		name, err := commentArgument(args[0])
		if err != nil {
			return err
		}
		correction := &commentv1.Correction{}
		if correction.Sentiment, err = sentimentNamed("sentiment", sentiment); err != nil {
			return err
		}
		if correction.Language, err = languageNamed("language", language); err != nil {
			return err
		}
		if correction.Aspects, err = mentionsNamed(aspects); err != nil {
			return err
		}
		correction.AspectsCorrected = noAspects || len(aspects) > 0
		switch {
		case noAspects && len(aspects) > 0:
			return exit.Usagef("either --aspect or --no-aspects, not both")
		case sentiment == "" && language == "" && !correction.GetAspectsCorrected():
			return exit.Usagef("say what it means by --sentiment, --aspect, --no-aspects or --language")
		}
		return c.with(func(conn *client.Connection) error {
			got, err := conn.Comments.CorrectComment(ctx, &commentv1.CorrectCommentRequest{Name: name, Correction: correction})
			if err != nil {
				return fmt.Errorf("correct the comment: %w", err)
			}
			if c.json {
				return c.printJSON(got)
			}
			return c.commentTable(got.GetComment())
		})
	})
	return cmd
}

// mentionsNamed reads ASPECT:SENTIMENT.
func mentionsNamed(all []string) ([]*commentv1.AspectMention, error) {
	var mentions []*commentv1.AspectMention
	for _, text := range all {
		aspect, word, ok := strings.Cut(text, ":")
		if !ok || aspect == "" || word == "" {
			return nil, exit.Usagef("--aspect: %q is not ASPECT:SENTIMENT, for example price:negative", text)
		}
		sentiment, err := sentimentNamed("aspect", word)
		if err != nil {
			return nil, err
		}
		mentions = append(mentions, &commentv1.AspectMention{Aspect: named("aspects", aspect), Sentiment: sentiment})
	}
	return mentions, nil
}

func newCommentReanalyze(env Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "reanalyze",
		Short: "Analyse all comments anew with the model in use",
		Long: `Begin to analyse all comments anew with the model in use. Reading goes on meanwhile, with the analysis before. By itself this begins when the model changes.

With --status nothing is begun: it tells how far those before have come.`,
		Args: exactly(),
	}
	var status bool
	c := newCall(env, cmd)
	cmd.Flags().BoolVar(&status, "status", false, "begin nothing: tell how far those before have come")
	cmd.RunE = c.run(func(ctx context.Context, conn *client.Connection, _ []string) error {
		if status {
			list, err := conn.Comments.ListReanalyses(ctx, &commentv1.ListReanalysesRequest{})
			switch {
			case err != nil:
				return fmt.Errorf("list reanalyses: %w", err)
			case c.json:
				return c.printJSON(list)
			case len(list.GetReanalyses()) == 0:
				return c.write("no reanalyses\n")
			}
			return c.reanalysisTable(list.GetReanalyses()...)
		}
		begun, err := conn.Comments.ReanalyzeComments(ctx, &commentv1.ReanalyzeCommentsRequest{})
		if err != nil {
			return fmt.Errorf("analyse comments anew: %w", err)
		}
		if c.json {
			return c.printJSON(begun)
		}
		return c.reanalysisTable(begun.GetReanalysis())
	})
	return cmd
}

func (c *call) reanalysisTable(list ...*commentv1.Reanalysis) error {
	var rows [][]string
	for _, r := range list {
		rows = append(rows, []string{
			idOf(r.GetName()), enumWord("STATE_", r.GetState()), idOf(r.GetModel()), formatMoment(r.GetCreateTime()),
			fmt.Sprintf("%d of %d", r.GetCommentsDone(), r.GetCommentsTotal()), strconv.FormatInt(r.GetSentimentsChanged(), 10),
			strconv.FormatInt(r.GetAspectsChanged(), 10),
		})
	}
	return c.table([]string{"REANALYSIS", "STATE", "MODEL", "BEGUN", "COMMENTS", "SENTIMENTS CHANGED", "ASPECTS CHANGED"}, rows)
}
