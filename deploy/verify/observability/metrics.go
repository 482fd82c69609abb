// Package observability checks the alert rules and the dashboard: that Prometheus takes them, that they ask for metrics that the program has, and
// that each alert has a runbook.
package observability

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Metrics are the names of the metrics that there are.
type Metrics map[string]bool

// instrument is what a meter calls the making of an instrument.
var instrument = regexp.MustCompile(`^(Int64|Float64)(Observable)?(Counter|UpDownCounter|Histogram|Gauge)$`)

// instrumentName is how the names of all instruments begin: own ones, and those of OpenTelemetry's conventions.
var instrumentName = regexp.MustCompile(`^(otklik|http\.(server|client)|rpc\.(server|client))(\.[a-z0-9_]+)+$`)

// machinery are metrics that do not come from instruments of the source: those of the runtime and of Prometheus itself.
var machinery = []string{"up", "process_start_time_seconds", "process_resident_memory_bytes", "process_cpu_seconds_total", "process_open_fds",
	"go_goroutines", "go_memstats_heap_inuse_bytes"}

// FindMetrics reads the names of the instruments from the program's source, as Prometheus shows them.
func FindMetrics(root string) (Metrics, error) {
	found := Metrics{}
	for _, name := range machinery {
		found[name] = true
	}
	for _, room := range []string{"libs", "services", "gateway", "cmd"} {
		err := filepath.WalkDir(filepath.Join(root, room), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && d.Name() == "node_modules" {
				return filepath.SkipDir
			}
			if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			return found.addFile(path)
		})
		if err != nil {
			return nil, fmt.Errorf("look for metrics: %w", err)
		}
	}
	return found, nil
}

func (m Metrics) addFile(path string) error {
	source, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read source: %w", err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.SkipObjectResolution)
	if err != nil {
		return fmt.Errorf("parse source: %w", err)
	}
	// A name may stand apart from the call that uses it; a file without such a call makes no instruments.
	makes := false
	var names []string
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			makes = makes || instrument.MatchString(n.Sel.Name)
		case *ast.BasicLit:
			if text, err := strconv.Unquote(n.Value); err == nil && instrumentName.MatchString(text) {
				names = append(names, text)
			}
		}
		return true
	})
	if makes {
		for _, name := range names {
			m[strings.ReplaceAll(name, ".", "_")] = true
		}
	}
	return nil
}

// Has tells whether there is a metric of the name that Prometheus shows, with the endings of units, counters and histograms.
func (m Metrics) Has(name string) bool {
	for _, ending := range []string{"_bucket", "_count", "_sum", "_total"} {
		if cut, ok := strings.CutSuffix(name, ending); ok && !m[name] {
			name = cut
			break
		}
	}
	if m[name] {
		return true
	}
	for _, unit := range []string{"_seconds", "_bytes"} {
		if cut, ok := strings.CutSuffix(name, unit); ok && m[cut] {
			return true
		}
	}
	return false
}
