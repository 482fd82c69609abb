package command

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	commentv1 "github.com/otklik/otklik/proto/gen/go/otklik/comment/v1"
)

// nowhere is a shell whose environment names a server where nobody listens: what works on this machine must not mind.
func nowhere(t *testing.T) *shell { return newShell(t, "127.0.0.1:1", "otk_x") }

// analyzed reads the objects that analyze wrote.
func analyzed(t *testing.T, out string) []analyzedLine {
	t.Helper()
	var all []analyzedLine
	for line := range strings.Lines(out) {
		var l analyzedLine
		readJSON(t, line, &l)
		all = append(all, l)
	}
	return all
}

func TestCommentAnalyze(t *testing.T) {
	s := nowhere(t)
	const in = "\ufeffПерсонал вежливый, но цены высокие. Мой номер +996 555 000 123\r\n\n<b>Great</b> service & food 👍\nbroken \xff here\nлифт жок экен"
	r := s.runWith(t.Context(), strings.NewReader(in), "comment", "analyze", "--aspect", "lift=лифт, lift ,эскалатор")
	if r.code != exit.OK {
		t.Fatalf("%+v", r)
	}
	all := analyzed(t, r.out)
	if len(all) != 5 {
		t.Fatalf("%d lines:\n%s", len(all), r.out)
	}
	first := all[0]
	if first.Line != 1 || first.Text != "Персонал вежливый, но цены высокие. Мой номер [PHONE]" || first.Language != "ru" || first.Variety != "ru" || first.Sentiment != "mixed" || first.Model == "" {
		t.Errorf("%+v", first)
	}
	if len(first.Redactions) != 1 || first.Redactions[0] != (redactionPart{"PHONE", place{46, 53}}) {
		t.Errorf("%+v", first.Redactions)
	}
	said := map[string]string{}
	for _, a := range first.Aspects {
		said[a.Aspect+":"+a.Polarity] = a.Evidence
	}
	if said["staff:positive"] != "Персонал вежливый" || !strings.Contains(said["price:negative"], "цены высокие") {
		t.Errorf("%v", said)
	}
	if second := all[1]; second.Text != "" || second.Language != "und" || second.Sentiment != "neutral" || second.Aspects == nil || second.Phrases == nil {
		t.Errorf("%+v", second)
	}
	if all[2].Text != "<b>Great</b> service & food 👍" || all[2].Language != "en" || all[2].Sentiment != "positive" || all[3].Text != "broken \ufffd here" {
		t.Errorf("%+v\n%+v", all[2], all[3])
	}
	if own := all[4]; !slices.ContainsFunc(own.Aspects, func(a aspectPart) bool { return a.Aspect == "lift" && strings.Contains(a.Evidence, "лифт") }) || own.Language != "ky" {
		t.Errorf("%+v", own)
	}
	if strings.Contains(r.out, `\u003c`) {
		t.Error("what is written is made unreadable")
	}
}

// Files that are packed are unpacked, also from standard input; what only begins as such is refused.
func TestCommentAnalyzeUnpacks(t *testing.T) {
	s := nowhere(t)
	const lines = "Great staff\nAwful queue\n"
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := io.WriteString(w, lines); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := s.ok("comment", "analyze", writeFile(t, "plain.txt", lines))
	if got := s.ok("comment", "analyze", writeFile(t, "packed.gz", packed.String())); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if r := s.runWith(t.Context(), &packed, "comment", "analyze"); r.code != 0 || r.out != want {
		t.Errorf("%+v, want %s", r, want)
	}
	if r := s.runWith(t.Context(), strings.NewReader("\x1f\x8bno"), "comment", "analyze"); r.code == 0 {
		t.Errorf("%+v: want a refusal", r)
	}
}

// Lines that are too long are told, in their place, and the others go on.
func TestCommentAnalyzeLongLines(t *testing.T) {
	s := nowhere(t)
	longest := strings.Repeat("слово ", 100_000)[:100_000]
	in := "a good shop\n" + longest + "b\n" + longest[:99_990] + "\n" + strings.Repeat("x", 1<<20) + "\nthe last"
	r := s.runWith(t.Context(), strings.NewReader(in), "comment", "analyze")
	if r.code != exit.Incomplete || !strings.Contains(r.err, "2 lines") {
		t.Errorf("exit code %d, %s", r.code, r.err)
	}
	lines := strings.Split(strings.TrimSpace(r.out), "\n")
	if len(lines) != 5 {
		t.Fatalf("%d lines", len(lines))
	}
	for i, line := range lines {
		var got struct {
			Line  int
			Error string
			Text  string
		}
		if err := json.Unmarshal([]byte(line), &got); err != nil || got.Line != i+1 || (got.Error != "") != (i == 1 || i == 3) || got.Error != "" && !strings.Contains(got.Error, "100000") {
			t.Errorf("line %d: %d, %q, %v", i+1, got.Line, got.Error, err)
		}
	}
}

