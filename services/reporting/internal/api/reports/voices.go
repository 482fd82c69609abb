package reports

import (
	"context"
	"strings"

	"github.com/otklik/otklik/services/reporting/internal/document"
	"github.com/otklik/otklik/services/reporting/internal/phrase"
	"github.com/otklik/otklik/services/reporting/internal/report"

	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// definitionThemes is what the comment service counts themes by.
const definitionThemes = "comment_themes@1"

// topics says what people call the values of a key: themes by the names of their aspects, units by those of the directory.
func (r *run) topics(ctx context.Context, key string) (map[string]string, error) {
	if !strings.HasPrefix(key, "theme") {
		return r.names(ctx, key)
	}
	return once(ctx, "names of themes", r.aspects)
}

// aspects says what people call the aspects that comments are about.
func (r *run) aspects(ctx context.Context) (map[string]string, error) {
	out := make(map[string]string)
	req := &commentv1.ListAspectsRequest{PageSize: 500}
	for range mostNames {
		resp, err := r.sources.Aspects.ListAspects(ctx, req)
		if _, told := r.absence(err); told {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		for _, a := range resp.GetAspects() {
			id := strings.TrimPrefix(a.GetName(), "aspects/")
			out[id] = r.words.Pick(a.GetDisplayName().GetTexts(), id)
		}
		if req.PageToken = resp.GetNextPageToken(); req.GetPageToken() == "" {
			break
		}
	}
	return out, nil
}

// themes shows what comments praise and blame.
func (r *run) themes(ctx context.Context, s report.Section) (part, error) {
	if !r.plain || r.circumstances["employee"] != "" {
		return part{}, errFilter
	}
	resp, err := r.sources.Insights.QueryThemes(ctx, &commentv1.QueryThemesRequest{ConfidenceLevel: level, Filter: &commentv1.CommentFilter{
		Survey: r.survey, Period: periodToProto(r.period), Location: r.circumstances["location"], Company: r.circumstances["company"], Region: r.circumstances["region"],
		Channel: r.circumstances["channel"], Touchpoint: r.circumstances["touchpoint"],
	}})
	if err != nil || len(resp.GetThemes()) == 0 {
		return part{}, err
	}
	names, err := r.topics(ctx, "theme")
	if err != nil {
		return part{}, err
	}
	verdicts := map[commentv1.ThemeInsight_Kind]phrase.Key{
		commentv1.ThemeInsight_KIND_STRENGTH: phrase.Strength, commentv1.ThemeInsight_KIND_WEAKNESS: phrase.Weakness, commentv1.ThemeInsight_KIND_UNDECIDED: phrase.Undecided,
	}
	marks := map[commentv1.ThemeInsight_Kind]document.Mark{commentv1.ThemeInsight_KIND_STRENGTH: document.Green, commentv1.ThemeInsight_KIND_WEAKNESS: document.Red}
	bars := &document.BarChart{ValueTitle: r.words.Text(phrase.ColumnShare)}
	var rows [][]document.Cell
	for _, t := range resp.GetThemes() {
		id := strings.TrimPrefix(t.GetAspect(), "aspects/")
		label := r.valueName(id, names)
		part := t.GetShare()
		spoken := r.share(&part, t.GetShareInterval(), resp.GetResponseCount(), definitionThemes)
		praised := r.share(t.PositiveShare, t.GetPositiveShareInterval(), t.GetResponseCount(), definitionThemes)
		praised.P = t.QValue
		if len(bars.Bars) < mostBars {
			bars.Bars = append(bars.Bars, document.Bar{Label: label, Number: spoken, Mark: marks[t.GetKind()]})
		}
		stake := document.Number{Value: t.NpsAtStake, Unit: document.Points, Digits: 1, Definition: definitionThemes}
		if t.NpsAtStake == nil {
			stake.Absent = r.words.Text(phrase.AbsentFewAnswers)
		} else {
			n := resp.GetResponseCount()
			stake.N = &n
		}
		rows = append(rows, []document.Cell{textCell(label), textCell(r.words.Text(verdicts[t.GetKind()])), numberCell(spoken), numberCell(praised), numberCell(stake)})
	}
	columns := []document.Column{
		r.textColumn("theme", phrase.ColumnTopic), r.textColumn("verdict", phrase.ColumnVerdict), r.numberColumn("share", phrase.ColumnShare),
		r.numberColumn("praised", phrase.ColumnPraised), r.numberColumn("nps_at_stake", phrase.ColumnAtStake),
	}
	return part{
		blocks: []document.Block{
			{Chart: &document.Chart{ID: "themes", Title: r.words.Text(phrase.ChartThemes), Bars: bars}},
			r.table("themes", phrase.TableThemes, columns, rows, s.Rows, mostRows),
		},
		notes: []string{r.words.Plural(phrase.NoteComments, resp.GetCommentCount()), r.words.Text(phrase.NoteAssociation), r.words.Text(phrase.NoteWithoutInterval, r.words.Text(phrase.ColumnAtStake))},
	}, nil
}
