package outage

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

// exactSurprise adds the terms up with many digits: e to the power of less than the expectation, times the sum of the powers from the count on.
func exactSurprise(count int, expected float64) float64 {
	number := func(x float64) *big.Float { return new(big.Float).SetPrec(2000).SetFloat64(x) }
	mean, term, sum, whole := number(expected), number(1), number(0), number(0)
	for k := range 4000 {
		if k > 0 {
			term.Mul(term, mean).Quo(term, number(float64(k)))
		}
		whole.Add(whole, term)
		if k >= count {
			sum.Add(sum, term)
		}
	}
	sum.Quo(sum, whole)
	mantissa := new(big.Float)
	exponent := sum.MantExp(mantissa)
	fraction, _ := mantissa.Float64()
	return -(math.Log2(fraction) + float64(exponent)) * math.Log10(2)
}

func TestSurprise(t *testing.T) {
	for _, test := range []struct {
		count    int
		expected float64
	}{{1, 0.1}, {4, 1e-4}, {5, 0.02}, {5, 4.9}, {20, 3}, {43, 13}, {300, 100}, {300, 299}, {900, 200}} {
		got, want := surprise(test.count, test.expected), exactSurprise(test.count, test.expected)
		if math.Abs(got-want) > 1e-6*want {
			t.Errorf("%d where %v are expected: got %v, want %v", test.count, test.expected, got, want)
		}
	}
	if got := surprise(3, 5); got != 0 {
		t.Errorf("less than is expected: got %v, want 0", got)
	}
	if got := surprise(10_000, 1e-6); math.IsInf(got, 0) || got < 10_000 {
		t.Errorf("a great burst: got %v", got)
	}
}

// The gain bounds the surprise from both sides, so most sums need not be made.
func TestGainBoundsSurprise(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 100_000 {
		count := 1 + random.IntN(400)
		expected := float64(count) * math.Exp(-12*random.Float64())
		gain, surprise := gain(count, expected), surprise(count, expected)
		if low, high := gain/math.Ln10, mostSurprise(count, gain); surprise < low-1e-9 || surprise > high+1e-9 {
			t.Fatalf("%d where %v are expected: got %v, want %v to %v", count, expected, surprise, low, high)
		}
	}
}

func TestRareIsWhereAnAlarmBegins(t *testing.T) {
	for count := 1; count < len(rare); count++ {
		if low, high := surprise(count, rare[count]), surprise(count, rare[count]*1.0001); low < alarmSurprise || high > alarmSurprise {
			t.Errorf("%d: the surprise is %v below the limit and %v above it, want %v in between", count, low, high, alarmSurprise)
		}
	}
}
