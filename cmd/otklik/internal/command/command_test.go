package command

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	"github.com/otklik/otklik/cmd/otklik/internal/importer"
	"github.com/otklik/otklik/libs/testkit"
)

const shopMapping = `
version: 1
survey: {id: shop, title: {en: Shop}}
response:
  id: "visit-{no}"
  time: {column: date, zone: Asia/Bishkek}
questions:
  - {id: nps, type: nps, column: nps, comment: {column: why}, text: {en: Recommend}}
`

// Wrong usage is told before anything is sent: no server listens at this address.
func TestUsageErrors(t *testing.T) {
	s := newShell(t, "127.0.0.1:1", "otk_x")
	mapping := writeFile(t, "m.yaml", shopMapping)
	data := writeFile(t, "d.csv", "no,date,nps,why\n1,2026-01-02,9,\n")
	for want, args := range map[string][]string{
		`unknown flag: --nope`:                               {"survey", "list", "--nope"},
		`there are no arguments`:                             {"survey", "list", "x"},
		`SURVEY must be given`:                               {"survey", "show"},
		`--survey is needed`:                                 {"score"},
		`"npss" is none of nps, csat`:                        {"score", "--survey", "a", "--metric", "npss"},
		`"5 May" is not a time`:                              {"score", "--survey", "a", "--from", "5 May"},
		`--from must be before --to`:                         {"score", "--survey", "a", "--from", "2026-02", "--to", "2026-01-31"},
		`is not a time zone`:                                 {"score", "--survey", "a", "--from", "2026", "--time-zone", "Asia/Atlantis"},
		`nothing to compare with`:                            {"compare", "--survey", "a", "--metric", "nps"},
		`--by takes up to 3 keys, not 4`:                     {"score", "--survey", "a", "--by", "region,location,channel,language"},
		`"weights" is not stated`:                            {"score", "--survey", "a", "--weight", "weights"},
		`either --weight or --rake`:                          {"score", "--survey", "a", "--weight", "stated", "--rake", "channel:web=1"},
		`--cap goes with --rake only`:                        {"score", "--survey", "a", "--cap", "3"},
		`is not KEY:VALUE=SHARE`:                             {"score", "--survey", "a", "--rake", "channel"},
		`"web" is not VALUE=SHARE`:                           {"score", "--survey", "a", "--rake", "channel:web"},
		`the share must be a number above 0`:                 {"score", "--survey", "a", "--rake", "channel:web=0"},
		`in quotes, as in CSV`:                               {"score", "--survey", "a", "--rake", `channel:a"b=1`},
		`either --definition, or --metric`:                   {"score", "--survey", "a", "--definition", "d", "--metric", "nps"},
		`--as-of: "now" is not a time`:                       {"score", "--survey", "a", "--as-of", "now"},
		`--baseline-rake: "x" is not KEY`:                    {"compare", "--survey", "a", "--baseline-rake", "x"},
		`--baseline-from must be before --baseline-to`:       {"compare", "--survey", "a", "--baseline-from", "2026-02", "--baseline-to", "2026-01"},
		`of the side compared with: --metric: "npss"`:        {"compare", "--survey", "a", "--baseline-metric", "npss"},
		`--by is needed`:                                     {"rank", "--survey", "a", "--metric", "nps"},
		`--least must not be negative`:                       {"rank", "--survey", "a", "--by", "location", "--least", "-1"},
		`DEFINITION and FILE must be given`:                  {"definitions", "create", "loyalty"},
		`unknown field "formular"`:                           {"definitions", "create", "loyalty", writeFile(t, "formular.yaml", "expression: {formular: a}\n")},
		`is neither JSON nor YAML`:                           {"definitions", "create", "loyalty", writeFile(t, "broken.yaml", "expression: [")},
		`invalid value for enum field metric: "npss"`:        {"definitions", "update", "loyalty", writeFile(t, "npss.yaml", "expression: {terms: [{id: a, metric: npss}]}\n")},
		`leave out the version`:                              {"definitions", "retire", "loyalty@2"},
		`--survey and --metric are needed`:                   {"alerts", "create", "r"},
		`state one baseline only`:                            {"alerts", "create", "r", "--survey", "a", "--metric", "nps", "--baseline-value", "1", "--baseline-first", "3"},
		`--baseline-from and --baseline-to go together`:      {"alerts", "create", "r", "--survey", "a", "--metric", "nps", "--baseline-from", "2026"},
		`nothing to change`:                                  {"alerts", "update", "r"},
		`state either --for or --to`:                         {"alerts", "silence", "r"},
		`--for must be positive`:                             {"alerts", "silence", "r", "--for", "-1h"},
		`either the name of a rule, or flags`:                {"alerts", "evaluate", "r", "--metric", "nps", "--from", "2026", "--to", "2027"},
		`a rule is needed`:                                   {"alerts", "evaluate", "--from", "2026", "--to", "2027"},
		`RULE or RULE/ALERT must be given`:                   {"alerts", "show"},
		`periods are at most a month long`:                   {"alerts", "create", "r", "--survey", "a", "--metric", "nps", "--grain", "quarter"},
		`--limit is for a rule with one unit`:                {"alerts", "create", "r", "--survey", "a", "--metric", "nps", "--by", "location", "--limit", "3"},
		`--filter is not UTF-8`:                              {"score", "--survey", "a", "--filter", "location = \"\xff\xfe\""},
		`"\xff" is not UTF-8`:                                {"alerts", "show", "\xff"},
		`"shut" is none of open, silenced, resolved`:         {"alerts", "list", "--state", "shut"},
		`--after must not be negative`:                       {"alerts", "watch", "--after", "-1"},
		`--survey and --question are needed`:                 {"moments", "--survey", "a"},
		`--resume needs --output`:                            {"export", "--survey", "a", "--resume"},
		`--format must be csv or jsonl`:                      {"export", "--survey", "a", "--format", "xlsx"},
		`--json goes with --format jsonl only`:               {"export", "--survey", "a", "--format", "csv", "--json"},
		`--mapping is needed`:                                {"import", data},
		`DATA.csv must be given`:                             {"import", "--mapping", mapping},
		`--batch must be 1 to 1000`:                          {"import", "--mapping", mapping, "--batch", "1001", data},
		`no such file`:                                       {"import", "--mapping", mapping, data + ".gz"},
		`line 2: survey: must be a mapping`:                  {"import", "--mapping", writeFile(t, "bad.yaml", "version: 1\nsurvey: shop\nresponse: {id: \"{a}\"}\nquestions: []\n"), data},
		`lacks columns that the mapping names: "nps", "why"`: {"import", "--mapping", mapping, writeFile(t, "e.csv", "no,date\n")},
		`the file is empty`:                                  {"import", "--mapping", mapping, writeFile(t, "f.csv", "")},
		`must end in .csv, .json or .jsonl`:                  {"import", "--mapping", mapping, "--dry-run", "--refused", "r.xlsx", data},
		`--of is needed`:                                     {"lights"},
		`--rule is needed`:                                   {"segments", "create", "vip"},
		`from 2 to 50 of SEGMENT must be given, not 1`:       {"segments", "overlap", "vip"},
		`from 1 to 10 of ATTRIBUTE must be given`:            {"segments", "cluster"},
		`from 0 to 1 of CASE must be given, not 2`:           {"cases", "claim", "a", "b"},
		`is none of grpc, grpcs, dns, http, https`:           {"survey", "list", "--server", "ftp://x:1"},
	} {
		r := s.run(args...)
		if !strings.Contains(r.err, want) || (r.code != exit.Usage && !strings.Contains(want, ".jsonl")) || r.code == 0 || r.out != "" {
			t.Errorf("otklik %s: %+v, want %q", strings.Join(args, " "), r, want)
		}
	}
}

