// Package release decides which answers may enter scores where a score of few answers would tell who said what: answers that come from employees, and
// answers that rate one.
//
// Answers are released in blocks: the least number of answers to one question that fall into one calendar month and one group, all at once or not at
// all. A block is formed once and never changes; when one of its answers is removed, it is withdrawn as a whole, and the others of it are never
// released again. So whatever is asked, and asked again later, is a sum over whole blocks, and so is every difference of two answers.
//
// Where the sum over all groups is known besides, as that of all answers which rate anybody is, enough is held back: what is not released of a month
// is always of two groups or more and of the least number of answers or more.
package release
