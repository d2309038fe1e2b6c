package split

import "bytes"

// lines cuts a value per line, and objects over several lines.
type lines struct {
	midline   bool // the window begins within a line that was refused
	resyncing bool // a multi-line object was refused: lines that begin no value belong to it
	multiline multiline
}

func (l *lines) cut(s *Splitter) (finished bool) {
	for !s.full() {
		l.skipBlank(s)
		rest := s.window.rest()
		end := bytes.IndexByte(rest, '\n') + 1
		if end == 0 && !s.window.complete() {
			l.keepPart(s, rest)
			return false
		}
		if end == 0 {
			end = len(rest)
		}
		length := l.cutLine(s, rest, end)
		if length == 0 {
			return false
		}
		l.consume(s, rest[:length])
	}
	return false
}

// skipBlank skips blank lines, and byte order marks at the beginning of lines, which concatenated files have.
func (l *lines) skipBlank(s *Splitter) {
	for !l.midline {
		rest := s.window.rest()
		n := bytes.LastIndexByte(rest[:len(rest)-len(bytes.TrimLeft(rest, space))], '\n') + 1
		if n == 0 && bytes.HasPrefix(rest, []byte(byteOrderMark)) {
			n = len(byteOrderMark)
		}
		if n == 0 {
			return
		}
		l.consume(s, rest[:n])
	}
}

// keepPart keeps the beginning of a line until the rest of it arrives, unless it is already too long.
func (l *lines) keepPart(s *Splitter, rest []byte) {
	if !l.midline && len(rest) > s.limit {
		if !l.resyncing {
			s.refuse(s.line, TooLong(s.limit))
		}
		l.midline = true
	}
	if l.midline {
		s.window.consume(len(rest))
	}
}

// cutLine cuts the line rest[:end], or the multi-line object that begins on it, and returns its length; 0 if the window has not enough of it.
func (l *lines) cutLine(s *Splitter, rest []byte, end int) int {
	line := bytes.Trim(rest[:end], space)
	switch {
	case l.midline, blank(line), l.resyncing && !beginsValue(rest[:end]):
		l.midline = false
	case line[0] == '{' && fileEnd(rest[:end]) > 0:
		end = fileEnd(rest[:end])
		s.emit(s.line, bytes.Trim(rest[:end], space))
		l.resyncing = false
	case line[0] == '{' && line[len(line)-1] != '}':
		return l.cutMultiline(s, rest, end)
	default:
		s.emit(s.line, line)
		l.resyncing = false
	}
	return end
}

// cutMultiline does the same for an object that begins on the line rest[:end] and does not end there. A broken one ends where the next value begins.
func (l *lines) cutMultiline(s *Splitter, rest []byte, end int) int {
	full := len(rest) > s.limit
	object := view{text: rest[:min(len(rest), s.limit)], last: s.window.complete() && !full, full: full}
	length, known := l.multiline.length(object)
	if known && length == 0 {
		length, known = brokenLength(object, end)
	}
	if !known {
		return 0
	}
	l.resyncing = length == 0
	if l.resyncing {
		s.refuse(s.line, TooLong(s.limit))
		return end
	}
	s.emit(s.line, bytes.Trim(rest[:length], space))
	return length
}

func (l *lines) consume(s *Splitter, lines []byte) {
	s.line += bytes.Count(lines, newline)
	s.window.consume(len(lines))
}

// fileEnd returns the length of an object at the end of a file without a final newline that another file was appended to; 0 if there is none.
func fileEnd(line []byte) int {
	brace := bytes.Index(line, []byte("}"+byteOrderMark))
	if brace < 0 {
		return 0
	}
	begin := bytes.IndexByte(line, '{')
	if size, err := new(nesting).object(line[begin:]); err != nil || begin+size != brace+1 {
		return 0
	}
	return brace + 1
}

// beginsValue tells whether a value begins on the line, rather than the line being a part of a broken object that began before it.
func beginsValue(line []byte) bool {
	line = bytes.TrimPrefix(line, []byte(byteOrderMark))
	trimmed := bytes.Trim(line, space)
	return len(trimmed) > 0 && trimmed[0] == '{' && (line[0] == '{' || trimmed[len(trimmed)-1] == '}')
}

// brokenLength returns the length of the lines from a broken object, whose first line is text[:end], to the next line that begins a value; 0 if that is longer
// than an object may be. Known is false if that takes more of the body.
func brokenLength(v view, end int) (length int, known bool) {
	for end < len(v.text) {
		next, known := v.lineEnd(end)
		if !known {
			return 0, false
		}
		if beginsValue(v.text[end:next]) {
			return end, true
		}
		end = next
	}
	if v.last {
		return end, true
	}
	return 0, v.full
}
