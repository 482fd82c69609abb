package command

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
	"github.com/otklik/otklik/services/comment"
)

// evaluationTasks are what can be judged, as --task names it.
var evaluationTasks = map[string]commentv1.EvaluationTask{
	"sentiment": commentv1.EvaluationTask_EVALUATION_TASK_SENTIMENT, "language": commentv1.EvaluationTask_EVALUATION_TASK_LANGUAGE,
	"aspects": commentv1.EvaluationTask_EVALUATION_TASK_ASPECTS, "mix": commentv1.EvaluationTask_EVALUATION_TASK_MIX, "pii": commentv1.EvaluationTask_EVALUATION_TASK_PII,
}

const (
	// evaluatedTexts is how many texts go into a message.
	evaluatedTexts = 500
	// evaluatedBytes is the size of texts at which a message is sent with fewer.
	evaluatedBytes = 512 << 10
)

func newCommentEval(env Env) *cobra.Command {
	var task string
	cmd := &cobra.Command{
		Use:   "eval FILE [--task TASK]",
		Short: "Judge the models by texts that people labelled",
		Long: `Judge the models by texts that people labelled: precision, recall and F1 of each class and their mean over the classes that people used.

FILE holds a text and its label in each line, with a tab between them ("-" for standard input; gzip is unpacked; further columns are not looked at, nor is a
first line that names them):

  sentiment  text, then positive, negative, neutral or mixed
  language   text, then ky, ru, en, kk, oth_cyr, oth_lat, ky_lat or ru_lat; other takes kk, oth_cyr and oth_lat together, and where the file
             has no ky_lat or ru_lat, ky and ru take Latin letters as well
  aspects    text, then ASPECT:SENTIMENT, several with | between them, - for none; mixed means both positive and negative
  mix        text, then mixed or single: whether it mixes languages
  pii        the language, then the text with [[TYPE|value]] around personal data; TYPE is NAME, PHONE, EMAIL, CARD, ID, PASSPORT or ADDRESS;
             only exactly the same place counts`,
		Example: `  otklik comment eval comments.tsv
  otklik comment eval reviews.tsv.gz --task aspects --json`,
		Args: exactly("FILE"),
	}
	c := newAnalysisCall(env, cmd)
	cmd.Flags().StringVar(&task, "task", "sentiment", "sentiment, language, aspects, mix or pii")
	cmd.Flag("json").Usage = "print the measures as JSON"
	cmd.RunE = c.wrap(func(ctx context.Context, args []string) error {
		number, ok := evaluationTasks[task]
		if !ok {
			return exit.Usagef("--task: %q is none of sentiment, language, aspects, mix, pii", task)
		}
		if err := c.requireGRPC(); err != nil {
			return err
		}
		in, err := c.openText(args[0])
		if err != nil {
			return err
		}
		defer func() { _ = in.Close() }()
		return c.analyse(func(analysis commentv1.AnalysisServiceClient) error {
			got, err := evaluate(ctx, analysis, task, number, in)
			var input *comment.InputError
			if errors.As(err, &input) {
				return exit.Usagef("%s: %w", args[0], input)
			}
			if err != nil {
				return err
			}
			if number == commentv1.EvaluationTask_EVALUATION_TASK_ASPECTS {
				c.noteUnknownAspects(ctx, analysis, got)
			}
			if c.json {
				return c.printEvaluation(task, got)
			}
			return c.evaluationTable(number, got)
		})
	})
	return cmd
}

// noteUnknownAspects says which labels name aspects that the model has not: it may be a slip of the pen, and lowers the measures.
func (c *analysisCall) noteUnknownAspects(ctx context.Context, analysis commentv1.AnalysisServiceClient, got *commentv1.EvaluateModelResponse) {
	answer, err := analysis.GetModel(ctx, &commentv1.GetModelRequest{Name: "models/current"})
	if err != nil {
		return // the measures are what was asked for
	}
	known := make(map[string]bool)
	for _, a := range answer.GetModel().GetAspects() {
		known[idOf(a.GetName())] = true
	}
	var unknown []string
	for _, class := range got.GetClasses() {
		if !known[class.GetLabel()] && class.GetPredicted() == 0 {
			unknown = append(unknown, class.GetLabel())
		}
	}
	if len(unknown) > 0 {
		_, _ = fmt.Fprintf(c.cmd.ErrOrStderr(), "no aspects of the model, or own ones that were not found: %s\n", strings.Join(unknown, ", "))
	}
}

