package store

import (
	"context"
	"errors"
	"time"
)

// The errors of Definitions that callers may tell apart.
var (
	// ErrTaken tells that the identifier is in use, or was.
	ErrTaken = errors.New("the identifier is taken")
	// ErrChanged tells that it was changed since it was read.
	ErrChanged = errors.New("it was changed meanwhile")
	// ErrRetired tells that the definition is not in use any more.
	ErrRetired = errors.New("the definition is retired")
	// ErrTooMany tells that the organisation has as many as it may.
	ErrTooMany = errors.New("there are too many")
)

// Definitions keeps the definitions of metrics that organisations make. What a version says never changes and is never removed, whatever becomes
// of the scores: Clear leaves it, since it cannot be had from the change log.
type Definitions interface {
	// CreateDefinition stores a definition with its first version and returns it as it is stored: Version, Newest and Changes are 1 and Retired is
	// nil, whatever is given. ErrTaken when the organisation has one of the identifier, retired or not; ErrTooMany when it has `most` of them, but
	// several that are created at a time may all be stored.
	CreateDefinition(ctx context.Context, d Definition, most int) (Definition, error)

	// ReviseDefinition stores the next version of a definition and returns it as it is stored. Changes must be what it is now: ErrChanged.
	// ErrRetired when the definition is retired, ErrNotFound.
	ReviseDefinition(ctx context.Context, d Definition) (Definition, error)

	// RetireDefinition records that a definition is not in use any more, and returns its newest version. changes must be Changes as it is now:
	// ErrChanged. ErrRetired when it is retired already, ErrNotFound.
	RetireDefinition(ctx context.Context, organization, id string, changes int64, r Retirement) (Definition, error)

	// Definition returns a version of a definition; 0 means the newest. ErrNotFound.
	Definition(ctx context.Context, organization, id string, version int64) (Definition, error)

	// ListDefinitions lists the newest versions of an organisation's definitions after an identifier (empty for all), in the order of the
	// bytes of identifiers, up to limit; those that are retired too if asked.
	ListDefinitions(ctx context.Context, organization, after string, retired bool, limit int) ([]Definition, error)

	// DefinitionVersions lists the versions of a definition before a number (0 for all), the newest first, up to limit. Versions that are made
	// meanwhile do not move the ones that follow. Of a definition that there is not it lists none.
	DefinitionVersions(ctx context.Context, organization, id string, before int64, limit int) ([]Definition, error)
}

// Definition is one version of a definition.
type Definition struct {
	Organization string
	// ID identifies the definition within the organisation; its versions count from 1.
	ID      string
	Version int64
	// Author made the version at Created and said why in Note.
	Author, Note string
	Created      time.Time
	// Body is what the version says, encoded.
	Body []byte

	// What follows is of the definition as a whole, as it was when it was read.

	// Newest is the number of the newest version.
	Newest int64
	// Changes counts the changes: each version is one, and so is the retirement.
	Changes int64
	// Retired tells of the retirement; nil while it is in use.
	Retired *Retirement
}

// Retirement is how a definition went out of use.
type Retirement struct {
	// Author retired it at Time and said why in Note.
	Author, Note string
	Time         time.Time
}
