// Package split cuts a body into the JSON values that it has, while the body is read and in bounded memory. It finds the format by the content:
//
//   - It begins with "[": a JSON array, and its elements are the values.
//   - It begins with an object that has an array under one of the names in Limits.Members: a page, as an API gives its lists. The elements of that array are
//     the values. Further pages may follow, whose elements are numbered on.
//   - Anything else: lines. Each line that is not blank is a value, and ends in LF or CRLF. An object may also be spread over several lines, as a
//     pretty-printed one is.
//
// White space and a byte order mark at the beginning are ignored. Whether a value is valid JSON is for its parser to say; the Splitter goes on after a broken
// value: at the next line, or at the next comma of an array as long as its brackets match.
//
// Each file calls only those below it:
//
//   - splitter.go: Splitter, which recognises the format
//   - between.go: what is before the first value, and what follows an array
//   - page.go, byprobe.go, array.go: the elements of the array in a page, of arrays by probe, of an array
//   - lines.go, multiline.go: a value a line, and objects over several lines
//   - nesting.go: brackets and strings, followed through text in pieces
//   - batch.go: the values of a batch, and why one was refused
//   - window.go: the part of the body that is in memory
package split
