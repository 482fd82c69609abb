// Package question holds what scoring must know of a question: its kind, its scale, and the fixed-point form of scores.
//
// A score is kept in hundredths (Centi) as an integer, so that counting and adding are exact and independent of order.
package question
