package importer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// checkpointInterval is how often a checkpoint is saved.
const checkpointInterval = time.Second

// identityBytes is how much of the file's beginning goes into its identity.
const identityBytes = 1 << 20

// Checkpoint tells how far an import has come: everything up to a row is known.
type Checkpoint struct {
	// Identity is that of the import, see Identity.
	Identity string `json:"identity"`
	// Row is the last row whose outcome is known.
	Row int64 `json:"row"`
	// Tally holds the counts up to there.
	Tally tally `json:"tally"`
	// ReportOffset and ReportCount are the report's position.
	ReportOffset int64 `json:"reportOffset"`
	ReportCount  int64 `json:"reportCount"`
}

// Identity tells imports apart: another file, mapping, server, survey or report is another import, and so is a survey of the same name that was
// created anew. in is the file, of which the beginning is read.
func Identity(in io.Reader, size int64, modified time.Time, rest ...string) (string, error) {
	hash := sha256.New()
	fmt.Fprintf(hash, "%d\x00%d\x00%s\x00", size, modified.UnixNano(), strings.Join(rest, "\x00"))
	if _, err := io.CopyN(hash, in, identityBytes); err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read the beginning of the file: %w", err)
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// LoadCheckpoint returns the checkpoint of an import; nil when there is none, or one of another import or of another form.
func LoadCheckpoint(path, identity string, c *Converter) (*Checkpoint, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read checkpoint: %w", err)
	}
	var checkpoint Checkpoint
	damaged := json.Unmarshal(raw, &checkpoint) != nil || checkpoint.Row < 0 || !checkpoint.Tally.fits(c)
	if damaged || checkpoint.Identity != identity {
		// Beginning anew is always right: what is stored is only replayed.
		return nil, nil
	}
	if checkpoint.Tally.Reasons == nil {
		checkpoint.Tally.Reasons = map[string]int64{}
	}
	return &checkpoint, nil
}

// SaveCheckpoint writes a checkpoint so that a crash leaves the old or the new one, never half of one.
func SaveCheckpoint(path string, c Checkpoint) error {
	raw, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("encode checkpoint: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("make the folder of checkpoints: %w", err)
	}
	next := path + ".next"
	if err := os.WriteFile(next, raw, 0o600); err != nil {
		return fmt.Errorf("write checkpoint: %w", err)
	}
	if err := os.Rename(next, path); err != nil {
		return fmt.Errorf("replace checkpoint: %w", err)
	}
	return nil
}

// RemoveCheckpoint removes the checkpoint of an import that is complete.
func RemoveCheckpoint(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("remove checkpoint: %w", err)
	}
	return nil
}
