package atlas

// scanState is the state of a scanner: what it has read or expects. Its value is a shift of the words in transitions.
type scanState = uint64

// stateBits is the room that transitions have for a state.
const stateBits = 6

const (
	stopped    scanState = iota * stateBits // at a byte that transitions do not cover
	inDecimals                              // of a number
	atValue
	afterValue
	atName
	inName
	inText // a string that is a value
	atColon
	inInteger // whose first digit is not 0
	afterZero // which is a number's first digit
	afterPoint
)

// transitions is a state machine in a word for each byte: the next state is in the bits from the number of the current state on. So reading a byte takes a load
// and a shift, and no branch. Eleven states fit into 64 bits, as the next states of the last one fit into four. Errors, brackets and rare bytes are not
// covered: escapes, characters beyond ASCII, words, signs and exponents.
type transitions [256]uint64

const stateMask = 1<<stateBits - 1

// next returns the next state; its upper bits are undefined.
func (t *transitions) next(from scanState, c byte) scanState { return t[c] >> (from & stateMask) }

// Objects and arrays differ in what follows a comma.
const (
	inObject = iota
	inArray
)

var scanTransitions = [...]transitions{inObject: transitionsWith(atName), inArray: transitionsWith(atValue)}

func transitionsWith(afterComma scanState) (t transitions) {
	const space, digits = " \t\r\n", "0123456789"
	for _, state := range []scanState{atValue, afterValue, atName, atColon} {
		t.set(state, space, state)
	}
	for _, state := range []scanState{afterValue, inInteger, afterZero, inDecimals} {
		t.set(state, ",", afterComma)
	}
	for _, state := range []scanState{inInteger, afterZero, inDecimals} {
		t.set(state, space, afterValue)
	}
	t.set(atName, `"`, inName)
	t.set(inName, plainCharacters(), inName)
	t.set(inName, `"`, atColon)
	t.set(atColon, ":", atValue)
	t.set(atValue, `"`, inText)
	t.set(inText, plainCharacters(), inText)
	t.set(inText, `"`, afterValue)
	t.set(atValue, "0", afterZero)
	t.set(atValue, digits[1:], inInteger)
	t.set(inInteger, digits, inInteger)
	t.set(inInteger, ".", afterPoint)
	t.set(afterZero, ".", afterPoint)
	t.set(afterPoint, digits, inDecimals)
	t.set(inDecimals, digits, inDecimals)
	return t
}

func (t *transitions) set(from scanState, characters string, to scanState) {
	for _, c := range []byte(characters) {
		t[c] |= to << from
	}
}

// plainCharacters are the ASCII characters that need no escape in a string.
func plainCharacters() string {
	var plain []byte
	for c := byte(' '); c < 1<<7; c++ {
		if c != '"' && c != '\\' {
			plain = append(plain, c)
		}
	}
	return string(plain)
}

// read reads as far as the transitions reach. It returns the offset of the first byte that they do not cover, and the state before it.
func (t *transitions) read(text []byte, at int, state scanState) (int, scanState) {
	const atOnce = 4 // stopped has no way out, so it is checked once for that many bytes
	for ; len(text)-at >= atOnce; at += atOnce {
		c := (*[atOnce]byte)(text[at:])
		first := t.next(state, c[0])
		second := t.next(first, c[1])
		third := t.next(second, c[2])
		ahead := t.next(third, c[3])
		if ahead&stateMask == stopped {
			return stopAmong(at, state, first, second, third)
		}
		state = ahead
	}
	for ; at < len(text); at++ {
		ahead := t.next(state, text[at])
		if ahead&stateMask == stopped {
			break
		}
		state = ahead
	}
	return at, state & stateMask
}

// stopAmong returns which of the next four bytes is the first that the transitions do not cover, by the states before each of them.
func stopAmong(at int, before, first, second, third scanState) (int, scanState) {
	switch stopped {
	case first & stateMask:
		return at, before & stateMask
	case second & stateMask:
		return at + 1, first & stateMask
	case third & stateMask:
		return at + 2, second & stateMask
	default:
		return at + 3, third & stateMask
	}
}
