// Package split cuts a body into the JSON values that it holds, while the body is read and in bounded memory. It tells by its content what a body is:
//
//   - It begins with "[": a JSON array, and its elements are the values.
//   - It begins with an object that has an array under one of the names in Limits.Members: a page, as an API gives its lists. The elements of that array are
//     the values. Further pages may follow, whose elements are numbered on.
//   - Anything else: lines. Each line is a value, blank ones left out, and ends in LF or CRLF. An object may also be spread over several lines, as a
//     pretty-printed one is.
//
// White space and a byte order mark at the beginning count for nothing. Whether a value is JSON is for its reader to say; the cut takes place where a
// person would put it, and goes on after a broken value: at the next line, or at the next comma of an array as long as its brackets match.
package split
