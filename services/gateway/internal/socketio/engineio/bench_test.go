package engineio

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"atlasstream/services/gateway/internal/wsframe"
)

// BenchmarkPoll is a poll that finds messages of 1 kB, with its client, over loopback.
func BenchmarkPoll(b *testing.B) {
	for _, waiting := range []int{1, 15} {
		b.Run(fmt.Sprintf("%d-messages", waiting), func(b *testing.B) {
			server := serve(b, Config{})
			client := server.startPolling(b, Revision4, "")
			session := server.newest(b)
			message := wsframe.Text([]byte("4" + strings.Repeat("x", 1000)))
			b.ReportAllocs()
			for b.Loop() {
				for range waiting {
					if err := session.Enqueue(message); err != nil {
						b.Fatal(err)
					}
				}
				session.Flush()
				response, err := server.client.Get(server.url + "/?" + client.query)
				if err != nil || response.StatusCode != http.StatusOK {
					b.Fatal(response, err)
				}
				if _, err := io.Copy(io.Discard, response.Body); err != nil {
					b.Fatal(err)
				}
				_ = response.Body.Close()
			}
		})
	}
}
