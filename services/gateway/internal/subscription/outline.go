package subscription

// outline has the parts of a record's value, by their shapes: read once, it serves all that the record is pruned to.
type outline struct {
	parts  []part // in their order, those in a container behind it
	shapes *shapes
}

// part is a member of an object or an element of a list.
type part struct {
	number        int32 // of its shape
	from, at, end int32 // where the member's name begins, and where its value does and ends
	behind        int32 // the first part that is not in it
}

// maxPartsKept is for how many parts there is room from record to record.
const maxPartsKept = 4096

func (o *outline) reset() {
	if o.parts = o.parts[:0]; cap(o.parts) > maxPartsKept {
		o.parts = nil
	}
}

// read reads a record's value. Where shapes cannot tell, which they know then, the parts are of no use.
func (o *outline) read(value []byte, shapes *shapes) {
	o.shapes = shapes
	if at, found := nextElement(value, 0); found && value[at] == '{' {
		o.readObject(value, at, &shapes.top, 0)
	}
}

func (o *outline) readObject(value []byte, at int, of *shape, nesting int) (end int) {
	o.shapes.object++
	object, expected := o.shapes.object, &of.first
	at, found := nextElement(value, at+1)
	for found {
		member := *expected
		if member == nil || !member.isAt(value, at) {
			member = o.shapes.memberAt(value, at, of)
			*expected = member
		}
		if member == nil || member.object == object {
			o.shapes.odd = true
			return len(value)
		}
		member.object, expected = object, &member.follower
		begin := behindName(value, at+len(member.quoted))
		at, found = nextElement(value, o.readPart(value, at, begin, member, nesting))
	}
	return at
}

func (o *outline) readArray(value []byte, at int, of *shape, nesting int) (end int) {
	at, found := nextElement(value, at+1)
	for found {
		at, found = nextElement(value, o.readPart(value, at, at, of, nesting))
	}
	return at
}

// readPart reads a member whose name, or an element which, begins at a place, and its value. It gives where that ends.
func (o *outline) readPart(value []byte, from, at int, of *shape, nesting int) (end int) {
	number := len(o.parts)
	o.parts = append(o.parts, part{number: of.number, from: int32(from), at: int32(at)})
	switch {
	case at == len(value) || nesting == maxNesting || value[at] != '{' && value[at] != '[':
		end = skip(value, at)
	case value[at] == '{':
		end = o.readObject(value, at, of, nesting+1)
	default:
		end = o.readArray(value, at, of, nesting+1)
	}
	o.parts[number].end, o.parts[number].behind = int32(end), int32(len(o.parts))
	return end
}
