package member_test

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/otklik/otklik/services/access/internal/member"
)

func TestEmailKey(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"Ann@Example.COM", "ann@example.com", true},
		{"ann@example.com", "ann@example.org", false},
		// The Kelvin sign and the dotless i become ASCII letters in the other case: they are other addresses.
		{"\u212Aate@example.com", "kate@example.com", false},
		{"ann@gıthub.com", "ann@GITHUB.com", false},
		{"ÄNN@example.com", "änn@example.com", false},
	} {
		if got := member.EmailKey(c.a) == member.EmailKey(c.b); got != c.same {
			t.Errorf("%s and %s: same %v", c.a, c.b, got)
		}
	}
}

// FuzzEmailKey: addresses that differ otherwise than by the case of ASCII letters stay apart.
func FuzzEmailKey(f *testing.F) {
	f.Add("Ann@Example.com", "ann@example.com")
	f.Add("\u212A@x", "k@x")
	f.Add("\xff@x", "\xfe@x")
	f.Fuzz(func(t *testing.T, a, b string) {
		if !utf8.ValidString(a) || !utf8.ValidString(b) {
			return // no message holds them
		}
		same := len(a) == len(b)
		for i := 0; same && i < len(a); i++ {
			same = lower(a[i]) == lower(b[i])
		}
		if got := member.EmailKey(a) == member.EmailKey(b); got != same {
			t.Fatalf("%q and %q: same %v", a, b, got)
		}
		if key := member.EmailKey(a); member.EmailKey(key) != key {
			t.Fatalf("%q has the key %q, which has another", a, key)
		}
	})
}

func lower(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// FuzzDisplayName: whatever a provider sends, the name is one line of valid text that is not too long.
func FuzzDisplayName(f *testing.F) {
	for _, seed := range []string{" Ann\nA. ", strings.Repeat("ы", 300), "\xff\xfe", "a\u0085b", strings.Repeat(" ", 199) + "x y", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		name := member.DisplayName(text)
		if !utf8.ValidString(name) || utf8.RuneCountInString(name) > 200 || strings.ContainsFunc(name, unicode.IsControl) || strings.TrimSpace(name) != name {
			t.Fatalf("%q became %q", text, name)
		}
		if again := member.DisplayName(name); again != name {
			t.Fatalf("%q became %q, which became %q", text, name, again)
		}
	})
}

func TestRestrictedMembersDoNotAdminister(t *testing.T) {
	m := member.Member{Roles: []string{"admin"}}
	if !m.Administers() {
		t.Error("an administrator does not administer")
	}
	m.Units.Locations = []string{"store-1"}
	if m.Administers() {
		t.Error("a member who sees one location can manage members")
	}
}
