package harness

import (
	"bufio"
	"errors"
	"io"
	"strings"
	"testing"
)

func TestEventStream(t *testing.T) {
	t.Parallel()
	text := "retry: 3000\n\n: comment\nevent: scores\nid: 7\ndata: {\"a\":\ndata: 1}\n\ndata:plain\r\n\r\nevent: lost\n"
	s := &EventStream{reader: bufio.NewReader(strings.NewReader(text))}
	for _, want := range []ServerEvent{{Name: "scores", ID: "7", Data: "{\"a\":\n1}"}, {Name: "message", Data: "plain"}} {
		if got, err := s.Next(); err != nil || got != want {
			t.Errorf("%+v, %v, want %+v", got, err, want)
		}
	}
	if _, err := s.Next(); !errors.Is(err, io.EOF) {
		t.Errorf("%v, want the end", err)
	}
}
