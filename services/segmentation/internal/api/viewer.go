package api

import (
	"context"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
)

const (
	// permissionPersons lets a caller see who persons are: names, addresses, numbers and identifiers.
	permissionPersons = "segmentation.persons.view"
	// permissionContacts lets a caller list contacts.
	permissionContacts = "segmentation.contacts.list"
)

// seesPersons tells whether the caller sees who persons are, as services of the suite do.
func seesPersons(ctx context.Context) bool {
	p, _ := authn.FromContext(ctx)
	return p.HasRole(authn.RoleService) || authz.FromContext(ctx).Holds(permissionPersons)
}
