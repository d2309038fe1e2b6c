package subscription

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
	value   []byte
	found   []leaf
	members []member // of the value itself, if the finder has begun with it
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

// findMember collects what a path leads to in an object. Of the outermost object it notes the members in passing.
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
		if nesting == 0 {
			f.members = append(f.members, member{name, from, begin, end})
		}
		from, found = nextElement(f.value, end)
	}
	return from
}

func (f *finder) takeLeaf(at int) (end int) {
	if f.value[at] != '"' {
		end = wordEnd(f.value, at)
		f.found = append(f.found, newLeaf(f.value[at:end]))
		return end
	}
	last, escaped := textEnd(f.value, at+1)
	end = min(last+1, len(f.value))
	text := f.value[at+1 : last]
	if escaped {
		text = unescape(f.value[at:end])
	}
	f.found = append(f.found, newLeaf(text))
	return end
}
