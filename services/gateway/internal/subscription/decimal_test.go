package subscription

import (
	"math/big"
	"testing"
)

func FuzzCompareNumbers(f *testing.F) {
	for _, pair := range [][2]string{
		{"9007199254740993", "9007199254740992"}, {"4", "4.0"}, {"0.1", "0.1000000000000000055"}, {"-1e-320", "-1.1e-320"}, {"0", "1e-999"},
		{"-0.0", "0e5"}, {"1e22", "10000000000000000000000"}, {"123456789012345678e-3", "123456789012345.678"}, {"1e-5000000000", "-1e-999"},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(func(t *testing.T, some, other string) {
		a, b := newLeaf([]byte(some)), newLeaf([]byte(other))
		if !a.numeric || !b.numeric || isTooLong(a.text) || isTooLong(b.text) {
			return
		}
		want, possible := compareExactly(some, other)
		if !possible {
			return
		}
		if got := a.compare(&b); got < 0 != (want < 0) || got > 0 != (want > 0) {
			t.Errorf("%s and %s: got %d, want %d", some, other, got, want)
		}
		alternatives := newAlternatives([]leaf{a})
		if got := alternatives.has(&b); got != (want == 0) {
			t.Errorf("%s and %s: equal is %t", some, other, got)
		}
	})
}

// compareExactly asks math/big, unless the numbers would take it too much memory.
func compareExactly(some, other string) (order int, possible bool) {
	var numbers [2]*big.Rat
	for i, text := range []string{some, other} {
		if _, before := magnitude(normalise([]byte(text))); before < -2000 || before > 2000 {
			return 0, false
		}
		number, is := new(big.Rat).SetString(text)
		if !is {
			return 0, false
		}
		numbers[i] = number
	}
	return numbers[0].Cmp(numbers[1]), true
}
