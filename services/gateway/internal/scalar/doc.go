// Package scalar compares values without members, as JSON has them: numbers, texts, true, false and null. It is pure.
//
// Two scalars are equal if their texts are: of a string what is between its quotes, of any other value how JSON writes it. If both texts are decimal numbers,
// they are equal if the numbers are, to the last digit. Numbers of more than MaxLength bytes count as the float64 nearest to them.
//
// # Files
//
// Each file calls only those below it.
//
//	values.go   Values: those of one member of a record, which are sorted once many conditions ask about them
//	set.go      Set: scalars, one of which a value may be equal to
//	scalar.go   Scalar: a text, and whether it is a number
//	decimal.go  numbers with more digits than a float64 can tell apart
package scalar
