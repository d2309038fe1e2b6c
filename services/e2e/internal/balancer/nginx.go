package balancer

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"text/template"

	"atlasstream/services/e2e/internal/await"
	"atlasstream/services/e2e/internal/testcluster"
)

// NginxAddress is from where nginx connects to gateways, for their --trusted-proxies. Clients connect from 127.0.0.1.
const NginxAddress = "127.0.0.2"

// configuration sends each request to the next gateway on a connection of its own. One of a session that fails midway is not repeated, as the answer to a poll
// may be what was lost.
var configuration = template.Must(template.New("nginx.conf").Parse(`daemon off;
{{if .Root}}user root;
{{end}}worker_processes 1;
pid nginx.pid;
error_log error.log warn;
events { worker_connections 8192; }
http {
	log_format requests escape=json '{"SessionID":"$arg_sid","Status":$status,"Gateway":"$upstream_addr"}';
	access_log requests.log requests;
	client_body_temp_path bodies;
	proxy_temp_path answers;
	fastcgi_temp_path fastcgi;
	uwsgi_temp_path uwsgi;
	scgi_temp_path scgi;
	upstream gateways {
{{range .Gateways}}		server {{.}};
{{end}}	}
	map $http_upgrade $connection_header {
		default upgrade;
		"" close;
	}
	server {
		listen {{.Address}} backlog=4096;
		proxy_bind {{.From}};
		proxy_http_version 1.1;
		proxy_set_header Host $http_host;
		proxy_set_header Upgrade $http_upgrade;
		proxy_set_header Connection $connection_header;
		proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
		proxy_buffering off;
		proxy_request_buffering off;
		proxy_connect_timeout 2s;
		proxy_read_timeout 3600s;
		proxy_send_timeout 3600s;
		location / {
			proxy_pass http://gateways;
		}
		location /stream/socket.io {
			proxy_pass http://gateways;
			proxy_next_upstream off;
		}
	}
}
`))

// nginx is a process of it.
type nginx struct {
	t       *testing.T
	folder  string
	address string
	command *exec.Cmd // nil until a gateway is ready
}

// Nginx is a balancer whose requests are logged.
type Nginx struct {
	*Balancer
	folder string
}

// StartNginx starts nginx, with a connection of its own for each request.
func StartNginx(t *testing.T, gateways ...*testcluster.Process) *Nginx {
	t.Helper()
	n := &nginx{t: t, folder: t.TempDir(), address: testcluster.FreeAddresses(t, 1)[0]}
	b := &Nginx{start(t, n.address, n.take, gateways), n.folder}
	await.Condition(t, "nginx accepts connections (make fleet installs it)", func() bool {
		conn, err := net.Dial("tcp", n.address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return b
}

// take has nginx begin with other gateways, while what it has begun goes on with those before. Without any, it keeps those that it has.
func (n *nginx) take(ready []string) {
	if len(ready) == 0 {
		return
	}
	var text bytes.Buffer
	settings := map[string]any{"Root": os.Getuid() == 0, "Gateways": ready, "Address": n.address, "From": NginxAddress}
	if err := configuration.Execute(&text, settings); err != nil {
		n.t.Error(err)
		return
	}
	if err := os.WriteFile(filepath.Join(n.folder, "nginx.conf"), text.Bytes(), 0o600); err != nil {
		n.t.Error(err)
		return
	}
	if n.command == nil {
		n.begin()
	} else if err := n.command.Process.Signal(syscall.SIGHUP); err != nil {
		n.t.Error(err)
	}
}

func (n *nginx) begin() {
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // which is not on every user's path
	}
	n.command, _ = testcluster.ChildCommand(n.t, program, "-p", n.folder, "-c", "nginx.conf", "-e", "error.log")
	if err := n.command.Start(); err != nil {
		n.t.Error(err)
		return
	}
	n.t.Cleanup(n.end)
}

func (n *nginx) end() {
	_ = n.command.Process.Signal(syscall.SIGTERM)
	if err := n.command.Wait(); err != nil {
		n.t.Errorf("nginx: %v", err)
	}
	if text, err := os.ReadFile(filepath.Join(n.folder, "error.log")); err == nil && n.t.Failed() {
		const last = 4000 // bytes
		n.t.Logf("nginx logged:\n%s", text[max(0, len(text)-last):])
	}
}
