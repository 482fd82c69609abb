// Package metric holds the definitions of the metrics as data, and computes them from histograms and counts of refusals.
//
// Every number carries what it takes to judge it: the definition and its version, n, the standard error, an interval and the counts
// behind it. A metric without data has no estimate; it is never 0 for want of answers. Nothing here knows of surveys, periods or
// storage.
package metric
