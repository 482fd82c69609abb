// Package credential holds the rules of credentials: what a key may be, which roles it may have, and who may give them.
package credential

import (
	"fmt"
	"slices"
)

// The roles that rules speak of.
const (
	RoleApp              = "app"
	RoleRespondent       = "respondent"
	RoleStaff            = "staff"
	RoleManager          = "manager"
	RoleTargetOwner      = "target_owner"
	RoleDefinitionEditor = "definition_editor"
	RoleAdmin            = "admin"
	RoleService          = "service"
)

// Roles says which roles there are and what they give.
type Roles interface {
	// Known tells whether there is such a role.
	Known(role string) bool
	// Permissions lists what the roles give together, of all services of the suite, in order.
	Permissions(roles []string) []string
}

// Giver is who gives roles and units.
type Giver struct {
	Roles []string
	Units Units
}

// CheckGrant tells whether the giver may give the roles and units to somebody who may have any role but the withheld ones. Errors are
// *Refusal.
func CheckGrant(known Roles, giver Giver, roles []string, units Units, withheld ...string) error {
	has := known.Permissions(giver.Roles)
	for i, role := range roles {
		field := fmt.Sprintf("roles[%d]", i)
		if !known.Known(role) || role == RoleService || slices.Contains(withheld, role) {
			return refuse(ErrRoleUnknown, field, fmt.Sprintf("the role %s does not exist or cannot be given here", role))
		}
		if missing := firstMissing(has, known.Permissions([]string{role})); missing != "" {
			return refuse(ErrEscalation, field, fmt.Sprintf("the role %s gives %s, which the caller does not have", role, missing))
		}
	}
	if err := checkConflict(roles); err != nil {
		return err
	}
	for i, role := range roles {
		if (role == RoleManager || role == RoleStaff) && !units.Restrict() {
			return refuse(ErrUnitsRequired, "units", fmt.Sprintf("the role %s (roles[%d]) is for some units: name them", role, i))
		}
	}
	if !units.Within(giver.Units) {
		return refuse(ErrEscalation, "units", "they go beyond those of the caller")
	}
	return nil
}

// Covers tells whether the giver has all that the roles and units give.
func (g Giver) Covers(known Roles, roles []string, units Units) bool {
	has := known.Permissions(g.Roles)
	for _, role := range roles {
		if firstMissing(has, known.Permissions([]string{role})) != "" {
			return false
		}
	}
	return units.Within(g.Units)
}

// checkConflict keeps who owns targets from defining how they are measured.
func checkConflict(roles []string) error {
	if !slices.Contains(roles, RoleTargetOwner) {
		return nil
	}
	for i, role := range roles {
		if role == RoleDefinitionEditor || role == RoleAdmin {
			return refuse(ErrRolesConflict, fmt.Sprintf("roles[%d]", i),
				fmt.Sprintf("nobody has the role %s together with %s: who owns a target does not define how it is measured", role, RoleTargetOwner))
		}
	}
	return nil
}

// firstMissing is the first wanted permission that is not among those had, both in order; empty when there is none.
func firstMissing(had, wanted []string) string {
	for _, w := range wanted {
		if _, ok := slices.BinarySearch(had, w); !ok {
			return w
		}
	}
	return ""
}
