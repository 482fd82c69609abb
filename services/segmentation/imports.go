package segmentation

import (
	"maps"
	"strconv"
	"time"

	"github.com/otklik/otklik/libs/chore"
	"github.com/otklik/otklik/services/segmentation/internal/attribute"
	"github.com/otklik/otklik/services/segmentation/internal/imports"
	"github.com/otklik/otklik/services/segmentation/internal/profile"
)

// importsAtOnce is of how many organisations imports are worked on at the same time, so that none waits for a large one of another.
const importsAtOnce = 4

// imports works on tables that were uploaded, and forgets those that never were in full.
func (p parts) imports() []chore.Chore {
	directory := imports.Directory{Store: p.store, Now: p.deps.Now}
	register := &profile.Register{Store: p.store, Keeper: p.keeper}
	kinds := map[string]imports.Kind{
		attribute.Contact.String(): imports.Contacts{Directory: directory, Register: register},
	}
	for _, kind := range attribute.Kinds() {
		if kind != attribute.Contact {
			kinds[kind.String()] = imports.Units{Directory: directory, Kind: kind}
		}
	}
	maps.Copy(kinds, imports.Ledgers(p.store, register, p.location, p.deps.Now))
	var chores []chore.Chore
	var runner *imports.Runner
	for n := range importsAtOnce {
		runner = &imports.Runner{Store: p.store, Kinds: kinds, Holder: p.deps.Instance + "/" + strconv.Itoa(n), Now: p.deps.Now}
		chores = append(chores, chore.Chore{What: "importing tables", Every: time.Second, Do: runner.Run})
	}
	return append(chores, chore.Chore{What: "forgetting tables that were not uploaded in full", Every: sweepInterval, Do: runner.Sweep})
}
