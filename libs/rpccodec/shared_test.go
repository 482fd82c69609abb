package rpccodec_test

import (
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/mem"
	"google.golang.org/protobuf/proto"

	"github.com/otklik/otklik/libs/rpccodec"
)

func TestShared(t *testing.T) {
	want := &errdetails.ErrorInfo{Reason: "ä", Metadata: map[string]string{"k": "v"}}
	shared, err := rpccodec.Share(want)
	if err != nil {
		t.Fatal(err)
	}
	var sent []mem.BufferSlice
	for range 2 {
		data, err := rpccodec.New(0).Marshal(shared)
		if err != nil || string(data.Materialize()) != string(encode(t, want)) {
			t.Errorf("encoded as %x, %v", data.Materialize(), err)
		}
		sent = append(sent, data)
		// What grpc does when it has sent it.
		data.Free()
	}
	if a, b := sent[0][0].ReadOnlyData(), sent[1][0].ReadOnlyData(); &a[0] != &b[0] {
		t.Error("the message was encoded twice")
	}
	// Where messages are copied it is the message that it holds.
	got := &errdetails.ErrorInfo{}
	if proto.Merge(got, shared); !proto.Equal(got, want) {
		t.Errorf("copied as %v", got)
	}
	if _, err := rpccodec.Share(&errdetails.ErrorInfo{Reason: "\xff"}); err == nil || !strings.Contains(err.Error(), "google.rpc.ErrorInfo") {
		t.Errorf("text that is no text: %v", err)
	}
}
