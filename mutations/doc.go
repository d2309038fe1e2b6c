// Mutations breaks the code on purpose, one small change at a time, and demands that a test notices each: `make mutate`.
//
// A mutation is a file NAME.txt of this folder. Its first line says what it breaks; after an empty line come a pattern of Go's syntax, in lines that
// begin with "- ", and its replacement, in lines that begin with "+ " (none to delete it):
//
//	The end of the backlog is said one record too late.
//
//	- $type{$offset, $*rest}
//	+ $type{$offset + 1, $*rest}
//
// $x stands for any expression or statement, and $*x for any number of them. A pattern uses no names of the code, so it survives renames; a comment
// in the code says where to apply it, and moves with the code:
//
//	//mutate:backlog-sent-late
//	reader.at(turn{next, one, (*reader).endBacklog})
//
// The first match in the outermost declaration, statement, clause or expression that begins after the comment is replaced. Another comment, above a test,
// names the mutations that the test must notice, and optionally which of its subtests:
//
//	//notices:backlog-sent-late
//	func TestBacklog(t *testing.T) {
//
// Nothing is written into the tree: the go command gets the changed file as an overlay. TestEveryMutationApplies, which make check runs, compares the
// comments with the files, so a change of the code that makes a mutation meaningless fails at once.
package main
