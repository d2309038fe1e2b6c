package split

import "fmt"

// maxDepth is how deep brackets may nest, the same as in encoding/json.
const maxDepth = 10_000

var errTooDeep = fmt.Errorf("brackets nest deeper than %d", maxDepth)

// nesting follows brackets and strings through JSON text in pieces, and ignores the rest.
type nesting struct {
	closers  []byte // that would close what is open, the innermost last
	inString bool
	escaped  bool
}

func (n *nesting) open() bool { return len(n.closers) > 0 || n.inString }

// until returns the index of the first of the two bytes that is outside of all brackets and strings; len(text) if there is none yet.
func (n *nesting) until(text []byte, one, other byte) (int, error) {
	for i := 0; i < len(text); i++ {
		if n.inString {
			i += n.skipString(text[i:]) - 1
			continue
		}
		if c := text[i]; (c == one || c == other) && !n.open() {
			return i, nil
		} else if err := n.take(c); err != nil {
			return i, err
		}
	}
	return len(text), nil
}

// object returns the length of the object that begins the text; 0 if the text ends before it.
func (n *nesting) object(text []byte) (int, error) {
	for i := 0; i < len(text); i++ {
		if n.inString {
			i += n.skipString(text[i:]) - 1
			continue
		}
		if err := n.take(text[i]); err != nil {
			return 0, err
		}
		if !n.open() {
			return i + 1, nil
		}
	}
	return 0, nil
}

// skipString returns how many bytes the rest of a string has, with the closing quotation mark; at least one.
func (n *nesting) skipString(text []byte) int {
	for i, c := range text {
		if c != '"' && c != '\\' && !n.escaped {
			continue
		}
		if c == '"' && !n.escaped {
			n.inString = false
			return i + 1
		}
		n.escaped = c == '\\' && !n.escaped
	}
	return len(text)
}

func (n *nesting) take(c byte) error {
	switch c {
	case '"':
		n.inString = true
	case '{':
		return n.push('}')
	case '[':
		return n.push(']')
	case '}', ']':
		return n.pop(c)
	}
	return nil
}

func (n *nesting) push(closer byte) error {
	if len(n.closers) == maxDepth {
		return errTooDeep
	}
	n.closers = append(n.closers, closer)
	return nil
}

func (n *nesting) pop(closer byte) error {
	last := len(n.closers) - 1
	if last < 0 {
		return fmt.Errorf("%q closes nothing", closer)
	}
	if n.closers[last] != closer {
		return fmt.Errorf("got %q, want %q", closer, n.closers[last])
	}
	n.closers = n.closers[:last]
	return nil
}
