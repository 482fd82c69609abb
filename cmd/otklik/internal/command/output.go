package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/otklik/otklik/cmd/otklik/internal/exit"
)

// writeWhole lets f write a file that only the owner may read, or to standard output without a path. A file that could not be written to its end
// is taken away: half of it would look whole.
func (c *call) writeWhole(path string, overwrite bool, f func(io.Writer) error) error {
	if path == "" {
		return f(c.out())
	}
	mode := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if !overwrite {
		mode |= os.O_EXCL
	}
	file, err := os.OpenFile(path, mode, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return exit.Usagef("%s exists: state --overwrite to write over it", path)
	}
	if err != nil {
		return fmt.Errorf("open the output: %w", err)
	}
	if err := errors.Join(f(file), file.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}
