package e2e

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/tests/harness"
)

// says starts a process that lacks something. It must say so: by not starting, or by the readiness that operators see.
func says(t *testing.T, part harness.Part, s settings, say ...string) {
	t.Helper()
	binary, err := harness.Binary(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	probes := fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))
	s = s.with(settings{"ops": probes})
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	command := harness.Command(ctx, binary, t.TempDir(), string(part), "--config", s.write(t))
	var out output
	command.Stdout, command.Stderr = &out, &out
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	var failure error
	ended := make(chan struct{})
	go func() {
		failure = command.Wait()
		close(ended)
	}()
	defer func() {
		cancel()
		<-ended
	}()
	testkit.Eventually(t, startPatience, func() error {
		var text string
		select {
		case <-ended:
			if failure == nil {
				return fmt.Errorf("it ended without a failure: %s", out.String())
			}
			text = out.String()
		default:
			code, body := probe(t, "http://"+probes+"/readyz")
			if code == 0 {
				return fmt.Errorf("it shows no readiness: %s; it wrote %s", body, out.String())
			}
			text = body
		}
		for _, part := range say {
			if !strings.Contains(text, part) {
				return fmt.Errorf("it does not name %q: %s", part, text)
			}
		}
		return nil
	})
}

// output is what a process writes, readable while it does.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.String()
}
