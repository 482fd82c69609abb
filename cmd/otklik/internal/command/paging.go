package command

import (
	"context"
	"fmt"

	"google.golang.org/grpc"
)

// listAll asks for a list page by page and returns all its items. token is the request's, which says where the next page begins.
func listAll[Q any, P interface{ GetNextPageToken() string }, T any](
	ctx context.Context, what string, list func(context.Context, Q, ...grpc.CallOption) (P, error), request Q, token *string, items func(P) []T,
) ([]T, error) {
	return listUpTo(ctx, what, list, request, token, items, 0)
}

// listUpTo is listAll that ends when there are so many; 0 means all.
func listUpTo[Q any, P interface{ GetNextPageToken() string }, T any](
	ctx context.Context, what string, list func(context.Context, Q, ...grpc.CallOption) (P, error), request Q, token *string, items func(P) []T, most int,
) ([]T, error) {
	var all []T
	for {
		page, err := list(ctx, request)
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", what, err)
		}
		all = append(all, items(page)...)
		*token = page.GetNextPageToken()
		switch {
		case most > 0 && len(all) >= most:
			return all[:most], nil
		case *token == "":
			return all, nil
		}
	}
}

// pageFor is the size of pages of a list of which so many items are wanted.
func pageFor(limit int) int32 { return int32(min(limit, largestPage)) } //nolint:gosec // a page at most

// largestPage is the largest page that lists give.
const largestPage = 1000
