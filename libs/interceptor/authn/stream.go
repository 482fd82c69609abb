package authn

import (
	"context"
	"errors"
	"reflect"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/otklik/otklik/libs/rpcerr"
)

// recheckInterval is the time between looks at the credential of an open stream. Together with the time for which answers are remembered
// (authn.CacheOptions.Fresh) it is how long a stream outlives its credential.
const recheckInterval = 5 * time.Second

// errChanged ends streams whose callers may do something else now than when they were let in: when they open them again, that is decided anew.
var errChanged = rpcerr.New(codes.Unavailable, "CREDENTIALS_CHANGED", "what the caller may do has changed: open the stream again")

// notLetIn is the cause of the end of a stream whose caller would not be let in any more.
type notLetIn struct{ error }

// whileLetIn runs a stream, and ends its context when the credential proves nobody any more or somebody who may do something else. While that cannot
// be known, the stream goes on.
func (i *Interceptor) whileLetIn(ctx context.Context, c caller, stream func(context.Context) error) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	go i.recheck(ctx, c, end)
	err := stream(ctx)
	var over notLetIn
	if err != nil && errors.As(context.Cause(ctx), &over) {
		return over.error
	}
	return err
}

// recheck looks at the credential of a stream until the stream or the credential ends.
func (i *Interceptor) recheck(ctx context.Context, c caller, end context.CancelCauseFunc) {
	ticker := time.NewTicker(recheckInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		p, err := i.identify(ctx, c.credential)
		switch {
		case rpcerr.Code(err) == codes.Unauthenticated:
			end(notLetIn{err})
			return
		case err == nil && !reflect.DeepEqual(p, c.proved):
			end(notLetIn{errChanged})
			return
		}
	}
}
