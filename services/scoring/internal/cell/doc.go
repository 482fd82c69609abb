// Package cell packs the cells of a cube, and the rows of tables beside them, for keeping. What one batch of facts changes in one survey
// within a span of eight days is one chunk: a compact, sorted list of signed changes. Chunks add up: the cells and rows of a survey are the sum
// of its chunks, so that a batch is stored by adding a small chunk rather than by rewriting a row for each of hundreds of cells, and chunks
// are merged later, few at a time.
package cell
