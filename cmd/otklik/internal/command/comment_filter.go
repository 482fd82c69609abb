package command

import (
	"strings"

	"github.com/spf13/pflag"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// commentFilterFlags are the flags that say which comments.
type commentFilterFlags struct {
	survey, question, from, to, timeZone            string
	touchpoint, channel, location, region, company  string
	language, sentiment, aspect, aspectSentiment, q string
}

// add adds the flags; query that of the words, for commands that have no argument for them.
func (f *commentFilterFlags) add(flags *pflag.FlagSet, query bool) {
	flags.StringVar(&f.survey, "survey", "", "only of this survey")
	flags.StringVar(&f.question, "question", "", "only of this question")
	flags.StringVar(&f.from, "from", "", "begin of the period: 2026, 2026-03, 2026-03-15, 2026-03-15T09:30 or with an offset (default: open)")
	flags.StringVar(&f.to, "to", "", "end of the period, which does not belong to it: 2026-04-01 ends it with 31 March (default: open)")
	flags.StringVar(&f.timeZone, "time-zone", "", "time zone of --from and --to, for example Asia/Bishkek (default: UTC)")
	flags.StringVar(&f.touchpoint, "touchpoint", "", "only with this touchpoint")
	flags.StringVar(&f.channel, "channel", "", "only with this channel")
	flags.StringVar(&f.location, "location", "", "only with this location")
	flags.StringVar(&f.region, "region", "", "only with this region")
	flags.StringVar(&f.company, "company", "", "only with this company")
	flags.StringVar(&f.language, "language", "", "only in this language: "+names("", "LANGUAGE_", commentv1.Language(0).Descriptor()))
	flags.StringVar(&f.sentiment, "sentiment", "", "only what is, as a whole, "+sentimentNames())
	flags.StringVar(&f.aspect, "aspect", "", "only what speaks of this aspect, for example price")
	flags.StringVar(&f.aspectSentiment, "aspect-sentiment", "", "only where that is "+sentimentNames())
	if query {
		flags.StringVar(&f.q, "query", "", `only with these words, in any inflection; "words in quotes" stand together, a word after a hyphen does not occur`)
	}
}

func sentimentNames() string { return names("", "SENTIMENT_", commentv1.Sentiment(0).Descriptor()) }

// filter makes the filter. Errors are of wrong usage.
func (f *commentFilterFlags) filter() (*commentv1.CommentFilter, error) {
	out := &commentv1.CommentFilter{
		Question: f.question, Touchpoint: f.touchpoint, Channel: f.channel, Location: f.location, Region: f.region, Company: f.company, Query: f.q,
	}
	if f.survey != "" {
		out.Survey = surveyName(f.survey)
	}
	if f.aspect != "" {
		out.Aspect = named("aspects", f.aspect)
	}
	if f.aspectSentiment != "" && f.aspect == "" {
		return nil, exit.Usagef("--aspect-sentiment needs --aspect")
	}
	var err error
	if out.Language, err = languageNamed("language", f.language); err != nil {
		return nil, err
	}
	if out.Sentiment, err = sentimentNamed("sentiment", f.sentiment); err != nil {
		return nil, err
	}
	if out.AspectSentiment, err = sentimentNamed("aspect-sentiment", f.aspectSentiment); err != nil {
		return nil, err
	}
	out.Period, err = parsePeriod(f.from, f.to, f.timeZone)
	return out, err
}

func sentimentNamed(flag, text string) (commentv1.Sentiment, error) {
	v, err := value(flag, "SENTIMENT_", text, commentv1.Sentiment(0).Descriptor())
	return commentv1.Sentiment(v), err
}

func languageNamed(flag, text string) (commentv1.Language, error) {
	v, err := value(flag, "LANGUAGE_", text, commentv1.Language(0).Descriptor())
	return commentv1.Language(v), err
}

// groupFlags are the flags of insights by group.
type groupFlags struct {
	by    string
	level float64
}

// insightKeys are the keys by which insights are grouped.
const insightKeys = "touchpoint, channel, location, language, region, company"

func (g *groupFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&g.by, "by", "", "apart for each value of: "+insightKeys)
	addLevel(flags, &g.level)
}

func addLevel(flags *pflag.FlagSet, level *float64) {
	flags.Float64Var(level, "level", 0, "confidence level of intervals, 0.5 to 0.9999 (default 0.95)")
}

func (g *groupFlags) key() (typev1.ContextKey, error) {
	v, err := value("by", "CONTEXT_KEY_", g.by, typev1.ContextKey(0).Descriptor())
	if err == nil && typev1.ContextKey(v) == typev1.ContextKey_CONTEXT_KEY_EMPLOYEE {
		err = exit.Usagef("--by: comments are not grouped by employee: want %s", insightKeys)
	}
	return typev1.ContextKey(v), err
}

// commentArgument makes the name of a comment of what people type: its full name.
func commentArgument(s string) (string, error) {
	parts := strings.Split(s, "/")
	if len(parts) != 6 || parts[0] != "surveys" || parts[2] != "responses" || parts[4] != "comments" {
		return "", exit.Usagef("%q is not the name of a comment such as surveys/shop/responses/r1/comments/why, as \"otklik comment list\" prints it", s)
	}
	return s, nil
}