// evaluate sends labelled texts and returns what came of it.
func evaluate(ctx context.Context, analysis commentv1.AnalysisServiceClient, task string, number commentv1.EvaluationTask, in io.Reader) (*commentv1.EvaluateModelResponse, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := analysis.EvaluateModel(ctx)
	if err != nil {
		return nil, fmt.Errorf("evaluate the model: %w", err)
	}
	message := &commentv1.EvaluateModelRequest{Task: number}
	size := 0
	send := func() error {
		err := stream.Send(message)
		message, size = &commentv1.EvaluateModelRequest{Task: number}, 0
		return err
	}
	err = comment.EachLabelled(task, in, func(l comment.Labelled) error {
		message.Texts = append(message.Texts, &commentv1.LabelledText{Text: l.Text, Label: l.Label})
		if size += len(l.Text) + len(l.Label); len(message.GetTexts()) < evaluatedTexts && size < evaluatedBytes {
			return nil
		}
		return send()
	})
	if err == nil {
		err = send()
	}
	// Why the server ended the call is told by its answer.
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	got, err := stream.CloseAndRecv()
	if err != nil {
		return nil, fmt.Errorf("evaluate the model: %w", err)
	}
	return got, nil
}

// evaluationJSON is what --json prints. Measures without a value are null.
type evaluationJSON struct {
	Task     string   `json:"task"`
	N        int64    `json:"n"`
	Accuracy *float64 `json:"accuracy"`
	MacroF1  *float64 `json:"macro_f1"`
	MicroF1  *float64 `json:"micro_f1"`
	// MicroF1WithPolarity is of aspects only.
	MicroF1WithPolarity **float64            `json:"micro_f1_with_polarity,omitempty"`
	PerClass            map[string]classJSON `json:"per_class"`
}

type classJSON struct {
	Precision *float64 `json:"precision"`
	Recall    *float64 `json:"recall"`
	F1        *float64 `json:"f1"`
	Support   int64    `json:"support"`
}

func (c *call) printEvaluation(task string, got *commentv1.EvaluateModelResponse) error {
	out := evaluationJSON{Task: task, N: got.GetN(), Accuracy: got.Accuracy, MacroF1: got.MacroF1, MicroF1: got.MicroF1, PerClass: map[string]classJSON{}}
	if task == "aspects" {
		out.MicroF1WithPolarity = &got.MicroF1WithSentiment
	}
	for _, class := range got.GetClasses() {
		out.PerClass[class.GetLabel()] = classJSON{Precision: class.Precision, Recall: class.Recall, F1: class.F1, Support: class.GetSupport()}
	}
	raw, err := json.MarshalIndent(out, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the measures: %w", err)
	}
	return c.write(string(raw) + "\n")
}

func (c *call) evaluationTable(task commentv1.EvaluationTask, got *commentv1.EvaluateModelResponse) error {
	if got.GetN() == 0 {
		return c.write("no texts\n")
	}
	var rows [][]string
	for _, class := range got.GetClasses() {
		rows = append(rows, []string{
			class.GetLabel(), measure(class.Precision), measure(class.Recall), measure(class.F1), strconv.FormatInt(class.GetSupport(), 10),
		})
	}
	if err := c.table([]string{"CLASS", "PRECISION", "RECALL", "F1", "SUPPORT"}, rows); err != nil {
		return err
	}
	var b strings.Builder
	line := func(what string, value *float64) {
		if value != nil {
			fmt.Fprintf(&b, "%-23s %s\n", what, measure(value))
		}
	}
	b.WriteByte('\n')
	line("accuracy", got.Accuracy)
	line("macro-F1", got.MacroF1)
	line("micro-F1", got.MicroF1)
	line("micro-F1 with polarity", got.MicroF1WithSentiment)
	fmt.Fprintf(&b, "%-23s %d\n%-23s %s\n", "texts", got.GetN(), "model", idOf(got.GetModel()))
	if task == commentv1.EvaluationTask_EVALUATION_TASK_SENTIMENT || task == commentv1.EvaluationTask_EVALUATION_TASK_LANGUAGE {
		b.WriteString(confusionText(got.GetConfusion()))
	}
	return c.write(b.String())
}

// measure shows a share with three decimals.
func measure(value *float64) string {
	if value == nil {
		return "-"
	}
	return strconv.FormatFloat(*value, 'f', 3, 64)
}

// confusedMost is how many confusions are shown.
const confusedMost = 10

// confusionText tells what is most often taken for what.
func confusionText(cells []*commentv1.ConfusionCell) string {
	wrong := make([]*commentv1.ConfusionCell, 0, len(cells))
	for _, cell := range cells {
		if cell.GetLabel() != cell.GetPredicted() {
			wrong = append(wrong, cell)
		}
	}
	if len(wrong) == 0 {
		return ""
	}
	slices.SortStableFunc(wrong, func(a, b *commentv1.ConfusionCell) int { return cmp.Compare(b.GetCount(), a.GetCount()) })
	var b strings.Builder
	b.WriteString("\nmost often taken for another\n")
	for _, cell := range wrong[:min(confusedMost, len(wrong))] {
		fmt.Fprintf(&b, "  %s for %s: %d\n", cell.GetLabel(), cell.GetPredicted(), cell.GetCount())
	}
	return b.String()
}
