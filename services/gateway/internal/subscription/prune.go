package subscription

import "sort"

// pruner writes the parts of a value that are wanted, in their order and as they are written. Containers on the way stay, though nothing of them may; other
// values on the way are left out.
type pruner struct {
	value   []byte
	written []byte

	parts   []part
	kept    []keeping // of their shapes
	visited int       // parts and members, of all values

	// Where shapes cannot tell:
	members []member // of the objects that are being pruned, the outermost first
	paths   []string // what is left of the paths in each of them, likewise, and sorted in each
	longest []int    // for each of these, the length of the longest name that fits
}

// prune appends what a projection keeps of a view's value, which must be valid JSON.
func (p *pruner) prune(view *view, wanted *projection, into []byte) []byte {
	p.value, p.written = view.bytes(), into
	if view.shapes.odd {
		p.byPaths(wanted.fields)
	} else {
		p.parts, p.kept = view.outline.parts, wanted.kept
		p.selectParts(0, len(p.parts), "{}")
	}
	pruned := p.written
	p.value, p.written, p.parts, p.kept = nil, nil, nil, nil
	return pruned
}

// selectParts writes a container with what is selected of its parts.
func (p *pruner) selectParts(first, behind int, brackets string) {
	begun := len(p.written)
	for number := first; number < behind; number = int(p.parts[number].behind) {
		p.visited++
		part := &p.parts[number]
		switch kept := p.kept[part.number]; {
		case kept == whole:
			number = p.lastOfRun(number, behind)
			p.separate(begun, brackets[0])
			p.written = append(p.written, p.value[part.from:p.parts[number].end]...)
		case kept == members && p.isContainer(int(part.at)):
			p.separate(begun, brackets[0])
			p.written = append(p.written, p.value[part.from:part.at]...)
			p.selectParts(number+1, int(part.behind), bracketsOf(p.value[part.at]))
		}
	}
	p.end(begun, brackets)
}

// lastOfRun gives the last of those parts that stay whole, one after another with nothing but a comma between them, from one on that does. They are written
// at once, as their bytes stand in the value.
func (p *pruner) lastOfRun(number, behind int) int {
	for {
		part := &p.parts[number]
		next := int(part.behind)
		if next >= behind || p.parts[next].from != part.end+1 || p.kept[p.parts[next].number] != whole {
			return number
		}
		p.visited++
		number = next
	}
}

func bracketsOf(opening byte) string {
	if opening == '[' {
		return "[]"
	}
	return "{}"
}

// byPaths writes what a set of fields keeps.
func (p *pruner) byPaths(fields Fields) {
	p.paths = fields.appendTo(p.paths[:0])
	p.members = listMembers(p.value, 0, p.members[:0])
	p.object(0, 0, 0)
	p.members = emptied(p.members)
}

// object writes an object. Its members, and the paths that lead on in it, are the last ones.
func (p *pruner) object(firstMember, firstPath, nesting int) {
	p.measure(firstMember, firstPath)
	members, paths, begun := len(p.members), len(p.paths), len(p.written)
	for i := firstMember; i < members; i++ {
		p.visited++
		member := p.members[i]
		whole := p.follow(member.name, firstPath, paths)
		if whole || len(p.paths) > paths && p.isContainer(member.value) {
			p.separate(begun, '{')
			p.member(member, whole, paths, nesting)
		}
		p.paths = p.paths[:paths]
	}
	p.end(begun, "{}")
}

// measure finds for each path the longest name that fits.
func (p *pruner) measure(firstMember, firstPath int) {
	p.longest = append(p.longest[:firstPath], make([]int, len(p.paths)-firstPath)...)
	for _, member := range p.members[firstMember:] {
		fit := fitting(p.paths[firstPath:], member.name)
		for i := fit.first; i < fit.behind; i++ {
			p.longest[firstPath+i] = max(p.longest[firstPath+i], len(member.name))
		}
		if fit.ends {
			p.longest[firstPath+fit.at] = len(member.name) // no other one that fits is as long
		}
	}
}

