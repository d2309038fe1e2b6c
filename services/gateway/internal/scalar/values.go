package scalar

// Values are the values of one member of a record, about which many conditions may ask. The zero value has none. It is not safe for concurrent use.
type Values struct {
	all      []Scalar
	asked    int
	sorted   sortedValues
	isSorted bool
}

const (
	// fewValues are compared one by one for each condition.
	fewValues = 8
	// askedBeforeSorting is how many conditions have all values compared before these are sorted for further ones.
	askedBeforeSorting = 8
)

// Add adds the values of texts, one that arrays repeat without parsing it again. The texts must not change until Clear.
func (v *Values) Add(texts []string) {
	before := ""
	for i, text := range texts {
		if i > 0 && text == before {
			v.all = append(v.all, v.all[len(v.all)-1])
		} else {
			v.all = append(v.all, New(text))
		}
		before = text
	}
}

// Clear removes all values.
func (v *Values) Clear() {
	v.all, v.asked = emptied(v.all), 0
	if v.isSorted {
		//mutate:sorted-values-of-last-record
		v.isSorted = false
		v.sorted.clear()
	}
}

// HasAny tells whether one of the values is in a set.
func (v *Values) HasAny(of *Set) bool {
	if len(v.all) > fewValues && v.sortForMany() {
		return meet(of.numbers, v.sorted.numbers) || meet(of.texts, v.sorted.texts)
	}
	for i := range v.all {
		if of.has(&v.all[i]) {
			return true
		}
	}
	return false
}

// HasNumber tells whether one of the values is a number that has an order to a bound: -1 for less, 1 for greater.
func (v *Values) HasNumber(order int, bound *Scalar) bool {
	if len(v.all) > fewValues && v.sortForMany() {
		farthest := &v.sorted.greatest
		if order < 0 {
			farthest = &v.sorted.least
		}
		return farthest.isNumber && farthest.compare(bound) == order
	}
	for i := range v.all {
		if v.all[i].isNumber && v.all[i].compare(bound) == order {
			return true
		}
	}
	return false
}

// sortForMany has the values sorted, and returns true, if that is faster for one more condition than to compare all of them.
func (v *Values) sortForMany() bool {
	v.asked++
	if v.asked <= askedBeforeSorting {
		return false
	}
	if !v.isSorted {
		v.isSorted = true
		v.sorted.sort(v.all)
	}
	return true
}

type sortedValues struct {
	numbers         []float64
	texts           []string // with the numbers that are not exact
	least, greatest Scalar   // of all numbers, if there are any
}

func (s *sortedValues) sort(scalars []Scalar) {
	for i := range scalars {
		s.extend(&scalars[i])
	}
	s.numbers, s.texts = appendSorted(s.numbers, s.texts, scalars)
}

// extend extends the range from the least to the greatest number to another one.
func (s *sortedValues) extend(value *Scalar) {
	if !value.isNumber {
		return
	}
	if !s.least.isNumber || value.compare(&s.least) < 0 {
		s.least = *value
	}
	if !s.greatest.isNumber || value.compare(&s.greatest) > 0 {
		s.greatest = *value
	}
}

func (s *sortedValues) clear() {
	s.least, s.greatest = Scalar{}, Scalar{}
	s.numbers, s.texts = emptied(s.numbers), emptied(s.texts)
}

// maxKept is for how many values there is memory from record to record.
const maxKept = 1024

// emptied lets go of a record, and of memory that few records need.
func emptied[E any](list []E) []E {
	clear(list)
	if cap(list) > maxKept {
		return nil
	}
	return list[:0]
}
