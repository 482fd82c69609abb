package command

import (
	"strings"
	"testing"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
	segmentationv1 "github.com/otklik/otklik/proto/gen/go/otklik/segmentation/v1"
)

// Regions, then customers come from tables, first for show; two that are one customer are merged and split again.
func TestDirectoryFromTheCommandLine(t *testing.T) {
	ready := startSuite(t)
	for _, server := range []string{ready.GRPC, ready.HTTP} {
		s := newShell(t, server, ready.Key)
		prefix := strings.ToLower(strings.NewReplacer(":", "", ".", "", "/", "").Replace(server))
		regions := writeFile(t, "regions.csv", "id;parent\n"+prefix+"-chuy;"+prefix+"-north\n"+prefix+"-north;\n")
		s.ok("directory", "import", regions, "--kind", "region")
		if listed := s.ok("directory", "list", "region"); !strings.Contains(listed, prefix+"-chuy") {
			t.Errorf("regions: %s", listed)
		}
		customers := writeFile(t, "customers.csv", "Код,name,email\n"+prefix+"-1,Some Body,some@example.org\n"+prefix+"-2,Any Body,nowhere\n"+prefix+"-3,Any Body,\n")
		// What cannot be uploaded keeps nothing else from being imported.
		for _, unfit := range []string{writeFile(t, "empty.csv", ""), t.TempDir()} {
			if got := s.run("directory", "import", unfit, "--dry-run"); got.code == exit.OK {
				t.Errorf("import of %s: %+v", unfit, got)
			}
		}
		flags := []string{"directory", "import", customers, "--map", "Код=id", "--most-refused", "0.5"}
		if got := s.run(append(flags, "--dry-run")...); got.code != exit.Incomplete || !strings.Contains(got.out, "UNIT_INVALID") || !strings.Contains(got.out, "email") {
			t.Errorf("dry run: %+v", got)
		}
		if got := s.run("directory", "import", customers, "--map", "Код=id"); got.code != exit.Refused {
			t.Errorf("too many refused rows: %+v", got)
		}
		if got := s.run(flags...); got.code != exit.Incomplete {
			t.Errorf("import: %+v", got)
		}
		if got := s.run("directory", "import", writeFile(t, "misspelt.csv", "id,emial\nx,\n")); got.code != exit.Refused || !strings.Contains(got.err, "did you mean email?") {
			t.Errorf("a column that is no field: %+v", got)
		}
		if out := s.ok("directory", "import", writeFile(t, "misspelt.csv", "id,emial\nx,\n"), "--ignore-unknown-columns", "--dry-run"); !strings.Contains(out, "left out: emial") {
			t.Errorf("a column that is left out: %s", out)
		}
		last := message(s, &segmentationv1.ListImportsResponse{}, "directory", "imports", "--limit", "1").GetImports()
		if len(last) != 1 || !strings.Contains(s.ok("directory", "imports", "show", last[0].GetName()), "left out: emial") {
			t.Errorf("the last import: %v", last)
		}
		if out := s.ok("directory", "imports", "cancel", last[0].GetName()); !strings.Contains(out, "done (dry run)") {
			t.Errorf("cancelled when it had ended: %s", out)
		}
		if out := s.ok("directory", "imports", "refusals", last[0].GetName()); !strings.Contains(out, "no rows") {
			t.Errorf("refusals of none: %s", out)
		}
		tier := "contact.t" + prefix
		s.ok("directory", "attributes", "create", tier, "--type", "enum", "--option", "gold", "--name", "Tier")
		if out := s.ok("directory", "attributes", "--kind", "contact"); !strings.Contains(out, tier) || !strings.Contains(out, "gold") {
			t.Errorf("attributes: %s", out)
		}
		s.ok("directory", "attributes", "delete", tier)
		merged := message(s, &segmentationv1.MergeContactsResponse{}, "directory", "merge", prefix+"-1", prefix+"-3", "--reason", "the same person")
		if m := merged.GetMoves()[0]; m.GetTo() != "contacts/"+prefix+"-1" || m.GetReason() != "the same person" {
			t.Errorf("merged: %v", merged)
		}
		if listed := s.ok("directory", "list", "contact"); strings.Contains(listed, prefix+"-3") {
			t.Errorf("contacts after a merge: %s", listed)
		}
		s.ok("directory", "split", prefix+"-1", "--merge", strings.TrimPrefix(merged.GetMoves()[0].GetName(), "contactMoves/"))
		if listed := s.ok("directory", "list", "contact"); !strings.Contains(listed, prefix+"-3") || !strings.Contains(listed, "Some Body") {
			t.Errorf("contacts after a split: %s", listed)
		}
		if got := s.run("directory", "list", "planet"); got.code != exit.Usage {
			t.Errorf("no kind: %+v", got)
		}
	}
}
