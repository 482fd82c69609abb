// Package fact holds the records that scoring keeps: responses as facts, refusals, and the outcome of an invitation to which
// both lead. Facts are all that scores are computed from; texts and comments are not among them.
package fact
