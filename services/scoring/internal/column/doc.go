// Package column keeps one row for each response, and for each refusal that counts, with all that it can be cut by, so that any slice
// can be counted that a cube does not hold.
//
// Rows travel as changes, added or taken away, and are packed for keeping; packed changes add up as the chunks of package cell do.
// A Table holds the rows of one survey in memory and answers queries.
//
// # How rows are held
//
// Every key and every question is a column of codes of a dictionary, one for the survey: a set of values, or an answer with its scale, is one
// entry. Rows lie in blocks of up to 65,536, in the order in which they came, which is by and large that of time. A block has its columns in one, two or
// four bytes a row, by the greatest code, and none where no row has a value. A row that is taken away is marked, and its block written anew
// when a quarter of it is gone. With five answers and twelve keys, a response with its identifier, respondent and times takes 42 bytes. Values that no row
// has any more stay in the dictionaries, as numbers without rows, until the table is loaded the next time.
//
// Readers see a state that never changes: a writer appends behind the end of what they see, copies what it marks, and then puts another state in the
// place of the one before. So a long query keeps no writer waiting, and no writer a query; a lock for readers and writers would have had each
// batch wait for the longest query, and all other queries wait for the batch.
//
// # How rows are counted
//
// Predicates are evaluated once for each entry of a dictionary, which makes a table of the codes that pass. Filters are applied the most selective first:
// how many rows of a block have each code is known. The first one is read from end to end, the next at the positions that are left; as
// long as more than 0.4 of the rows are left, up to three columns are read together. Measured (BenchmarkSelect, 2.3 GHz): 0.43 ns a
// row for the first column, 0.26 ns for each one read along, 0.68 ns for each position of a next one. Bitmaps of each value were the alternative:
// quicker still, but keys with thousands of values would take thousands of bits a row, and those of all keys together more than the rows themselves.
//
// What is left is counted into arrays, or into maps where groups and values are many. Blocks that lie in the order of time are cut into steps
// by binary search. Blocks are counted by as many goroutines as there are processors.
//
// Queries that filter nothing and group by one key at most add up counts kept of blocks, and of 16 blocks that lie side by side, from when they are first
// asked for. They take up to four bytes a row and are forgotten all at once when they would take more.
//
// With ten million rows of a year, processor time of both cores together (OTKLIK_BENCH_ROWS=10000000 go test -bench Table): total 0.2 ms, one key of 240
// values 0.6 ms, of 2,000 values 4 ms, three filters by week 10 ms, three wide filters by week 35 ms; 3 to 5 s to load.
package column
