// Package member holds the rules of members: whom the organisation's identity provider vouches for, and what they may do.
package member

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/otklik/otklik/services/access/internal/credential"
)

// Member is what a member is and may do.
type Member struct {
	DisplayName string           `json:"display_name,omitempty"`
	Subject     string           `json:"subject,omitempty"`
	Email       string           `json:"email,omitempty"`
	Roles       []string         `json:"roles"`
	Units       credential.Units `json:"units,omitzero"`
	Disabled    bool             `json:"disabled,omitempty"`
}

// Check tells whether there may be such a member, given its roles by the giver. Errors are *credential.Refusal.
func (m Member) Check(known credential.Roles, giver credential.Giver) error {
	if m.Subject == "" && m.Email == "" {
		return &credential.Refusal{Cause: credential.ErrInvalid, Field: "subject",
			Description: "either it or email must be given: nobody could be recognised as the member"}
	}
	for _, line := range []struct{ field, text string }{{"display_name", m.DisplayName}, {"subject", m.Subject}, {"email", m.Email}} {
		if err := credential.CheckLine(line.field, line.text); err != nil {
			return err
		}
	}
	if err := credential.CheckUnits(m.Units); err != nil {
		return err
	}
	return m.CheckGrant(known, giver)
}

// CheckGrant tells whether the giver may give the member's roles and units. Errors are *credential.Refusal.
func (m Member) CheckGrant(known credential.Roles, giver credential.Giver) error {
	return credential.CheckGrant(known, giver, m.Roles, m.Units, credential.RoleApp, credential.RoleRespondent)
}

// Administers tells whether the member can manage members now. Who is restricted to units cannot, whatever the roles.
func (m Member) Administers() bool {
	return !m.Disabled && slices.Contains(m.Roles, credential.RoleAdmin) && !m.Units.Restrict()
}

// EmailKey is an address as it is compared: without regard to the case of ASCII letters. Other letters are compared as they are, since some of
// them become ASCII letters in the other case and would make one address pass for another.
func EmailKey(email string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + ('a' - 'A')
		}
		return r
	}, email)
}

// maxDisplayName is the length of display names, in characters.
const maxDisplayName = 200

// DisplayName makes a display name of what a provider calls somebody: one line that is not too long.
func DisplayName(name string) string {
	line := strings.TrimSpace(strings.Map(func(r rune) rune {
		switch {
		case r == utf8.RuneError:
			return -1
		case unicode.IsControl(r):
			return ' '
		}
		return r
	}, name))
	if runes := []rune(line); len(runes) > maxDisplayName {
		line = strings.TrimSpace(string(runes[:maxDisplayName]))
	}
	return line
}
