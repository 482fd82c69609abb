package rpcclient

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// TestCheckSaysThatANameIsUnknown has a name server of its own, since not every machine reaches one.
func TestCheckSaysThatANameIsUnknown(t *testing.T) {
	n := &names{}
	conn, err := grpc.NewClient("dns:///elsewhere:90", grpc.WithResolvers(&addresses{lookup: n.lookup}), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var e *PeerError
	err = Check(ctx, conn, Expected{Name: "n", Service: "s", Setting: "peers.s", Target: "elsewhere:90"})
	if !errors.As(err, &e) || !strings.Contains(e.Public(), "host of the address in peers.s is not known") || strings.Contains(e.Public(), "elsewhere") {
		t.Errorf("got %v", err)
	}
}
