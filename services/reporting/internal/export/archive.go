package export

import (
	"archive/zip"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"time"
)

// Columns of what an archive is made of.
const (
	FileColumn    = "file"
	ContentColumn = "content"
)

// archive writes a ZIP of a file for each row, whose cells are its name and its content.
type archive struct {
	zip   *zip.Writer
	of    time.Time
	taken map[string]bool
}

// newArchive begins an archive whose files are of a time.
func newArchive(w io.Writer, of time.Time) *archive {
	return &archive{zip: zip.NewWriter(w), of: of.UTC(), taken: make(map[string]bool)}
}

// pressed are the endings of files that are compressed already.
var pressed = map[string]bool{".pdf": true, ".xlsx": true}

// Row adds a file. One whose name is taken has a number behind it.
func (a *archive) Row(cells []Cell) error {
	name := cells[0].Text
	ending := path.Ext(name)
	for n := 2; a.taken[name]; n++ {
		name = strings.TrimSuffix(cells[0].Text, ending) + "-" + strconv.Itoa(n) + ending
	}
	a.taken[name] = true
	head := &zip.FileHeader{Name: name, Method: zip.Deflate, Modified: a.of}
	if pressed[ending] {
		head.Method = zip.Store
	}
	w, err := a.zip.CreateHeader(head)
	if err != nil {
		return fmt.Errorf("add %s to archive: %w", name, err)
	}
	_, err = io.WriteString(w, cells[1].Text)
	return err
}

// Flush brings what was written to where it goes.
func (a *archive) Flush() error { return a.zip.Flush() }

// Close writes the list of files, by which an archive is read.
func (a *archive) Close() error { return a.zip.Close() }
