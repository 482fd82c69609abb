package command

import (
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	accessv1 "github.com/otklik/otklik/proto/gen/go/otklik/access/v1"
	typev1 "github.com/otklik/otklik/proto/gen/go/otklik/type/v1"
)

// Wrong usage of the commands about access is told before anything is sent: no server listens at this address.
func TestUsageErrorsOfAccess(t *testing.T) {
	s := newShell(t, "127.0.0.1:1", "otk_x")
	for _, c := range []struct {
		want string
		args []string
	}{
		{`--kind is needed`, []string{"keys", "create", "App"}},
		{`"public" is none of publishable, secret`, []string{"keys", "create", "App", "--kind", "public"}},
		{`"store" is none`, []string{"keys", "create", "App", "--kind", "secret", "--unit", "store=1"}},
		{`"osh" is not KEY=VALUE`, []string{"keys", "update", "k", "--unit", "osh"}},
		{`nothing to change`, []string{"keys", "update", "k"}},
		{`is not in the future`, []string{"keys", "update", "k", "--expires", "-5m"}},
		{`neither a time`, []string{"keys", "update", "k", "--expires", "soon"}},
		{`--email or --subject is needed`, []string{"members", "add", "--role", "viewer"}},
		{`--role is needed`, []string{"members", "add", "--email", "a@b.example"}},
		{`nothing to change`, []string{"members", "update", "m"}},
		{`either --count or --respondents`, []string{"invitations", "create", "shop"}},
		{`either --count or --respondents`, []string{"invitations", "create", "shop", "--count", "1", "--respondents", "f"}},
		{`--count must be`, []string{"invitations", "create", "shop", "--count", "-1"}},
		{`there is none`, []string{"invitations", "create", "shop", "--respondents", writeFile(t, "empty.txt", "\n\n")}},
		{`"maybe" is none of started`, []string{"audit", "list", "--outcome", "maybe"}},
		{`--limit must be`, []string{"audit", "list", "--limit", "0"}},
		{`--format must be jsonl or csv`, []string{"audit", "export", "--format", "xlsx"}},
		{`--json goes with --format jsonl`, []string{"audit", "export", "--format", "csv", "--json"}},
		{`is no hash`, []string{"audit", "verify", "--known", "abc"}},
		{`RESPONDENT must be given`, []string{"privacy", "erase"}},
		{`one RESPONDENT`, []string{"privacy", "erase", "a", "b"}},
		{`--format must be json or csv`, []string{"privacy", "export", "a", "--format", "pdf"}},
		{`--purpose is needed`, []string{"consent", "record", "a", "--granted", "--evidence", "e"}},
		{`either --granted or --refused`, []string{"consent", "record", "a", "--purpose", "contact", "--granted", "--refused", "--evidence", "e"}},
		{`--evidence is needed`, []string{"consent", "record", "a", "--purpose", "contact", "--granted"}},
		{`--event is needed`, []string{"webhooks", "create", "https://a.example"}},
		{`"ping" is none of`, []string{"webhooks", "create", "https://a.example", "--event", "ping"}},
		{`WEBHOOK and DELIVERY must be given`, []string{"webhooks", "replay", "w"}},
		{`nothing to change`, []string{"webhooks", "update", "w"}},
		{`"ping" is none of`, []string{"webhooks", "update", "w", "--event", "ping"}},
	} {
		r := s.run(c.args...)
		if !strings.Contains(r.err, c.want) || r.code != exit.Usage || r.out != "" {
			t.Errorf("otklik %s: %+v, want %q", strings.Join(c.args, " "), r, c.want)
		}
	}
}

func TestParseUnits(t *testing.T) {
	units, err := parseUnits([]string{"location=osh", "region=south", "location=a=b", "company=c", "employee=e"})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := unitsText(units), "region=south location=osh location=a=b company=c employee=e"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if units, err := parseUnits([]string{""}); units != nil || err != nil {
		t.Errorf("an empty value: %v, %v", units, err)
	}
}

func TestParseExpiry(t *testing.T) {
	now := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Time{
		"720h": now.Add(720 * time.Hour), "2027-01-31": time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC), "": {}, "never": {},
	} {
		got, err := parseExpiry(text, now)
		if err != nil || want.IsZero() != (got == nil) || got != nil && !got.AsTime().Equal(want) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func FuzzReadRespondents(f *testing.F) {
	for _, seed := range []string{"a\nb\n", "\ufeffклиент-1\r\n\r\nклиент-2", "", "\n\n", strings.Repeat("x", 129), "\xff", strings.Repeat("y", 70_000)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := readRespondents(strings.NewReader(text))
		if (err == nil) == (len(all) == 0) {
			t.Fatalf("%d respondents, %v", len(all), err)
		}
		for _, one := range all {
			if r := one.GetRespondent(); r == "" || strings.ContainsAny(r, "\n") || len([]rune(r)) > maximumIdentifier || !strings.Contains(text, r) {
				t.Fatalf("the respondent %q", r)
			}
		}
	})
}

