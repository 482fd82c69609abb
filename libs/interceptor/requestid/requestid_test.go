package requestid_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/otklik/otklik/libs/interceptor/requestid"
)

func idFor(t *testing.T, values ...string) string {
	t.Helper()
	ctx := metadata.NewIncomingContext(t.Context(), metadata.MD{requestid.Metadata: values})
	var id string
	if _, err := requestid.New().Unary()(ctx, nil, &grpc.UnaryServerInfo{}, func(ctx context.Context, _ any) (any, error) {
		id = requestid.FromContext(ctx)
		return nil, nil
	}); err != nil {
		t.Fatal(err)
	}
	return id
}

func TestSoundIDsAreTakenOver(t *testing.T) {
	for _, id := range []string{"a", "4bf92f35-77b3.4da6_A", strings.Repeat("x", 64)} {
		if got := idFor(t, id); got != id {
			t.Errorf("%q became %q", id, got)
		}
	}
}

func TestOtherIDsAreReplaced(t *testing.T) {
	seen := make(map[string]bool)
	for _, values := range [][]string{{}, {""}, {"a", "b"}, {strings.Repeat("x", 65)}, {"a b"}, {"a\nb"}, {"ä"}, {`a"`}} {
		got := idFor(t, values...)
		if len(got) != 32 || seen[got] {
			t.Errorf("%q became %q", values, got)
		}
		seen[got] = true
	}
	if requestid.FromContext(t.Context()) != "" {
		t.Error("an id outside of a call")
	}
}
