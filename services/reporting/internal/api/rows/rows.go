// Package rows has the rows of exports: it asks whoever keeps them on behalf of who asked for the export, page by page, and makes cells of what is told.
package rows

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/authn"
	"github.com/otklik/otklik/libs/authz"
	"github.com/otklik/otklik/libs/rpcerr"
	"github.com/otklik/otklik/services/reporting/internal/export"
	"github.com/otklik/otklik/services/reporting/internal/peers"
)

const (
	// answersOf and contactsOf are the permissions to see who answered and what was written, and who contacts and employees are.
	answersOf  = "survey.persons.view"
	contactsOf = "segmentation.persons.view"
	// separator stands between several values in a cell.
	separator = "|"
	// actingLifetime is how long calls on behalf of somebody may go on before it is asked again whether they may.
	actingLifetime = time.Hour
	// tokenTrouble begins the reasons for which a page token is refused.
	tokenTrouble = "PAGE_TOKEN_"
)

// Needed are the permissions that an export of a kind takes: to list what it is of, and to see the columns that are of persons.
func Needed(kind export.Kind) (list, persons string) {
	switch kind {
	case export.Comments:
		return "comment.comments.list", answersOf
	case export.Scores:
		return "scoring.scores.query", answersOf
	case export.Contacts:
		return "segmentation.contacts.list", contactsOf
	case export.Cases:
		return "segmentation.cases.list", contactsOf
	case export.Operations:
		return "reporting.operations.list", contactsOf
	case export.Refusals:
		return "survey.refusals.list", answersOf
	case export.Reports:
		return "reporting.reports.render", answersOf
	default:
		return "survey.responses.list", answersOf
	}
}

// Rights are what decides which rows of a kind, and what of them, the caller of ctx is given.
func Rights(ctx context.Context, kind export.Kind) (string, error) {
	caller, _ := authn.FromContext(ctx)
	granted := authz.FromContext(ctx)
	// As they were given: that a location comes to a region ends no export of the region.
	units := make(map[string][]string, len(caller.Given()))
	for dimension, values := range caller.Given() {
		units[dimension] = slices.Sorted(slices.Values(values))
	}
	list, persons := Needed(kind)
	encoded, err := json.Marshal(map[string]any{
		"units": units, "persons": granted.Holds(persons), "list": granted.Holds(list), "resources": slices.Sorted(slices.Values(caller.Resources)),
	})
	return string(encoded), err
}

// Acting acts on behalf of who asked for exports.
type Acting struct {
	Delegates *peers.Delegates
	Sources   map[export.Kind]export.Source
}

// For returns a context of calls on behalf of an export's creator. Whoever may see other things than when he asked is refused: a file, or a part of one that is
// gone on with, would hold what he asked for with another reach. Errors: *export.Refused.
func (a Acting) For(ctx context.Context, e export.Export) (context.Context, error) {
	acting, who, err := a.Delegates.OnBehalf(ctx, e.Organization, e.Creator, e.Name(), actingLifetime)
	if errors.Is(err, peers.ErrGone) {
		return nil, &export.Refused{Reason: "whoever asked for it may not any more: was removed, disabled or revoked, or has expired"}
	}
	if err != nil {
		return nil, err
	}
	now, err := Rights(acting, e.Order.Kind)
	if err != nil {
		return nil, err
	}
	list, persons := Needed(e.Order.Kind)
	if now != e.Order.Rights || !who.May(list) {
		return nil, &export.Refused{Reason: "what whoever asked for it may see has changed since: export again"}
	}
	source, ok := a.Sources[e.Order.Kind]
	if !ok {
		return acting, nil
	}
	there, err := source.Columns(acting, e.Order)
	if err != nil {
		return nil, refused(err)
	}
	var forbidden *export.ForbiddenError
	if _, _, err := export.Choose(there, e.Order.Columns, who.May(persons)); errors.As(err, &forbidden) {
		return nil, &export.Refused{Reason: fmt.Sprintf("column %q is of persons, whom whoever asked for it may not see any more", forbidden.Name)}
	}
	return acting, nil
}

// refused explains an error of a call that cannot be made. What may pass stays as it is, such as limits.
func refused(err error) error {
	var said *peers.Refusal
	var ours *rpcerr.Error
	switch {
	case errors.As(err, &said):
		ours = said.Cause
	case !errors.As(err, &ours):
		return err
	}
	switch ours.Code {
	case codes.InvalidArgument, codes.NotFound, codes.FailedPrecondition, codes.PermissionDenied, codes.OutOfRange:
		return &export.Refused{Reason: ours.Message}
	}
	return err
}

// paged goes through pages: fetch returns the page of a token and the token of the next, each writes the rows of one. It can be gone on behind whole pages;
// where a token is not taken any more, be it of the page gone on with or of a later one, the export is begun anew: export.ErrStale.
func paged[T any](
	ctx context.Context, after export.Mark, fetch func(ctx context.Context, token string) ([]T, string, error), fn func(export.Mark, []export.Cell) error,
	each func(T) error,
) error {
	token := after.Cursor
	for {
		page, next, err := fetch(ctx, token)
		if err != nil {
			if token != "" && isTokenTrouble(err) {
				return export.ErrStale
			}
			return refused(err)
		}
		for _, row := range page {
			if err := each(row); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		token = next
		if err := fn(export.Mark{Cursor: token}, nil); err != nil {
			return err
		}
	}
}

// isTokenTrouble tells whether a page token is refused: it has expired, or what it is bound to has changed.
func isTokenTrouble(err error) bool {
	var said *peers.Refusal
	if errors.As(err, &said) {
		return strings.HasPrefix(said.Cause.Reason, tokenTrouble)
	}
	return strings.HasPrefix(rpcerr.Reason(err), tokenTrouble)
}