// entries are those of a stream.
func entries(all ...*accessv1.AuditEntry) nextEntry {
	return func() (*accessv1.StreamAuditEntriesResponse, error) {
		if len(all) == 0 {
			return nil, io.EOF
		}
		e := all[0]
		all = all[1:]
		return &accessv1.StreamAuditEntriesResponse{Entry: e}, nil
	}
}

func TestAuditCSVIsSafeInSpreadsheets(t *testing.T) {
	var b bytes.Buffer
	if err := writeAuditCSV(&b, entries(&accessv1.AuditEntry{
		Sequence: 7, Time: timestamppb.New(time.Unix(0, 0)), Actor: "apiKeys/k1", ActorName: "=HYPERLINK(\"x\")", Method: "otklik.survey.v1.SurveyService/GetResponse",
		Resource: "surveys/a,b", ClientAddress: "@1", Outcome: accessv1.AuditEntry_OUTCOME_DENIED, Code: "PERMISSION_DENIED", Hash: []byte{0xab},
	})); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil || len(rows) != 2 || len(rows[1]) != len(auditColumns) {
		t.Fatalf("%v, %v", rows, err)
	}
	got := strings.Join(rows[1], "|")
	if want := `7|1970-01-01T00:00:00Z|apiKeys/k1|'=HYPERLINK("x")|otklik.survey.v1.SurveyService/GetResponse||surveys/a,b|'@1||DENIED|PERMISSION_DENIED|0||ab`; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}

// records are those of a stream, which fails at its end if err is given.
func records(err error, all ...*typev1.PersonRecord) nextRecord {
	return func() (*accessv1.ExportPersonDataResponse, error) {
		if len(all) == 0 {
			if err != nil {
				return nil, err
			}
			return nil, io.EOF
		}
		r := all[0]
		all = all[1:]
		return &accessv1.ExportPersonDataResponse{Record: r}, nil
	}
}

func TestPersonExports(t *testing.T) {
	content, err := structpb.NewStruct(map[string]any{"comment": "=1+1"})
	if err != nil {
		t.Fatal(err)
	}
	one := &typev1.PersonRecord{Service: "survey", Kind: "responses", Name: "=cmd", Time: timestamppb.New(time.Unix(0, 0)), Content: content}
	for _, c := range []struct {
		write func(io.Writer, nextRecord) error
		all   []*typev1.PersonRecord
		want  string
	}{
		{writePersonCSV, []*typev1.PersonRecord{one}, "service,kind,name,time,content,note\nsurvey,responses,'=cmd,1970-01-01T00:00:00Z,\"{\"\"comment\"\":\"\"=1+1\"\"}\",\n"},
		{writePersonCSV, nil, "service,kind,name,time,content,note\n"},
		{writePersonJSON, nil, "{\"records\":[]}\n"},
		{writePersonJSON, []*typev1.PersonRecord{one, {Service: "scoring"}},
			"{\"records\":[\n" + `{"service":"survey","kind":"responses","name":"=cmd","time":"1970-01-01T00:00:00Z","content":{"comment":"=1+1"},"note":""},` + "\n" +
				`{"service":"scoring","kind":"","name":"","note":""}` + "\n]}\n"},
	} {
		var b bytes.Buffer
		if err := c.write(&b, records(nil, c.all...)); err != nil || strings.ReplaceAll(b.String(), `": "`, `":"`) != c.want && b.String() != c.want {
			t.Errorf("%v\n%s\nwant\n%s", err, b.String(), c.want)
		}
	}
}

// What would look whole and is not is not left behind, and what is there is not written over unasked.
func TestFilesAreWholeOrAbsent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "person.json")
	broken := errors.New("cut off")
	var c call
	err := c.writeWhole(path, false, func(w io.Writer) error {
		return writePersonJSON(w, records(broken, &typev1.PersonRecord{Service: "survey"}))
	})
	if _, missing := os.Stat(path); !errors.Is(err, broken) || !os.IsNotExist(missing) {
		t.Errorf("%v, %v", err, missing)
	}
	if err := c.writeWhole(path, false, func(w io.Writer) error { return writePersonJSON(w, records(nil)) }); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if err := c.writeWhole(path, false, func(io.Writer) error { return nil }); exit.Code(err) != exit.Usage {
		t.Errorf("written over: %v", err)
	}
}
