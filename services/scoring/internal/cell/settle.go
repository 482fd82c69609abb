package cell

import "fmt"

// settledRows is how many bytes of rows a chunk has when they are not merged any more. Cells add up when chunks are merged, rows only become
// more: writing them again level after level would cost ever more. Merging up to eight chunks with fewer writes 4 MB at most.
const settledRows = 512 << 10

// Settle splits the rows off a merged chunk when they are not to be merged any more. Either part is nil when it holds nothing.
func Settle(chunk []byte) (rest, settled []byte, err error) {
	if len(chunk) < settledRows {
		return chunk, nil, nil
	}
	cells, rows, err := disassemble(chunk)
	if err != nil {
		return nil, nil, fmt.Errorf("settle rows: %w", err)
	}
	if len(rows) < settledRows {
		return chunk, nil, nil
	}
	return assemble(cells, nil), assemble(nil, rows), nil
}
