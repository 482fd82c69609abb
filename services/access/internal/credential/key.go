package credential

import (
	"fmt"
	"slices"
	"time"
	"unicode"
)

// Kind is what a key is for. The numbers are stored: they never change.
type Kind uint8

// The kinds of keys.
const (
	// Publishable keys may stand where anybody can read them.
	Publishable Kind = 1
	// Secret keys are for machines that keep them.
	Secret Kind = 2
)

// Prefixes of secrets tell people, and those who look for leaked secrets, what they have found.
const (
	PrefixPublishable = "otp_"
	PrefixSecret      = "ots_"
	PrefixSession     = "otw_"
	PrefixInvitation  = "oti_"
	PrefixDelegated   = "otd_"
)

// Prefix is that of the secrets of keys of the kind.
func (k Kind) Prefix() string {
	if k == Publishable {
		return PrefixPublishable
	}
	return PrefixSecret
}

// MaxSecrets is how many secrets of a key may work at a time.
const MaxSecrets = 10

// Key is what a key is and may do.
type Key struct {
	DisplayName string   `json:"display_name"`
	Kind        Kind     `json:"kind"`
	Roles       []string `json:"roles"`
	Surveys     []string `json:"surveys,omitempty"`
	Origins     []string `json:"origins,omitempty"`
	Rate        float64  `json:"rate,omitempty"`
	DeviceRate  float64  `json:"device_rate,omitempty"`
	Units       Units    `json:"units,omitzero"`
}

// Check tells whether there may be such a key, given by the giver. Errors are *Refusal.
func (k Key) Check(known Roles, giver Giver) error {
	switch k.Kind {
	case Publishable:
		for i, role := range k.Roles {
			if role != RoleApp {
				return refuse(ErrRoleUnknown, fmt.Sprintf("roles[%d]", i), "a publishable key has the role app and takes no other")
			}
		}
	case Secret:
		if len(k.Roles) == 0 {
			return refuse(ErrInvalid, "roles", "a secret key needs a role")
		}
		if len(k.Origins) > 0 {
			return refuse(ErrInvalid, "origins", "only publishable keys are for browsers; a secret key must not be sent to one")
		}
	default:
		return refuse(ErrInvalid, "kind", "is not known")
	}
	if err := checkLine("display_name", k.DisplayName); err != nil {
		return err
	}
	for i, origin := range k.Origins {
		if description := originFault(origin); description != "" {
			return refuse(ErrInvalid, fmt.Sprintf("origins[%d]", i), description)
		}
	}
	if err := k.Units.check(); err != nil {
		return err
	}
	return CheckGrant(known, giver, k.EffectiveRoles(), k.Units, RoleRespondent)
}

// EffectiveRoles are the roles that the key acts with.
func (k Key) EffectiveRoles() []string {
	if k.Kind == Publishable {
		return []string{RoleApp}
	}
	return k.Roles
}

// CheckExpiry tells whether something may end at the time, which is zero when it does not end. Errors are *Refusal.
func CheckExpiry(field string, expires, now time.Time) error {
	if !expires.IsZero() && !expires.After(now) {
		return refuse(ErrInvalid, field, "must lie in the future")
	}
	return nil
}

// CheckLine refuses text with control characters, line breaks among them. Errors are *Refusal.
func CheckLine(field, text string) error { return checkLine(field, text) }

func checkLine(field, text string) error {
	for _, r := range text {
		if unicode.IsControl(r) {
			return refuse(ErrInvalid, field, "holds a control character; remove it")
		}
	}
	return nil
}

func (u Units) check() (err error) {
	u.each(func(_, field string, values []string) {
		for i, v := range values {
			if e := checkLine(fmt.Sprintf("units.%s[%d]", field, i), v); e != nil && err == nil {
				err = e
			}
		}
	})
	return err
}

// CheckUnits tells whether units can be kept. Errors are *Refusal.
func CheckUnits(u Units) error { return u.check() }

// Earliest is the earliest of times that are not zero; zero when all are.
func Earliest(times ...time.Time) time.Time {
	given := slices.DeleteFunc(times, time.Time.IsZero)
	if len(given) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(given, time.Time.Compare)
}
