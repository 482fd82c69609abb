// Package query works out which scores a request asks for, adds up what they are computed from, and computes them.
//
// What is counted comes from one of two places. A cube answers in a time that does not depend on the number of responses, whatever is counted under one value
// of one key; everything else (several keys, filters, weights, a past moment, options, random groups of respondents) is counted from the survey's table. Both
// give equal numbers; a test asks both. Answers that are protected come from cubes of what is released, and from nothing else.
package query
