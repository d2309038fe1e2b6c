package realclient

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
)

// ReadLines reads lines with an event each, and skips the empty ones that keep a connection alive.
func ReadLines(lines *bufio.Scanner, received func(event []byte)) {
	for lines.Scan() {
		if len(lines.Bytes()) > 0 {
			received(bytes.Clone(lines.Bytes()))
		}
	}
}

// ReadEvents reads Server-Sent Events of one line of data.
func ReadEvents(lines *bufio.Scanner, received func(event []byte)) {
	var name string
	for lines.Scan() {
		if event, is := strings.CutPrefix(lines.Text(), "event: "); is {
			name = event
		} else if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
			received(fmt.Appendf(nil, "[%q,%s]", name, data))
		}
	}
}
