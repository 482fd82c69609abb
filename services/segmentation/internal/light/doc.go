// Package light judges companies, contacts, locations and staff by what customers answered: a colour, how sure it is, and where it goes.
//
// What a light rests on are sums of integers. An answer is added to them when it comes and subtracted when it is removed, erased, moves to another contact or
// leaves the time that the policy looks at; after each of these they are what a recount of the answers that remain would give, to the last bit.
package light