// What is written is shown when input pauses, line by line.
func TestCommentAnalyzeAnswersAtOnce(t *testing.T) {
	s := nowhere(t)
	inRead, in := io.Pipe()
	outRead, out := io.Pipe()
	root := s.root()
	root.SetArgs([]string{"comment", "analyze"})
	root.SetIn(inRead)
	root.SetOut(out)
	done := make(chan error, 1)
	go func() {
		done <- root.ExecuteContext(t.Context())
		// Who waits for the command is let go, also where it has failed.
		_, _ = inRead.Close(), out.Close()
	}()
	answers := bufio.NewScanner(outRead)
	for _, text := range []string{"The first one", "", "Үчүнчүсү жакшы"} {
		if _, err := io.WriteString(in, text+"\n"); err != nil {
			t.Fatal(err)
		}
		answered := make(chan bool, 1)
		go func() { answered <- answers.Scan() }()
		select {
		case ok := <-answered:
			var got analyzedLine
			if err := json.Unmarshal(answers.Bytes(), &got); !ok || err != nil || got.Text != text {
				t.Fatalf("%s: %v", answers.Text(), err)
			}
		case <-time.After(testTimeout):
			t.Fatal("no answer while input pauses")
		}
	}
	if err := in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Whoever interrupts the command is not kept waiting by input that pauses.
func TestCommentAnalyzeInterrupted(t *testing.T) {
	s := nowhere(t)
	in, keep := io.Pipe()
	defer keep.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if r := s.runWith(ctx, in, "comment", "analyze"); r.code == exit.OK || time.Since(begun) > testTimeout {
		t.Errorf("%+v", r)
	}
}

func TestCommentEval(t *testing.T) {
	s := nowhere(t)
	const file = "Отличный магазин, вежливые продавцы, спасибо!\tpositive\tmore\nУжасное обслуживание, хамят\tnegative\nАбдан жакшы тейлешти, рахмат!\tnegative\n"
	path := writeFile(t, "gold.tsv", file)
	var got struct {
		Task     string   `json:"task"`
		N        int      `json:"n"`
		Accuracy float64  `json:"accuracy"`
		MacroF1  *float64 `json:"macro_f1"`
		MicroF1  *float64 `json:"micro_f1"`
		PerClass map[string]struct {
			Precision *float64 `json:"precision"`
			Recall    *float64 `json:"recall"`
			F1        *float64 `json:"f1"`
			Support   int      `json:"support"`
		} `json:"per_class"`
	}
	readJSON(t, s.ok("comment", "eval", path, "--json"), &got)
	if got.Task != "sentiment" || got.N != 3 || *got.MicroF1 != got.Accuracy || len(got.PerClass) != 2 || got.PerClass["negative"].Support != 2 || *got.PerClass["negative"].Recall != 0.5 {
		t.Errorf("%+v", got)
	}
	if out := s.ok("comment", "eval", path); !strings.Contains(out, "PRECISION") || !strings.Contains(out, "macro-F1") || !strings.Contains(out, "negative for positive: 1") {
		t.Errorf("%s", out)
	}
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := io.WriteString(w, file); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if r := s.runWith(t.Context(), &packed, "comment", "eval", "-", "--json"); r.code != 0 || r.out != s.ok("comment", "eval", path, "--json") {
		t.Errorf("%+v", r)
	}
	// Many texts go in several messages.
	many := writeFile(t, "many.tsv", strings.Repeat(file, 1000))
	readJSON(t, s.ok("comment", "eval", many, "--json"), &got)
	if got.N != 3000 || got.PerClass["negative"].Support != 2000 {
		t.Errorf("%+v", got)
	}
}

// The keys are those that are promised, null where there is no value.
func TestCommentEvalKeys(t *testing.T) {
	s := nowhere(t)
	for task, c := range map[string]struct{ file, want string }{
		"aspects":  {"Цены высокие\tprice:negative\n", `{"task":"aspects","n":1,"accuracy":null,"macro_f1":1,"micro_f1":1,"micro_f1_with_polarity":1,"per_class":{"price":{"precision":1,"recall":1,"f1":1,"support":1}}}`},
		"pii":      {"ru\tпишите: [[EMAIL|a.b@shop.example]]\n", `{"task":"pii","n":1,"accuracy":null,"macro_f1":1,"micro_f1":1,"per_class":{"EMAIL":{"precision":1,"recall":1,"f1":1,"support":1}}}`},
		"mix":      {"The room was clean\tmixed\n", `{"task":"mix","n":1,"accuracy":0,"macro_f1":0,"micro_f1":0,"per_class":{"mixed":{"precision":null,"recall":0,"f1":0,"support":1},"single":{"precision":0,"recall":null,"f1":null,"support":0}}}`},
		"language": {"", `{"task":"language","n":0,"accuracy":null,"macro_f1":null,"micro_f1":null,"per_class":{}}`},
	} {
		var got bytes.Buffer
		if err := json.Compact(&got, []byte(s.ok("comment", "eval", writeFile(t, "gold.tsv", c.file), "--task", task, "--json"))); err != nil {
			t.Fatal(err)
		}
		if got.String() != c.want {
			t.Errorf("%s:\n%s, want\n%s", task, got.String(), c.want)
		}
	}
	if out := s.ok("comment", "eval", writeFile(t, "empty.tsv", "")); out != "no texts\n" {
		t.Errorf("%q", out)
	}
}

func TestCommentModel(t *testing.T) {
	s := nowhere(t)
	got := message(s, &commentv1.GetModelResponse{}, "comment", "model").GetModel()
	if !got.GetCurrent() || len(got.GetAspects()) != 15 || got.GetCard() == "" {
		t.Errorf("%v", got)
	}
	if out := s.ok("comment", "model"); !strings.HasPrefix(out, got.GetName()+"\n") || !strings.Contains(out, "# ") {
		t.Errorf("%.200s", out)
	}
}

// Wrong usage is told before anything is sent: no server listens at this address.
func TestUsageErrorsOfComments(t *testing.T) {
	s := nowhere(t)
	bad := writeFile(t, "bad.tsv", "a\tpositive\nb\tgood\n")
	for _, c := range []struct {
		want string
		args []string
	}{
		{`"topics" is none of`, []string{"comment", "eval", bad, "--task", "topics"}},
		{`bad.tsv: line 2, column 2: "good"`, []string{"comment", "eval", bad}},
		{`FILE must be given`, []string{"comment", "eval"}},
		{`open the texts`, []string{"comment", "eval", bad + ".none"}},
		{`is a folder`, []string{"comment", "analyze", t.TempDir()}},
		{`one FILE or none`, []string{"comment", "analyze", "a", "b"}},
		{`"lift" is not ID=PHRASE`, []string{"comment", "analyze", "--aspect", "lift"}},
		{`--aspect is for analysis on this machine`, []string{"comment", "analyze", "--aspect", "a=b", "--server", "127.0.0.1:1"}},
		{`gRPC only`, []string{"comment", "analyze", "--server", "http://127.0.0.1:1"}},
		{`gRPC only`, []string{"comment", "eval", bad, "--server", "http://127.0.0.1:1"}},
		{`"glad" is none of`, []string{"comment", "list", "--sentiment", "glad"}},
		{`"de" is none of`, []string{"comment", "list", "--language", "de"}},
		{`--aspect-sentiment needs --aspect`, []string{"comment", "themes", "--aspect-sentiment", "negative"}},
		{`not grouped by employee`, []string{"comment", "themes", "--by", "employee"}},
		{`--limit must be`, []string{"comment", "list", "--limit", "0"}},
		{`--limit must be`, []string{"comment", "phrases", "--limit", "0"}},
		{`WORDS must be given`, []string{"comment", "search"}},
		{`--from and --to are needed`, []string{"comment", "emerging", "--from", "2026"}},
		{`is not the name of a comment`, []string{"comment", "correct", "why", "--sentiment", "mixed"}},
		{`say what it means`, []string{"comment", "correct", "surveys/a/responses/b/comments/c"}},
		{`"price" is not ASPECT:SENTIMENT`, []string{"comment", "correct", "surveys/a/responses/b/comments/c", "--aspect", "price"}},
		{`either --aspect or --no-aspects`, []string{"comment", "correct", "surveys/a/responses/b/comments/c", "--aspect", "price:negative", "--no-aspects"}},
	} {
		r := s.run(c.args...)
		if r.code != exit.Usage || !strings.Contains(r.err, c.want) || r.out != "" {
			t.Errorf("%v: exit code %d, %s, want %s", c.args, r.code, r.err, c.want)
		}
	}
}
