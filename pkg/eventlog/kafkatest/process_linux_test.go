package kafkatest

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
)

func TestBrokersDieWithTheProcessThatStartedThem(t *testing.T) {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childDir+"="+t.TempDir())
	output, err := child.StdoutPipe()
	must(t, err)
	must(t, child.Start())
	address := announced(output)
	must(t, child.Process.Kill())
	child.Wait()
	if address == "" {
		t.Fatal("the child started no cluster")
	}
	must(t, poll(deadline(t), nil, func(ctx context.Context) (gone bool) {
		var dialer net.Dialer
		connection, err := dialer.DialContext(ctx, "tcp", address)
		if err != nil {
			return true
		}
		connection.Close()
		return false
	}))
}

func announced(output io.Reader) (address string) {
	for lines := bufio.NewScanner(output); lines.Scan(); {
		if address, found := strings.CutPrefix(lines.Text(), "listening "); found {
			return address
		}
	}
	return ""
}
