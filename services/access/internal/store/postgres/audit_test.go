package postgres

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/otklik/otklik/libs/pgkit"
	"github.com/otklik/otklik/libs/testkit/pgtest"
	"github.com/otklik/otklik/services/access/internal/audit"
	"github.com/otklik/otklik/services/access/internal/store"
)

// TestAuditOfSeveralProcesses: stores of several processes make one chain of each organisation, whatever organisations a call names in which order.
func TestAuditOfSeveralProcesses(t *testing.T) {
	config := migratedSchema(t, pgtest.Database(t), "access")
	const processes, callers, calls = 3, 4, 15
	organizations := []string{"acme", "globex", "initech"}
	var group sync.WaitGroup
	var first *Store
	for p := range processes {
		s, err := Open(t.Context(), config, pgkit.Options{Component: component})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
		if first == nil {
			first = s
		}
		for c := range callers {
			group.Go(func() {
				for i := range calls {
					var batch []audit.Entry
					for o := range organizations {
						batch = append(batch, audit.Entry{Organization: organizations[(o+c+i)%len(organizations)], Time: time.Unix(1, 0), Actor: fmt.Sprint(p), Outcome: audit.Succeeded})
					}
					if _, err := s.AppendAudit(t.Context(), batch); err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
	group.Wait()
	for _, organization := range organizations {
		entries, err := first.ListAudit(t.Context(), store.AuditQuery{Organization: organization, Limit: 10_000})
		if err != nil {
			t.Fatal(err)
		}
		head, err := first.AuditHead(t.Context(), organization)
		if err != nil {
			t.Fatal(err)
		}
		v := audit.NewVerifier(organization, nil)
		for _, e := range entries {
			v.Add(e)
		}
		if fault := v.Finish(head); fault.Sequence != 0 || len(entries) != processes*callers*calls {
			t.Errorf("%s: %d entries, %+v", organization, len(entries), fault)
		}
	}
}