// follow adds what is left, behind the name of a member, of the paths from one to before another, and tells whether one of them ends there.
func (p *pruner) follow(name []byte, from, to int) (ends bool) {
	fit := fitting(p.paths[from:to], name)
	if fit.ends {
		return true
	}
	for i := from + fit.first; i < from+fit.behind; i++ {
		if len(name) == p.longest[i] {
			p.paths = append(p.paths, p.paths[i][len(name)+len("."):])
		}
	}
	return false
}

// fit says which of some paths a name fits.
type fit struct {
	ends          bool
	at            int // then: the one that it is
	first, behind int // those that go on behind it
}

// fitting finds out which of some paths, which are sorted, a name fits.
func fitting(sorted []string, name []byte) (found fit) {
	if len(name) == 0 {
		return found
	}
	found.at = sort.Search(len(sorted), func(i int) bool { return sorted[i] >= string(name) })
	found.ends = found.at < len(sorted) && sorted[found.at] == string(name)
	rest := sorted[found.at:]
	found.first = found.at + sort.Search(len(rest), func(i int) bool { return comparePrefix(rest[i], name) >= 0 })
	found.behind = found.at + sort.Search(len(rest), func(i int) bool { return comparePrefix(rest[i], name) > 0 })
	return found
}

// comparePrefix compares the beginning of a text with a name and a dot behind it.
func comparePrefix(text string, name []byte) int {
	begins := text[:min(len(text), len(name))]
	switch {
	case begins < string(name):
		return -1
	case begins > string(name):
		return 1
	case len(text) == len(name):
		return -1
	default:
		return int(text[len(name)]) - '.'
	}
}

func (p *pruner) member(member member, whole bool, firstPath, nesting int) {
	if whole {
		p.written = append(p.written, p.value[member.from:member.end]...)
		return
	}
	p.written = append(p.written, p.value[member.from:member.value]...)
	p.container(member.value, firstPath, nesting)
}

func (p *pruner) container(at, firstPath, nesting int) {
	if p.value[at] == '[' {
		p.array(at, firstPath, nesting)
		return
	}
	members := len(p.members)
	if nesting < maxNesting {
		p.members = listMembers(p.value, at, p.members)
	}
	p.object(members, firstPath, nesting+1)
	p.members = p.members[:members]
}

func (p *pruner) array(at, firstPath, nesting int) {
	begun := len(p.written)
	at, found := nextElement(p.value, at+1)
	for found && nesting < maxNesting {
		if p.isContainer(at) {
			p.separate(begun, '[')
			p.container(at, firstPath, nesting+1)
		}
		at, found = nextElement(p.value, skip(p.value, at))
	}
	p.end(begun, "[]")
}

func (p *pruner) isContainer(at int) bool {
	return at < len(p.value) && (p.value[at] == '{' || p.value[at] == '[')
}

// separate opens a container that was begun at a place, or puts a comma before the next of its parts.
func (p *pruner) separate(begun int, opening byte) {
	if len(p.written) > begun {
		opening = ','
	}
	p.written = append(p.written, opening)
}

// end closes a container that was begun at a place, and writes both brackets if it has no parts.
func (p *pruner) end(begun int, brackets string) {
	if len(p.written) > begun {
		brackets = brackets[1:]
	}
	p.written = append(p.written, brackets...)
}

// listMembers appends the members of the object that begins at a place; other values have none.
func listMembers(value []byte, at int, into []member) []member {
	at, found := nextElement(value, at)
	if !found || value[at] != '{' {
		return into
	}
	from, found := nextElement(value, at+1)
	for found {
		name, begin := readName(value, from)
		end := skip(value, begin)
		into = append(into, member{name, from, begin, end})
		from, found = nextElement(value, end)
	}
	return into
}
