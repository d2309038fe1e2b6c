package jsonpath

import (
	"bytes"
	"slices"
)

// appendFound appends the texts of the scalars that a path leads to from an object with the given members.
func appendFound(texts []string, value []byte, members []member, path string, nesting int) []string {
	at, rest, longest := 0, "", 0
	for i := range members {
		if left, matches := cutName(path, members[i].name); matches && len(members[i].name) >= longest {
			at, rest, longest = members[i].at, left, len(members[i].name)
		}
	}
	if longest == 0 {
		return texts
	}
	return appendFoundAt(texts, value, at, rest, nesting)
}

// cutName gives what is left of a path after a member's name, nothing if the path ends with it.
func cutName(path string, name []byte) (rest string, matches bool) {
	length := len(name)
	if length == 0 || length > len(path) || path[:length] != string(name) {
		return "", false
	}
	if length == len(path) {
		return "", true
	}
	return path[length+1:], path[length] == '.'
}

// appendFoundAt appends the texts of the scalars that the rest of a path leads to from the value at an offset.
func appendFoundAt(texts []string, value []byte, at int, rest string, nesting int) []string {
	switch {
	case !isContainer(value, at):
		if rest == "" && at < len(value) {
			texts = append(texts, scalarAt(value, at))
		}
	case nesting == maxNesting:
	case value[at] == '[':
		element, found := nextElement(value, at+1)
		for found {
			texts = appendFoundAt(texts, value, element, rest, nesting+1)
			element, found = nextElement(value, skip(value, element))
		}
	case rest != "":
		texts = appendFound(texts, value, membersOf(value, at), rest, nesting+1)
	}
	return texts
}

// object writes the object at an offset, with the members that sorted paths keep.
func (p *pruner) object(at int, sorted []string, nesting int) {
	begun := len(p.written)
	members := membersOf(p.value, at)
	dotted := slices.DeleteFunc(slices.Clone(members), func(m member) bool { return bytes.IndexByte(m.name, '.') < 0 })
	for i := range members {
		p.visited++
		member := &members[i]
		whole, longer := follow(sorted, string(member.name))
		if whole {
			p.write(begun, '{', member.from, member.end)
		} else if rests := cutAll(longer, len(member.name), dotted); len(rests) > 0 && isContainer(p.value, member.at) {
			p.write(begun, '{', member.from, member.at)
			p.container(member.at, rests, nesting)
		}
	}
	p.end(begun, "{}")
}

// cutAll cuts a name of a length and the dot after it off paths, and omits the paths that a longer name matches, which must have a dot itself.
func cutAll(paths []string, length int, dotted []member) (rests []string) {
	for _, path := range paths {
		if !slices.ContainsFunc(dotted, func(m member) bool { _, matches := cutName(path, m.name); return matches && len(m.name) > length }) {
			rests = append(rests, path[length+len("."):])
		}
	}
	return rests
}

func (p *pruner) container(at int, sorted []string, nesting int) {
	switch {
	case nesting == maxNesting:
		p.written = append(p.written, bracketsOf(p.value[at])...)
	case p.value[at] == '{':
		p.object(at, sorted, nesting+1)
	default:
		p.array(at, sorted, nesting+1)
	}
}

// array writes the array at an offset, with those elements that are containers.
func (p *pruner) array(at int, sorted []string, nesting int) {
	begun := len(p.written)
	at, found := nextElement(p.value, at+1)
	for found {
		if isContainer(p.value, at) {
			p.write(begun, '[', at, at)
			p.container(at, sorted, nesting)
		}
		at, found = nextElement(p.value, skip(p.value, at))
	}
	p.end(begun, "[]")
}
