package chore_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/otklik/otklik/libs/chore"
)

func TestChores(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mine atomic.Bool
		var log bytes.Buffer
		var often, seldom, never int
		h := chore.Household{Mine: mine.Load, Log: slog.New(slog.NewTextHandler(&log, nil)), Now: time.Now}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() {
			done <- h.Run(ctx,
				chore.Chore{What: "dusting", Every: time.Second, Do: func(context.Context) error { often++; return nil }},
				chore.Chore{What: "moving", Every: time.Hour, Do: func(context.Context) error {
					if seldom++; seldom == 1 {
						return errors.New("too heavy")
					}
					return nil
				}},
				chore.Chore{What: "flying", Do: func(context.Context) error { never++; return nil }},
			)
		}()
		time.Sleep(90 * time.Second)
		synctest.Wait()
		if often+seldom+never != 0 {
			t.Fatalf("chores of another one were done: %d, %d, %d", often, seldom, never)
		}
		mine.Store(true)
		time.Sleep(10 * time.Minute)
		synctest.Wait()
		if often < 599 || often > 601 || seldom != 2 || never != 0 {
			t.Errorf("done %d, %d and %d times", often, seldom, never)
		}
		if !strings.Contains(log.String(), "moving failed; trying again later") {
			t.Errorf("the log says %q", log.String())
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}
