package main

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"
	"time"
)

func TestQuantile(t *testing.T) {
	t.Parallel()
	var d durations
	for i := 100; i >= 1; i-- {
		d = append(d, time.Duration(i))
	}
	for q, want := range map[float64]time.Duration{0.5: 50, 0.99: 99, 1: 100, 0: 1} {
		if got := d.quantile(q); got != want {
			t.Errorf("quantile %v of 1 to 100: %d, want %d", q, got, want)
		}
	}
	if got := (durations{7}).quantile(0.5); got != 7 {
		t.Errorf("median of one: %d", got)
	}
}

func TestReadAnswer(t *testing.T) {
	t.Parallel()
	answers := "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 5\r\n\r\nhello" +
		"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy" +
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
	w := &wire{reader: bufio.NewReader(strings.NewReader(answers))}
	if err := w.readAnswer(); err != nil {
		t.Error(err)
	}
	if err := w.readAnswer(); !errors.Is(err, errNotOK) || !strings.Contains(err.Error(), "busy") {
		t.Errorf("%v, want what the server said", err)
	}
	if err := w.readAnswer(); !errors.Is(err, errNoLength) {
		t.Errorf("%v, want a complaint about the length", err)
	}
}

func TestOwnProcess(t *testing.T) {
	t.Parallel()
	if got, err := residentBytes(os.Getpid()); err != nil || got < megabyte {
		t.Errorf("memory %d, %v", got, err)
	}
	if _, err := cpuTime(os.Getpid()); err != nil {
		t.Error(err)
	}
}

func TestReport(t *testing.T) {
	t.Parallel()
	r := &report{}
	r.tell("a", "1", "so")
	r.hold("b", "2", "≤ 3", true, "so")
	if r.missed() {
		t.Error("nothing was missed")
	}
	r.hold("c", "4", "≤ 3", false, "so")
	if !r.missed() {
		t.Error("c was missed")
	}
	var out bytes.Buffer
	if err := r.write(&out); err != nil {
		t.Fatal(err)
	}
	if want := "| c | 4 | ≤ 3 | **missed** | so |\n"; !strings.HasSuffix(out.String(), want) {
		t.Errorf("%s does not end with %s", out.String(), want)
	}
}
