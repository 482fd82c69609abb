package child_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/testkit"
	"github.com/otklik/otklik/libs/testkit/child"
)

// envParent makes the test binary play a test process that leaves a child and a folder behind.
const envParent = "OTKLIK_TEST_CHILD_PARENT"

func TestNothingOutlivesTheTestProcess(t *testing.T) {
	t.Parallel()
	if out := os.Getenv(envParent); out != "" {
		leave(t, out)
		return
	}
	out := filepath.Join(t.TempDir(), "left")
	parent := exec.Command(os.Args[0], "-test.run", "^TestNothingOutlivesTheTestProcess$")
	parent.Env = append(os.Environ(), envParent+"="+out)
	if err := parent.Run(); err == nil {
		t.Fatal("the parent was to be killed")
	}
	raw, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	pid, folder, _ := strings.Cut(string(raw), " ")
	n, err := strconv.Atoi(pid)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, 10*time.Second, func() error {
		if state, err := os.ReadFile("/proc/" + pid + "/stat"); err == nil && !strings.Contains(string(state), ") Z ") && syscall.Kill(n, 0) == nil {
			return errors.New("the child lives")
		}
		if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
			return errors.New("the folder is there")
		}
		return nil
	})
}

// leave starts a child and dies.
func leave(t *testing.T, out string) {
	folder, err := child.NewFolder("otklik-child-test-", nil)
	if err != nil {
		t.Fatal(err)
	}
	p, err := child.Start(child.Command{Path: "/bin/sleep", Args: []string{"300"}, Output: filepath.Join(folder.Path, "log")})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(out, []byte(strconv.Itoa(p.Pid())+" "+folder.Path), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(os.Getpid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {}
}

func TestProgramsThatAreMissingAreNamed(t *testing.T) {
	t.Parallel()
	_, err := child.Find("otklik-no-such-server", "apt-get install it")
	var missing *child.MissingError
	if !errors.As(err, &missing) || !strings.Contains(err.Error(), "apt-get install it") {
		t.Errorf("error %v", err)
	}
	if path, err := child.Find("sh", "", "/no/such/*", "/bin"); err != nil || path != "/bin/sh" {
		t.Errorf("%s, %v", path, err)
	}
}

func TestTailIsTheEndOfTheOutput(t *testing.T) {
	t.Parallel()
	p, err := child.Start(child.Command{Path: "/bin/sh", Args: []string{"-c", "seq 1 5000; echo last"}, Output: filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if tail := p.Tail(); !strings.HasSuffix(tail, "5000\nlast") || len(tail) > 5000 {
		t.Errorf("%d bytes: %s", len(tail), tail)
	}
	if err := p.Signal(syscall.SIGTERM); err != nil {
		t.Errorf("a process that has ended: %v", err)
	}
}
