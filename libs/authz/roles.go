package authz

import (
	"fmt"
	"strings"

	"github.com/otklik/otklik/libs/authn"
)

// Roles map a role to its patterns. A pattern is a permission (`survey.responses.submit`), all below a word (`survey.*`) or everything (`*`).
// After `!` it takes away what the other patterns of the role give. After `!!` it is forbidden to whoever holds the role, whatever other
// roles give.
type Roles map[string][]string

// Validate names the malformed pattern.
func (r Roles) Validate() error {
	for role, patterns := range r {
		for _, p := range patterns {
			if !soundPattern(p) {
				return fmt.Errorf("check role %q: malformed pattern %q", role, p)
			}
		}
	}
	return nil
}

// Holds tells whether the caller has the permission, which need not be that of a method.
func (r Roles) Holds(caller authn.Principal, permission string) bool {
	held := false
	for _, role := range caller.Roles {
		given, forbidden := decide(r[role], permission)
		if forbidden {
			return false
		}
		held = held || given
	}
	return held
}

// decide tells whether the patterns of a role give a permission, and whether they forbid it.
func decide(patterns []string, permission string) (given, forbidden bool) {
	taken := false
	for _, p := range patterns {
		switch {
		case strings.HasPrefix(p, "!!"):
			forbidden = forbidden || matches(p[2:], permission)
		case strings.HasPrefix(p, "!"):
			taken = taken || matches(p[1:], permission)
		default:
			given = given || matches(p, permission)
		}
	}
	return given && !taken && !forbidden, forbidden
}

func matches(pattern, permission string) bool {
	if pattern == "*" {
		return true
	}
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(permission, prefix)
	}
	return pattern == permission
}

// soundPattern wants words of lower-case letters, digits and underscores between dots, the last of which may be `*`.
func soundPattern(p string) bool {
	p = strings.TrimPrefix(p, "!")
	words := strings.Split(strings.TrimPrefix(p, "!"), ".")
	for i, word := range words {
		if word == "*" && i == len(words)-1 {
			return true
		}
		if !soundWord(word) {
			return false
		}
	}
	return true
}

func soundWord(word string) bool {
	return word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// soundPermission wants words between dots: what a pattern without `*` and `!` is.
func soundPermission(p string) bool {
	for word := range strings.SplitSeq(p, ".") {
		if !soundWord(word) {
			return false
		}
	}
	return true
}
