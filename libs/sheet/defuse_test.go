package sheet

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestDefuse(t *testing.T) {
	for in, want := range map[string]string{
		"":                        "",
		"спасибо":                 "спасибо",
		"=1+1":                    "'=1+1",
		"@SUM(A1)":                "'@SUM(A1)",
		"+996 555 123456":         "'+996 555 123456",
		"-cmd|' /C calc'!A0":      "'-cmd|' /C calc'!A0",
		"\t=1":                    "'\t=1",
		"\r=1":                    "'\r=1",
		"  =1":                    "'  =1",
		"\n=1":                    "'\n=1",
		"＝1+1":                    "'＝1+1",
		"-5":                      "-5",
		"+3.25":                   "+3.25",
		"-0x1p4":                  "'-0x1p4",
		"+Inf":                    "'+Inf",
		"-":                       "'-",
		"a=b":                     "a=b",
		"'=1":                     "'=1",
		"\u00a0=HYPERLINK(\"x\")": "'\u00a0=HYPERLINK(\"x\")",
	} {
		if got := Defuse(in); got != want {
			t.Errorf("Defuse(%q) = %q, want %q", in, got, want)
		}
	}
}

// Whatever the text: what comes out is a number, or does not begin like a formula; and nothing is lost.
func TestDefuseProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		in := rapid.OneOf(rapid.String(), rapid.StringMatching(`[ =+@\t-]{0,3}[0-9a-z.]{0,4}`)).Draw(t, "in")
		out := Defuse(in)
		if strings.TrimPrefix(out, "'") != in && out != in {
			t.Fatalf("Defuse(%q) = %q changed more than the front", in, out)
		}
		trimmed := strings.TrimLeft(out, " \n\u00a0")
		if strings.IndexAny(trimmed, "=@\t\r") == 0 {
			t.Fatalf("Defuse(%q) = %q still begins like a formula", in, out)
		}
	})
}

func FuzzDefuse(f *testing.F) {
	for _, seed := range []string{"", "=1+1", " =1", "\t=1", "-1.5", "+1e9", "-1+cmd|'/c calc'!A0", "\u00a0@x", "\u200b=x", "＝1", "\xff=1", "'", "0x1p-2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, in string) {
		out := Defuse(in)
		if out != in && out != "'"+in {
			t.Fatalf("Defuse(%q) = %q changed more than the front", in, out)
		}
		if Defuse(out) != out {
			t.Fatalf("Defuse(%q) = %q is not safe by its own judgement", in, out)
		}
		if trimmed := strings.TrimLeft(out, " \n\u00a0"); strings.IndexAny(trimmed, "=@\t\r") == 0 {
			t.Fatalf("Defuse(%q) = %q still begins like a formula", in, out)
		}
	})
}
