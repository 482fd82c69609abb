package e2e

import (
	"fmt"
	"testing"
	"time"

	"github.com/otklik/otklik/tests/e2e/cases"
	"github.com/otklik/otklik/tests/harness"
)

// patience bounds the wait for scores to follow answers; on an idle machine they do so in milliseconds.
const patience = time.Minute

// TestGoldenCases plays every case of testdata/cases over gRPC and over REST, against the suite as one process and as several.
func TestGoldenCases(t *testing.T) {
	t.Parallel()
	all, err := cases.Load("testdata/cases")
	if err != nil {
		t.Fatal(err)
	}
	// Each play has two organisations of its own.
	type play struct {
		c         cases.Case
		transport cases.Transport
		name      string
	}
	var plays []play
	var organizations []string
	for i, c := range all {
		for _, transport := range cases.Transports() {
			if c.Over != "" && c.Over != string(transport) {
				continue
			}
			name := fmt.Sprintf("case-%d-%s", i, transport)
			plays = append(plays, play{c: c, transport: transport, name: name})
			organizations = append(organizations, name, name+"-other")
		}
	}
	for _, layout := range harness.Layouts() {
		t.Run(layout.String(), func(t *testing.T) {
			t.Parallel()
			suite := harness.Run(t, harness.Options{Layout: layout, Organizations: organizations})
			// One group, so that the suite is stopped only when the parallel plays are done.
			t.Run("play", func(t *testing.T) {
				for _, p := range plays {
					t.Run(p.c.File+"/"+p.c.Name+"/"+string(p.transport), func(t *testing.T) {
						t.Parallel()
						player := cases.Player{Suite: suite, Organization: p.name, Other: p.name + "-other", Transport: p.transport, Patience: patience}
						if err := player.Play(t.Context(), p.c); err != nil {
							t.Error(err)
						}
					})
				}
			})
			if err := suite.Stop(patience); err != nil {
				t.Error(err)
			}
		})
	}
}
