// Package column keeps one row for each response, and for each refusal that counts, with all that it can be cut by, so that any slice
// can be counted that a cube does not hold.
//
// Rows travel as changes, added or taken away, and are packed for keeping; packed changes add up as the chunks of package cell do.
// A Table holds the rows of one survey in memory and answers queries.
package column
