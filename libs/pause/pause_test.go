package pause_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otklik/otklik/libs/pause"
)

func TestFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begun := time.Now()
		if err := pause.For(t.Context(), time.Minute); err != nil || time.Since(begun) != time.Minute {
			t.Errorf("waited %v: %v", time.Since(begun), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun = time.Now()
		if err := pause.For(ctx, time.Minute); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Second {
			t.Errorf("waited %v after the end of the context: %v", time.Since(begun), err)
		}
		if err := pause.For(ctx, 0); err != nil {
			t.Errorf("no time: %v", err)
		}
	})
}

func TestUntil(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		woken := make(chan struct{})
		begun := time.Now()
		if err := pause.Until(t.Context(), woken, time.Minute); err != nil || time.Since(begun) != time.Minute {
			t.Errorf("waited %v: %v", time.Since(begun), err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begun = time.Now()
		if err := pause.Until(ctx, woken, time.Minute); !errors.Is(err, context.DeadlineExceeded) || time.Since(begun) != time.Second {
			t.Errorf("waited %v after the end of the context: %v", time.Since(begun), err)
		}
		time.AfterFunc(2*time.Second, func() { close(woken) })
		begun = time.Now()
		if err := pause.Until(t.Context(), woken, time.Minute); err != nil || time.Since(begun) != 2*time.Second {
			t.Errorf("waited %v, woken after two seconds: %v", time.Since(begun), err)
		}
	})
}
