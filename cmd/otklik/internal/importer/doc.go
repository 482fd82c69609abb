// Package importer loads answers from CSV files through the public API, as a mapping file says: which column answers which question, which
// codes mean that there is no answer, how the time and the identifier of a response are made, and what its circumstances were. It reads the
// file as a stream, keeps several batches in flight, goes on where it stopped, and reports each refused row with its line and reason.
package importer
