package jsonpath

// read reads a value and notes all its nodes, or else where its scalars are, by member. What is not an object has no members.
func (s *schema) read(value []byte, wantNodes bool) {
	s.wantNodes = wantNodes
	if at, found := nextElement(value, 0); found && value[at] == '{' {
		s.readObject(value, at, &s.top, 0)
	}
}

func (s *schema) readObject(value []byte, at int, of *schemaMember, nesting int) (end int) {
	s.object++
	object, expected := s.object, &of.first
	at, found := nextElement(value, at+1)
	for found {
		member := *expected
		if member == nil || !member.isAt(value, at) {
			member = s.memberAt(value, at, of)
			*expected = member
		}
		if member == nil || member.object == object {
			s.irregular = true
			return len(value)
		}
		member.object, expected = object, &member.next
		begin := afterName(value, at+len(member.quoted))
		if s.wantNodes {
			end = s.readNode(value, at, begin, member, nesting)
		} else {
			end = s.readValue(value, begin, member, nesting)
		}
		at, found = nextElement(value, end)
	}
	return at
}

func (s *schema) readArray(value []byte, at int, of *schemaMember, nesting int) (end int) {
	at, found := nextElement(value, at+1)
	for found {
		if s.wantNodes {
			end = s.readNode(value, at, at, of, nesting)
		} else {
			end = s.readValue(value, at, of, nesting)
		}
		at, found = nextElement(value, end)
	}
	return at
}

// readValue reads the value at an offset, notes its scalars, and gives its end.
func (s *schema) readValue(value []byte, at int, of *schemaMember, nesting int) (end int) {
	if at == len(value) {
		return at
	}
	switch kind := value[at]; {
	case kind == '"':
		s.note(of, at)
		return stringEnd(value, at)
	case kind != '{' && kind != '[':
		s.note(of, at)
		return wordEnd(value, at)
	case nesting == maxNesting:
		return containerEnd(value, at)
	case kind == '{':
		return s.readObject(value, at, of, nesting+1)
	default:
		return s.readArray(value, at, of, nesting+1)
	}
}

// note notes where a scalar of a member is.
func (s *schema) note(of *schemaMember, at int) {
	index := int32(len(s.scalars))
	if of.value == s.value {
		s.scalars[of.last].next = index
	} else {
		of.value, of.start = s.value, index
	}
	of.last = index
	s.scalars = append(s.scalars, position{at: int32(at)})
}

// readNode reads the value at an offset, notes it and the nodes inside, and gives its end.
func (s *schema) readNode(value []byte, from, at int, of *schemaMember, nesting int) (end int) {
	index := len(s.nodes)
	s.nodes = append(s.nodes, node{number: of.number, from: int32(from), at: int32(at)})
	switch {
	case nesting == maxNesting || !isContainer(value, at):
		end = skip(value, at)
	case value[at] == '{':
		end = s.readObject(value, at, of, nesting+1)
	default:
		end = s.readArray(value, at, of, nesting+1)
	}
	s.nodes[index].end, s.nodes[index].after = int32(end), int32(len(s.nodes))
	return end
}

// appendScalars appends the texts of the scalars of a member in a value that was read for them. The member may be nil.
func (s *schema) appendScalars(texts []string, value []byte, of *schemaMember) []string {
	if of == nil || of.value != s.value {
		return texts
	}
	for index := of.start; ; index = s.scalars[index].next {
		texts = append(texts, scalarAt(value, int(s.scalars[index].at)))
		if index == of.last {
			return texts
		}
	}
}
