package scalar

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// askedScalars are numbers of few and of many digits, and texts.
var askedScalars = []string{
	"0", "-0.0", "1", "1.0", "-1e3", "9007199254740993", "9007199254740992", "0.1", "0.1000000000000000055", "x", "", "null", "1 ", "1e-300", "1.1e-300",
}

// However often conditions ask, sorted values answer what they would one by one.
//
//notices:sorted-values-of-last-record
func TestSortedValuesAnswerTheSame(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 7))
	pick := func(count int) (texts []string) {
		for range count {
			texts = append(texts, askedScalars[random.IntN(len(askedScalars))])
		}
		return texts
	}
	var many Values
	holds := 0
	for range 2000 {
		many.Clear()
		texts := pick(fewValues + 1 + random.IntN(10))
		many.Add(texts)
		var set []Scalar
		for _, text := range pick(1 + random.IntN(3)) {
			set = append(set, New(text))
		}
		wanted, bound, order := NewSet(set), New(askedScalars[random.IntN(9)]), 2*random.IntN(2)-1
		isIn, isBeyond := false, false
		for _, text := range texts {
			var alone Values
			alone.Add([]string{text})
			isIn, isBeyond = isIn || alone.HasAny(&wanted), isBeyond || alone.HasNumber(order, &bound)
		}
		for range askedBeforeSorting {
			if many.HasAny(&wanted) != isIn || many.HasNumber(order, &bound) != isBeyond {
				t.Fatalf("%q: want %t for one of %v, %t for order %d to %v", texts, isIn, wanted, isBeyond, order, bound)
			}
		}
		if !many.isSorted {
			t.Fatal("all values are compared for every condition")
		}
		if isIn && isBeyond {
			holds++
		}
	}
	if holds < 300 {
		t.Errorf("both held %d times: too rarely to mean anything", holds)
	}
}

// What is kept from record to record is bounded, and has nothing of the last record.
func TestClearedValuesKeepLittle(t *testing.T) {
	var values Values
	for range maxKept {
		values.Add([]string{"1", "x"})
	}
	bound := New("7")
	for range askedBeforeSorting + 1 {
		values.HasNumber(1, &bound)
	}
	values.Clear()
	if kept := cap(values.all) + cap(values.sorted.numbers) + cap(values.sorted.texts); kept > 3*maxKept {
		t.Errorf("there is room for %d values", kept)
	}
	values.Add([]string{"8"})
	if ones := NewSet([]Scalar{New("1")}); values.HasAny(&ones) || !values.HasNumber(1, &bound) {
		t.Errorf("the last record's values are still there: %s", fmt.Sprint(values.all))
	}
}
