package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/otklik/otklik/tests/harness"
)

// importTarget is in rows a second.
const importTarget = 5000

// mapping is for the file that writeRows writes.
const mapping = `version: 1
survey: {id: imported, title: {en: Imported}}
response:
  id: "row-{no}"
  time: {column: date, zone: UTC}
  context:
    location: {column: store}
    channel: {column: channel}
questions:
  - {id: recommend, type: nps, column: nps, missing: {"99": refused}, text: {en: "Would you recommend us?"}}
  - {id: satisfied, type: csat, column: csat, text: {en: "Are you satisfied?"}}
  - {id: easy, type: ces, column: ces, text: {en: "Was it easy?"}}
  - {id: why, type: text, column: why, text: {en: "Why?"}}
`

// measureImport loads a synthetic file by the command line, as a user does.
func measureImport(ctx context.Context, s settings, r *report) (err error) {
	suite, err := harness.Start(ctx, harness.Options{})
	if err != nil {
		return err
	}
	defer discard(suite, &err)
	dir, err := os.MkdirTemp("", "otklik-import-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file, mappingFile := filepath.Join(dir, "answers.csv"), filepath.Join(dir, "mapping.yaml")
	if err := os.WriteFile(mappingFile, []byte(mapping), 0o600); err != nil {
		return fmt.Errorf("write mapping: %w", err)
	}
	if err := writeRows(file, s.rows); err != nil {
		return err
	}
	command := suite.Command(ctx, "import", file, "--mapping", mappingFile, "--server", suite.GRPC(harness.Survey), "--key", adminKey())
	began := time.Now()
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("run %v: %w: %s", command.Args, err, out)
	}
	took := time.Since(began)
	rate := float64(s.rows) / took.Seconds()
	r.hold(fmt.Sprintf("import of %d rows", s.rows), fmt.Sprintf("%.0f rows/s", rate), fmt.Sprintf("≥ %d rows/s", importTarget), rate >= importTarget,
		fmt.Sprintf("`otklik import`, 4 questions, %.1f s for the whole command", took.Seconds()))
	return nil
}

// writeRows writes a CSV file of synthetic answers.
func writeRows(path string, n int) error {
	file, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("make file: %w", err)
	}
	w := bufio.NewWriter(file)
	fmt.Fprintln(w, "no,date,store,channel,nps,csat,ces,why")
	for i := range n {
		nps := fmt.Sprint(i * 7 % 11)
		if i%50 == 0 {
			nps = "99"
		}
		fmt.Fprintf(w, "%d,2026-%02d-%02d,store-%d,%s,%s,%d,%d,\"reason %d, in short\"\n", i+1, 1+i%3, 1+i%28, i%40, []string{"app", "sms"}[i%2], nps, 1+i%5, 1+i*3%5, i)
	}
	if err := w.Flush(); err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("close file: %w", err)
	}
	return nil
}