func TestUnreachable(t *testing.T) {
	for _, server := range []string{"127.0.0.1:1", "http://127.0.0.1:1"} {
		s := newShell(t, server, "otk_x")
		r := s.run("survey", "list")
		if r.code != exit.Unreachable || !strings.Contains(r.err, "is the server running") {
			t.Errorf("%s: %+v", server, r)
		}
		r = s.run("survey", "list", "--json")
		if r.code != exit.Unreachable || !strings.HasPrefix(r.err, `{"error":{"code":503,"status":"UNAVAILABLE"`) || r.out != "" {
			t.Errorf("%s: %+v", server, r)
		}
	}
}

func TestRefusedByServer(t *testing.T) {
	ready := startSuite(t)
	for _, server := range []string{ready.GRPC, ready.HTTP} {
		s := newShell(t, server, ready.Key)
		for want, args := range map[string][]string{
			"SURVEY_NOT_FOUND":                  {"survey", "show", "nope"},
			"`otklik survey list` shows":        {"score", "--survey", "nope", "--metric", "nps"},
			"VALIDATION_FAILED":                 {"survey", "show", "No Such"},
			"there is no survey surveys/nope":   {"export", "--survey", "nope", "--json"},
			"state a key that the server knows": {"survey", "list", "--key", "otk_wrong"},
		} {
			if r := s.run(args...); r.code != exit.Refused || !strings.Contains(r.err, want) || r.out != "" {
				t.Errorf("otklik %s at %s: %+v, want %q", strings.Join(args, " "), server, r, want)
			}
		}
		if out := s.ok("survey", "list"); out != "no surveys\n" {
			t.Errorf("%q", out)
		}
	}
	// The line that the server prints when it is ready can stand in the place of the address.
	s := newShell(t, "", "")
	s.ok("survey", "list", "--server", `{"http":"`+ready.HTTP+`","grpc":"`+ready.GRPC+`","key":"`+ready.Key+`"}`)
	s.ok("survey", "list", "--server", ready.GRPC, "--key-file", writeFile(t, "key", ready.Key+"\n"))
}

