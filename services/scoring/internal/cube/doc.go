// Package cube holds the aggregates of one organisation in memory: for every question, every value of every context key and
// every quarter of an hour, how often each score was given; and likewise responses, refusals and pooled answers.
// Scores over any period come from adding up histograms, so they are exact and do not depend on the order in which answers
// arrived.
//
// A cube is made of cells. A cell is what one series counts in one quarter of an hour; it has a comparable Key and a
// histogram as its value, and both are what a store keeps. A Delta says by how much a batch of facts changes cells.
//
// Within a series, time is a tree of three levels: quarters of an hour in days, days in blocks of 32 days, with totals at
// each level. A query adds up whole blocks and days where it can, so that its cost follows the number of days at its
// edges and not the number of answers.
package cube
