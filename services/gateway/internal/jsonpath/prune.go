package jsonpath

// pruner writes the parts of a value that are kept, in their order and with their bytes. Containers on the way to what a path leads to stay, even if nothing
// in them is kept; other values on the way are omitted.
type pruner struct {
	value   []byte
	written []byte
	nodes   []node // of a regular value
	kept    string // then: of the members, by number
	visited int    // nodes, of all values
}

// writeNodes writes a container with what is kept of its nodes.
func (p *pruner) writeNodes(first, after int, brackets string) {
	begun := len(p.written)
	for index := first; index < after; index = int(p.nodes[index].after) {
		p.visited++
		node := &p.nodes[index]
		switch kept := p.kept[node.number]; {
		case kept == keepWhole:
			index = p.lastOfRun(index, after)
			p.write(begun, brackets[0], int(node.from), int(p.nodes[index].end))
		case kept == keepInside && isContainer(p.value, int(node.at)):
			p.write(begun, brackets[0], int(node.from), int(node.at))
			p.writeNodes(index+1, int(node.after), bracketsOf(p.value[node.at]))
		}
	}
	p.end(begun, brackets)
}

// lastOfRun gives the last of the nodes that are kept whole, one after another with nothing but a comma between them: they are copied at once.
func (p *pruner) lastOfRun(index, after int) int {
	for {
		node := &p.nodes[index]
		next := int(node.after)
		if next >= after || p.nodes[next].from != node.end+1 || p.kept[p.nodes[next].number] != keepWhole {
			return index
		}
		p.visited++
		index = next
	}
}

func bracketsOf(opening byte) string {
	if opening == '[' {
		return "[]"
	}
	return "{}"
}

// write writes a part of the value into the container that began at an offset: after its opening bracket, or a comma.
func (p *pruner) write(begun int, opening byte, from, end int) {
	if len(p.written) > begun {
		opening = ','
	}
	p.written = append(append(p.written, opening), p.value[from:end]...)
}

// end closes the container that began at an offset; with both brackets, if it has nothing in it.
func (p *pruner) end(begun int, brackets string) {
	if len(p.written) > begun {
		brackets = brackets[1:]
	}
	p.written = append(p.written, brackets...)
}
