// Command verify checks what the suite is deployed by, without a cluster, an engine or a network beyond Go's module proxy: the Helm chart with
// several sets of values, the Compose file, the alert rules and the dashboard.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// check is one part of the verification.
type check struct {
	name string
	run  func(context.Context) (summary string, err error)
}

func run(ctx context.Context, args []string, out io.Writer) error {
	set := flag.NewFlagSet("verify", flag.ContinueOnError)
	root := set.String("root", "..", "folder of the project")
	binary := set.String("binary", "", "binary of otklik, to read the configuration that the deployments give it")
	values := set.String("values", "", "values file of yours to check with the chart, beside those of the project")
	if err := set.Parse(args); err != nil {
		return fmt.Errorf("read flags: %w", err)
	}
	if *binary == "" {
		return errors.New("read flags: -binary is needed")
	}
	p := project{root: *root, binary: *binary, values: *values}
	var errs []error
	for _, c := range p.checks() {
		start := time.Now()
		summary, err := c.run(ctx)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s:\n%w", c.name, err))
			summary = "FAILED"
		}
		fmt.Fprintf(out, "%-14s %s (%.1f s)\n", c.name, summary, time.Since(start).Seconds())
	}
	return errors.Join(errs...)
}
