// Package credential holds the rules of credentials: what a key may be, which roles it may have, and who may give them.
package credential

// Roles says which roles there are and what they give.
type Roles interface {
	// Known tells whether there is such a role.
	Known(role string) bool
	// Permissions lists what the roles give together, of all services of the suite, in order.
	Permissions(roles []string) []string
}
