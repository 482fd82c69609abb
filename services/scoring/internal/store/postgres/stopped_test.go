package postgres_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/services/scoring/internal/store"
	"github.com/otklik/otklik/services/scoring/internal/store/postgres"
)

// envHolder makes the test program a process that holds the ledgers of the database it names.
const envHolder = "OTKLIK_TEST_HOLDER"

func TestMain(m *testing.M) {
	if dsn := os.Getenv(envHolder); dsn != "" {
		fmt.Fprintln(os.Stdout, holder(dsn))
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// holder holds the live ledgers, says so, waits for a line and finishes the rebuild with number 1.
func holder(dsn string) error {
	ctx := context.Background()
	db, err := pgkit.Open(ctx, configOf(dsn), options)
	if err != nil {
		return err
	}
	s, err := postgres.Open(ctx, db, nil)
	if err != nil {
		return err
	}
	defer s.Close()
	err = s.Hold(ctx, func(ctx context.Context) error {
		at, err := s.Marks(ctx)
		if err != nil {
			return err
		}
		fmt.Fprintln(os.Stdout, "holding")
		if _, err := bufio.NewReader(os.Stdin).ReadString('\n'); err != nil {
			return err
		}
		_, err = s.FinishRebuild(ctx, store.Ledger{Organization: acme, Rebuild: 1}, at, 0, noon)
		return err
	})
	if errors.Is(err, store.ErrConflict) {
		return errors.New("conflict")
	}
	return err
}

// TestStoppedHolderIsLetGo: a process that holds the ledgers is stopped. Batches wait for some seconds only, and when it goes on, it has lost.
func TestStoppedHolderIsLetGo(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dsn := migrated(t)
	s := opened(t, dsn)
	if err := s.Partition(ctx, partitions); err != nil {
		t.Fatal(err)
	}
	apply(t, s, batch(0, 0, records(1, 3)...))
	if _, err := s.StartRebuild(ctx, acme, "the holder", noon); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), envHolder+"="+dsn)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	if !lines.Scan() || lines.Text() != "holding" {
		t.Fatalf("the holder says %q", lines.Text())
	}
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	apply(t, s, batch(0, 1, records(4, 3)...))
	if waited := time.Since(began); waited < time.Second || waited > 15*time.Second {
		t.Errorf("a batch waited for %v", waited)
	}
	if err := cmd.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(in, "\n"); err != nil {
		t.Fatal(err)
	}
	if !lines.Scan() || !strings.Contains(lines.Text(), "conflict") {
		t.Errorf("the holder says %q after it was let go, want a conflict", lines.Text())
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if got := positions(t, s, live()); !slices.Equal(got, upTo(6)) {
		t.Errorf("facts at %v, want those of before", got)
	}
}

// TestStoppedWriterIsLetGo: a process is stopped in the middle of sending a batch, when it has the partition's cursor. Its successor waits for some
// seconds only.
func TestStoppedWriterIsLetGo(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dsn := migrated(t)
	s := opened(t, dsn)
	if err := s.Partition(ctx, partitions); err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, `SET search_path = scoring`); err != nil {
		t.Fatal(err)
	}
	// The statements of a batch up to the cursor, and nothing more: the server waits for the rest, not for a new command.
	front := conn.PgConn().Frontend()
	for _, statement := range []string{
		`BEGIN`, `SELECT pg_advisory_xact_lock_shared(1869900905, 'board'::regclass::oid::integer)`, `UPDATE cursors SET version = version + 1`,
	} {
		front.SendParse(&pgproto3.Parse{Query: statement})
		front.SendBind(&pgproto3.Bind{})
		front.SendExecute(&pgproto3.Execute{})
	}
	front.Send(&pgproto3.Flush{})
	if err := front.Flush(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	began := time.Now()
	apply(t, s, batch(0, 0, records(1, 3)...))
	if waited := time.Since(began); waited < time.Second || waited > 15*time.Second {
		t.Errorf("a batch waited for %v", waited)
	}
}
