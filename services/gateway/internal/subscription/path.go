package subscription

import "bytes"

// A path names members by their names joined with dots. On an array it goes on in every element. Where several members of an object fit, because names
// have dots too, the longest name wins, and of members of the same name the last.

// maxNesting is how deep containers may lie in one another below the top; what lies deeper is not looked into.
const maxNesting = 32

// behind gives what is left of a path behind a member's name, nothing if the path ends with it.
func behind(path string, name []byte) (rest string, fits bool) {
	length := len(name)
	if length == 0 || length > len(path) || path[0] != name[0] || path[:length] != string(name) {
		return "", false
	}
	if length == len(path) {
		return "", true
	}
	return path[length+1:], path[length] == '.'
}

// finder collects what a path leads to.
type finder struct {
	value []byte
	found []leaf
}

// find collects what the rest of a path leads to in the value that begins at a place, and gives where that ends.
func (f *finder) find(at int, rest string, nesting int) (end int) {
	if at == len(f.value) {
		return at
	}
	kind := f.value[at]
	switch {
	case kind == '[' && nesting < maxNesting:
		return f.findElements(at, rest, nesting+1)
	case kind == '{' && rest != "" && nesting < maxNesting:
		return f.findMember(at, rest, nesting+1)
	case kind != '{' && kind != '[' && rest == "":
		return f.takeLeaf(at)
	default:
		return skip(f.value, at)
	}
}

func (f *finder) findElements(at int, rest string, nesting int) (end int) {
	at, found := nextElement(f.value, at+1)
	for found {
		at, found = nextElement(f.value, f.find(at, rest, nesting))
	}
	return at
}

// findMember collects what a path leads to in an object.
func (f *finder) findMember(at int, path string, nesting int) (end int) {
	before, longest := len(f.found), 0
	from, found := nextElement(f.value, at+1)
	for found {
		name, begin := readName(f.value, from)
		if rest, fits := behind(path, name); fits && len(name) >= longest {
			longest = len(name)
			f.found = f.found[:before]
			end = f.find(begin, rest, nesting)
		} else {
			end = skip(f.value, begin)
		}
		from, found = nextElement(f.value, end)
	}
	return from
}

func (f *finder) takeLeaf(at int) (end int) {
	if f.value[at] != '"' {
		end = wordEnd(f.value, at)
		f.take(f.value[at:end])
		return end
	}
	last, escaped := textEnd(f.value, at+1)
	end = min(last+1, len(f.value))
	text := f.value[at+1 : last]
	if escaped {
		text = unescape(f.value[at:end])
	}
	f.take(text)
	return end
}

// take adds a text. Where lists repeat a text, it is read once.
func (f *finder) take(text []byte) {
	if last := len(f.found) - 1; last >= 0 && bytes.Equal(f.found[last].text, text) {
		f.found = append(f.found, f.found[last])
		return
	}
	f.found = append(f.found, newLeaf(text))
}

// findAmong collects what a path leads to in an object whose members are known.
func (f *finder) findAmong(members []member, path string) {
	at, rest, longest := 0, "", 0
	for i := range members {
		if left, fits := behind(path, members[i].name); fits && len(members[i].name) >= longest {
			at, rest, longest = members[i].value, left, len(members[i].name)
		}
	}
	if longest > 0 {
		f.find(at, rest, 0)
	}
}

// takeAll collects the values of a shape, if there is one.
func (f *finder) takeAll(of *shape, shapes *shapes) {
	if of == nil || of.record != shapes.record {
		return
	}
	for number := of.start; ; number = shapes.spots[number].next {
		f.takeLeaf(int(shapes.spots[number].at))
		if number == of.last {
			return
		}
	}
}
