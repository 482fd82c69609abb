package freeport

import (
	"bytes"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// envPrint makes the test binary print ports and wait.
const envPrint = "FREEPORT_PRINT"

func TestMain(m *testing.M) {
	if os.Getenv(envPrint) == "" {
		os.Exit(m.Run())
	}
	for range 300 {
		port, err := Find()
		if err != nil {
			panic(err)
		}
		os.Stdout.WriteString(strconv.Itoa(port) + "\n")
	}
	// The ports are this process's until the other has found its own.
	_, _ = os.Stdin.Read(make([]byte, 1))
	os.Exit(0)
}

// Processes that look for ports at the same time never get the same one, also before anybody listens.
func TestProcessesFindDifferentPorts(t *testing.T) {
	seen := make(map[string]bool)
	add := func(port string) {
		if seen[port] {
			t.Errorf("port %s was found twice", port)
		}
		seen[port] = true
	}
	var ends []func() error
	for range 2 {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), envPrint+"=1")
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
		ends = append(ends, func() error {
			_ = in.Close()
			return cmd.Wait()
		})
		var printed bytes.Buffer
		for strings.Count(printed.String(), "\n") < 300 {
			chunk := make([]byte, 4096)
			n, err := out.Read(chunk)
			if err != nil {
				t.Fatal(err)
			}
			printed.Write(chunk[:n])
		}
		for _, port := range strings.Fields(printed.String()) {
			add(port)
		}
	}
	for range 300 {
		port, err := Find()
		if err != nil {
			t.Fatal(err)
		}
		add(strconv.Itoa(port))
	}
	for _, end := range ends {
		if err := end(); err != nil {
			t.Error(err)
		}
	}
}

func TestBoundsKeepOffThePortsOfTheSystem(t *testing.T) {
	for _, c := range []struct{ low, high, from, to int }{
		{0, 0, first, last},
		{32768, 60999, first, last},
		{16000, 65535, first, 16000},
		{1024, 25000, 25001, last},
		{1024, 65535, first, last},
		{15000, 20000, 20001, last},
	} {
		if from, to := bounds(c.low, c.high); from != c.from || to != c.to {
			t.Errorf("bounds(%d, %d) = %d, %d, want %d, %d", c.low, c.high, from, to, c.from, c.to)
		}
	}
}