// What cannot be used is refused row by row and listed; the rest is loaded; the exit code tells.
func TestImportReportsRefusedRows(t *testing.T) {
	ready := startSuite(t)
	s := newShell(t, ready.GRPC, ready.Key)
	mapping := writeFile(t, "shop.yaml", shopMapping)
	data := writeFile(t, "shop.csv", "no,date,nps,why\n1,2026-01-02,9,\"two\nlines\"\n2,2026-01-02,12,\n3,32 January,5,\n4,2026-01-03,\n5,2026-01-03,,\n1,2026-01-02,3,\n6,2026-01-04,7,=1+1\n")
	refused := filepath.Join(t.TempDir(), "refused.csv")

	dry := s.run("import", "--mapping", mapping, "--dry-run", "--refused", refused, data)
	if dry.code != exit.Incomplete || !strings.Contains(dry.out, "nothing was sent") || !strings.Contains(dry.out, "accepted 3, replayed 0, refused 3, without an answer 1") {
		t.Errorf("%+v", dry)
	}
	if out := s.ok("survey", "list"); out != "no surveys\n" {
		t.Errorf("a dry run created %s", out)
	}
	r := s.run("import", "--mapping", mapping, "--refused", refused, "--json", data)
	if r.code != exit.Incomplete {
		t.Errorf("%+v", r)
	}
	var summary importer.Summary
	readJSON(t, r.out, &summary)
	// The second row called 1 is other content under a used identifier: only the server can know.
	if want := (importer.Rows{Read: 7, Accepted: 2, Refused: 4, Empty: 1}); summary.Rows != want {
		t.Errorf("%+v, want %+v", summary.Rows, want)
	}
	want := `line,row,outcome,column,target,value,reason,message
4,2,row_refused,nps,nps,12,VALUE_OUT_OF_SCALE,is not on the scale 0-10
5,3,row_refused,date,answer_time,32 January,TIME_INVALID,is not a time of the form expected
6,4,row_refused,,,,ROW_MALFORMED,has 3 cells where the header has 4
`
	got := readFile(t, refused)
	if !strings.HasPrefix(got, want) || !strings.Contains(got, "8,6,row_refused") || !strings.Contains(got, "ID_REUSED") {
		t.Errorf("report:\n%s", got)
	}
	if r := s.run("import", "--mapping", mapping, "--allow-refused", data); r.code != 0 || !strings.Contains(r.out, "replayed 2") {
		t.Errorf("%+v", r)
	}
	exported := s.ok("export", "--survey", "shop")
	if !strings.Contains(exported, `'=1+1`) || !strings.Contains(exported, "\"two\nlines\"") {
		t.Errorf("%s", exported)
	}
	if raw := s.ok("export", "--survey", "shop", "--raw"); !strings.Contains(raw, ",=1+1") {
		t.Errorf("%s", raw)
	}
	// A mapping that answers something else than the survey asks is refused before anything is sent.
	other := writeFile(t, "other.yaml", strings.Replace(shopMapping, "type: nps", "type: csat", 1))
	if r := s.run("import", "--mapping", other, data); r.code != exit.Usage || !strings.Contains(r.err, `its question "nps" is of type nps, not csat`) {
		t.Errorf("%+v", r)
	}
}

// An import that is told to stop goes on when the same command is run again.
func TestImportGoesOn(t *testing.T) {
	ready := startSuite(t)
	s := newShell(t, ready.GRPC, ready.Key)
	mapping := writeFile(t, "shop.yaml", shopMapping)
	var b strings.Builder
	b.WriteString("no,date,nps,why\n")
	const rows = 4000
	for i := range rows {
		b.WriteString(strings.Join([]string{itoa(i), "2026-01-02", itoa(i % 11), ""}, ",") + "\n")
	}
	data := writeFile(t, "shop.csv", b.String())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stored := make(chan struct{})
	go func() {
		defer close(stored)
		testkit.Eventually(t, testTimeout, func() error {
			if r := s.run("export", "--survey", "shop", "--format", "jsonl"); strings.Count(r.out, "\n") < 300 {
				return os.ErrNotExist
			}
			return nil
		})
		cancel()
	}()
	r := s.runContext(ctx, "import", "--mapping", mapping, "--batch", "10", "--in-flight", "2", "--json", data)
	<-stored
	var first importer.Summary
	readJSON(t, r.out, &first)
	if r.code != exit.Interrupted || !first.Interrupted || first.Rows.Read == rows || !strings.Contains(r.err, "interrupted") {
		t.Fatalf("%d, %+v, %s", r.code, first.Rows, r.err)
	}
	r = s.run("import", "--mapping", mapping, "--json", data)
	var second importer.Summary
	readJSON(t, r.out, &second)
	if r.code != 0 || second.ResumedAfterRow != first.Rows.Read || second.ResumedAfterRow == 0 || second.Rows.Accepted+second.Rows.Replayed != rows || second.Answers != rows {
		t.Fatalf("%d, %+v after %+v, %s", r.code, second, first.Rows, r.err)
	}
	if !strings.Contains(r.err, "going on behind row") {
		t.Errorf("%s", r.err)
	}
	// The import is complete: the next one begins anew and replays.
	readJSON(t, s.ok("import", "--mapping", mapping, "--json", data), &second)
	if second.ResumedAfterRow != 0 || second.Rows.Replayed != rows {
		t.Errorf("%+v", second)
	}
}
