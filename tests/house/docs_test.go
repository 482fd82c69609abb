package house

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	testNamed   = regexp.MustCompile("`((?:Test|Fuzz|Benchmark)[A-Z][A-Za-z0-9_]*)`")
	testWritten = regexp.MustCompile(`(?m)^func ((?:Test|Fuzz|Benchmark)[A-Z][A-Za-z0-9_]*)\(`)
)

// TestDocsNameTestsThatExist holds the promises of the docs: a line that says which test proves it names a test of the tree, and each line of the
// tables of docs/security.md names one, or says that it does not apply or is not done, and why.
func TestDocsNameTestsThatExist(t *testing.T) {
	t.Parallel()
	written := make(map[string]bool)
	walk(t, "../..", "_test.go", func(_, content string) {
		for _, m := range testWritten.FindAllStringSubmatch(content, -1) {
			written[m[1]] = true
		}
	})
	walk(t, "../../docs", ".md", func(path, content string) {
		for _, m := range testNamed.FindAllStringSubmatch(content, -1) {
			if !written[m[1]] {
				t.Errorf("%s names %s, which does not exist", path, m[1])
			}
		}
	})
	raw, err := os.ReadFile("../../docs/security.md")
	if err != nil {
		t.Fatal(err)
	}
	table := false
	for i, line := range strings.Split(string(raw), "\n") {
		if strings.HasPrefix(line, "| ") && strings.Contains(line, "| proved by |") {
			table = true
			continue
		}
		if !strings.HasPrefix(line, "|") {
			table = false
		}
		if table && !strings.HasPrefix(line, "|--") && !testNamed.MatchString(line) && !strings.Contains(line, "| not applicable: ") && !strings.Contains(line, "| not done: ") {
			t.Errorf("docs/security.md:%d names no test: %s", i+1, line)
		}
	}
}

// walk reads the files under a folder whose names end so; what was fetched or built is left out.
func walk(t *testing.T, folder, suffix string, read func(path, content string)) {
	t.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git" || entry.Name() == "dist") {
			return fs.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(path, suffix) {
			return nil
		}
		raw, err := os.ReadFile(path)
		if err == nil {
			read(path, string(raw))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
