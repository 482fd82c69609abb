// Package composite computes scores that are made of others: indices over weighted attributes (CSI, Rosenberg's model), models of service
// quality (SERVQUAL, SERVPERF, RSQS and own ones), and formulas over other metrics.
//
// A Spec says how a score is made and is plain data. What it is made from comes as Sample values, one for each random group of
// respondents: the standard error is that of the delete-a-group jackknife, which holds whatever the formula, counts the answers of one
// person as one observation, and sees how importance and satisfaction go together.
package composite
