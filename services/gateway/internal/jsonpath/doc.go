// Package jsonpath finds and prunes the members of JSON values by path. It decodes nothing: it finds out where members begin and end, and gives their bytes.
// It is for streams of values that have largely the same members in the same order.
//
// # Paths
//
// A path is the names of members, joined with dots. On an array, a path continues in each element; the elements of an array at its end are its values.
// Names may contain dots too: if several members of an object match a path, the one with the longest name wins, and of members with the same name the last.
// (Pruning keeps all members with the same name.) Containers nested more than 32 deep below the top are not searched.
//
// # How it works
//
// A Document holds one value at a time. It reads the value when that is first needed, once for all paths and once for all prunings. A schema,
// which lasts from value to value, has the members seen so far: instead of reading a name and looking it up, the document compares the bytes with the name
// that came at this point the last time. A Path and a PathSet are looked up in the schema only when it has grown.
//
// A schema cannot represent values with escapes or dots in their names, or with the same name twice in an object. These are irregular: each search walks
// through them. Fewer than one in a thousand results of RIPE Atlas are.
//
// Values must be valid JSON, as they are not checked again. Anything may be found in others, or missed, but every search ends, and inside the value.
//
// # Files
//
// Each file calls only those below it.
//
//	document.go   Document: one value after another; find, select, prune
//	selection.go  what sets of paths keep of a value
//	irregular.go  finds and prunes in irregular values, name by name
//	prune.go      writes what a selection keeps of a regular value
//	reader.go     reads a value along the schema: where its scalars, or all of its nodes, are
//	schema.go     the members seen so far; Path
//	pathset.go    PathSet; which texts are paths
//	scan.go       where names, strings and values end
package jsonpath
