// Mutations breaks the code on purpose, in one small way after the other, and demands that a test notices each: `make mutate`.
//
// A mutation is a file NAME.txt of this folder. Its first line says what it breaks; after an empty line come a pattern of Go's syntax, in lines that
// begin with "- ", and what stands in its place, in lines that begin with "+ " (none where it is left out):
//
//	The end of the backlog is said one record too late.
//
//	- $type{$offset, $*rest}
//	+ $type{$offset + 1, $*rest}
//
// $x stands for any expression or statement, and $*x for any number of them. A pattern has no names of the code, so that it survives a renaming; in the
// code a comment says where to look for it, and moves with the code:
//
//	//mutate:backlog-sent-late
//	reader.at(turn{next, one, (*reader).endBacklog})
//
// What is changed is the first match in the outermost declaration, statement, clause or expression that begins behind the comment. Another comment names
// a mutation above the function of a test that must notice it, and, if need be, which of its subtests:
//
//	//notices:backlog-sent-late
//	func TestBacklog(t *testing.T) {
//
// Nothing is written into the tree: the go command is given the changed file as an overlay. TestEveryMutationApplies, which make check runs, holds the
// comments and the files against each other, so that a change of the code that makes a mutation meaningless is seen at once.
package main
