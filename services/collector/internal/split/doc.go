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
//   - splitter.go: Splitter, which recognises the format and collects a batch
//   - window.go: the part of the body that is in memory
//   - lines.go, multiline.go: a value a line, and objects over several lines
//   - array.go, page.go, byprobe.go: the elements of an array, of the array in a page, of arrays by probe
//   - between.go: what follows an array
//   - nesting.go: brackets and strings, followed through text in pieces
package split
