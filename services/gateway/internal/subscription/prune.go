package subscription

// pruner writes the parts of a value that paths lead to, in their order and as they are written. Containers on the way stay, though nothing of them may;
// other values on the way are left out.
type pruner struct {
	value   []byte
	written []byte
	members []member // of the objects that are being pruned, the outermost first
	paths   []string // what is left of the paths in each of them, likewise
	longest []int    // for each of these, the length of the longest name that fits
}

// prune appends what a set of fields keeps of a value, which must be valid JSON.
func (p *pruner) prune(value []byte, fields Fields, into []byte) []byte {
	p.value, p.written = value, into
	p.paths = fields.appendTo(p.paths[:0])
	p.members = listMembers(value, 0, p.members[:0])
	p.object(0, 0, 0)
	pruned := p.written
	p.value, p.written, p.members = nil, nil, emptied(p.members)
	return pruned
}

// object writes an object. Its members, and the paths that lead on in it, are the last ones.
func (p *pruner) object(firstMember, firstPath, nesting int) {
	p.measure(firstMember, firstPath)
	members, paths, begun := len(p.members), len(p.paths), len(p.written)
	for i := firstMember; i < members; i++ {
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
	p.longest = p.longest[:firstPath]
	for _, path := range p.paths[firstPath:] {
		longest := 0
		for i := firstMember; i < len(p.members); i++ {
			if _, fits := behind(path, p.members[i].name); fits {
				longest = max(longest, len(p.members[i].name))
			}
		}
		p.longest = append(p.longest, longest)
	}
}

// follow adds what is left, behind the name of a member, of the paths from one to before another, and tells whether one of them ends there.
func (p *pruner) follow(name []byte, from, to int) (ends bool) {
	for i := from; i < to; i++ {
		rest, fits := behind(p.paths[i], name)
		switch {
		case !fits || len(name) < p.longest[i]:
		case rest == "":
			return true
		default:
			p.paths = append(p.paths, rest)
		}
	}
	return false
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

func (p *pruner) isContainer(at int) bool { return p.value[at] == '{' || p.value[at] == '[' }

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
