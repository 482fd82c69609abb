// Package corpus holds the comments of our own making that models are trained from.
//
// language.tsv is text⇥label, the labels those of package language; the others are text⇥sentiment⇥aspects⇥variety.
package corpus

import "embed"

// Files are the comments.
//
//go:embed *.tsv
var Files embed.FS
