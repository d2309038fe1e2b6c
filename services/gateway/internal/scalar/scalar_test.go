package scalar

import (
	"math"
	"math/rand/v2"
	"regexp"
	"strconv"
	"testing"
)

var decimal = regexp.MustCompile(`^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

func checkNumber(t *testing.T, text string) {
	want, err := strconv.ParseFloat(text, 64)
	wanted := err == nil && decimal.MatchString(text)
	scalar := New(text)
	got, ok := scalar.number, scalar.isNumber
	if ok != wanted || ok && (got != want || math.Signbit(got) && got == 0) {
		t.Errorf("%q: got %v, %t, want %v, %t", text, got, ok, want, wanted)
	}
}

func TestNumbersAreReadToTheLastBit(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	for _, text := range []string{"", "-", "0", "-0", "-0.0", "007", ".5", "5.", "1e5", "1E+5", "1e", "1e+", "1.5e-3", "193.0.0.1", "0x10", "1_0", "inf", "NaN", "1e999",
		"9007199254740993", "999999999999999", "0.000000000000001", "00000000000000000000001", "+1", " 1", "1 "} {
		checkNumber(t, text)
	}
	for range 200_000 {
		checkNumber(t, strconv.FormatFloat(random.NormFloat64()*math.Pow10(random.IntN(12)), 'f', random.IntN(12), 64))
	}
}

func FuzzNumber(f *testing.F) {
	f.Add("-12.5e3")
	f.Fuzz(checkNumber)
}
