package scalar

import (
	"math"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"
)

func FuzzCompareNumbers(f *testing.F) {
	for _, pair := range [][2]string{
		{"9007199254740993", "9007199254740992"}, {"4", "4.0"}, {"0.1", "0.1000000000000000055"}, {"-1e-320", "-1.1e-320"}, {"0", "1e-999"},
		{"-0.0", "0e5"}, {"1e22", "10000000000000000000000"}, {"123456789012345678e-3", "123456789012345.678"}, {"1e-5000000000", "-1e-999"},
	} {
		f.Add(pair[0], pair[1])
	}
	f.Fuzz(checkComparison)
}

// Numbers with about as many digits as a float64 can tell apart, many of which differ in the last digit only, compare as in math/big.
func TestNumbersCompareExactly(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 15))
	for range 20_000 {
		digits := 12 + random.IntN(6)
		some := strconv.FormatInt(random.Int64N(int64(math.Pow10(digits))), 10)
		other := some[:len(some)-1] + strconv.Itoa(random.IntN(10))
		point := random.IntN(len(some))
		for _, pair := range [][2]string{{some, other}, {some[:point+1] + "." + some[point:], other[:point+1] + "." + other[point:]}, {some, "-" + other}} {
			checkComparison(t, pair[0], pair[1])
		}
	}
}

func checkComparison(t *testing.T, some, other string) {
	a, b := New(some), New(other)
	if !a.isNumber || !b.isNumber || len(some) > MaxLength || len(other) > MaxLength {
		return
	}
	want, possible := compareExactly(some, other)
	if !possible {
		return
	}
	if got := a.compare(&b); got != want {
		t.Errorf("%s and %s: got %d, want %d", some, other, got, want)
	}
	set := NewSet([]Scalar{a})
	if got := set.has(&b); got != (want == 0) {
		t.Errorf("%s and %s: equal is %t", some, other, got)
	}
}

// compareExactly compares with math/big, unless that would take too much memory.
func compareExactly(some, other string) (order int, possible bool) {
	var numbers [2]*big.Rat
	for i, text := range []string{some, other} {
		if _, before := magnitude(normalise(text)); before < -2000 || before > 2000 {
			return 0, false
		}
		number, ok := new(big.Rat).SetString(text)
		if !ok {
			return 0, false
		}
		numbers[i] = number
	}
	return numbers[0].Cmp(numbers[1]), true
}
