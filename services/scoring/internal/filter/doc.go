// Package filter reads filter texts of the form of AIP-160, such as `location = "north" AND answers.nps <= 6`, checks them against what can be asked
// of a survey, and makes predicates of them.
//
// The grammar is read here rather than by a library: names and values hold hyphens and begin with digits, which AIP-160's free text allows and
// the lexers at hand do not; a star that is escaped must be told from a wildcard; numbers must stay decimal; and what was wrong is told with its place.
//
// What texts mean beyond AIP-160:
//   - Keys are texts, compared byte by byte with =, != and : (which is the same as =). A star at the beginning or the end of a value stands for anything;
//     `\*` is a star. `key:*` selects what states the key, `key = ""` what does not. != is the opposite of =, so that it holds for what does not state the key.
//   - Of a key with many values (theme) any may be the one: `theme = "delivery"` holds for what has that theme among others.
//   - revision, and the answers to scored questions, are numbers, compared with =, !=, <, <=, >, >= and :. Answers to choices are options. Every comparison of
//     an answer, != included, holds only for what answered the question: `answers.nps:*` selects that, `answers.nps = ""` and NOT the rest.
//   - Words side by side are joined by AND. OR binds closer than AND, NOT and - closest.
package filter
