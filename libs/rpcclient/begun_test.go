package rpcclient_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/otklik/otklik/libs/testkit/echo"
)

// TestAnswerThatWasCutOff breaks the connection after the first byte of an answer: a call that may be repeated is, another one fails.
func TestAnswerThatWasCutOff(t *testing.T) {
	for name, want := range map[string]codes.Code{"repeatable": codes.OK, "single": codes.Unavailable} {
		t.Run(name, func(t *testing.T) {
			var once sync.Once
			var r *replica
			r = newReplica(t, func(ctx context.Context, _ echo.Message) error {
				once.Do(func() {
					if err := grpc.SendHeader(ctx, metadata.Pairs("begun", "yes")); err != nil {
						t.Error(err)
					}
					// The header has to arrive before the connection is gone.
					time.Sleep(50 * time.Millisecond)
					r.conns.breakAll()
				})
				return nil
			})
			conn := dialReplicas(t, r)
			call := echo.Call
			if name == "repeatable" {
				call = echo.CallRepeat
			}
			_, err := call(t.Context(), conn, echo.New("a").WithAction("act"))
			if status.Code(err) != want {
				t.Errorf("%v, want %v", err, want)
			}
		})
	}
}
