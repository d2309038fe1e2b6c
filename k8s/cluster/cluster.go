package cluster

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// startTime is how long the control plane may take until it is ready.
const startTime = 3 * time.Minute

// Cluster is a running cluster.
type Cluster struct {
	config *rest.Config // of an administrator
	Client *kubernetes.Clientset
}

// controlPlane is what its programs share.
type controlPlane struct {
	binaries, folder string
	etcd, address    string
	token            string
}

// Start runs a cluster without nodes until the test ends. The folder has the module that names the version of Kubernetes.
func Start(t testing.TB, folder string) *Cluster {
	t.Helper()
	binaries, err := build(t.Context(), folder)
	if err != nil {
		t.Fatal(err)
	}
	plane := &controlPlane{binaries: binaries, folder: t.TempDir(), token: rand.Text()}
	plane.startEtcd(t)
	plane.startAPIServer(t)
	cluster := plane.connect(t)
	plane.startControllers(t, cluster.config)
	return cluster
}

func (p *controlPlane) startEtcd(t testing.TB) {
	t.Helper()
	program, err := exec.LookPath("etcd")
	if err != nil {
		t.Fatalf("%v: on Debian, type: sudo apt-get install -y etcd-server", err)
	}
	ports := freePorts(t, 2)
	p.etcd = "http://127.0.0.1:" + ports[0]
	peer := "http://127.0.0.1:" + ports[1]
	start(t, p.folder, program, "--data-dir=etcd", "--listen-client-urls="+p.etcd, "--advertise-client-urls="+p.etcd,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer, "--initial-cluster=default="+peer)
}

func (p *controlPlane) startAPIServer(t testing.TB) {
	t.Helper()
	p.write(t, "tokens.csv", []byte(p.token+`,admin,admin,"system:masters"`+"\n"))
	p.write(t, "accounts.key", newKey(t))
	port := freePorts(t, 1)[0]
	p.address = "https://127.0.0.1:" + port
	start(t, p.folder, filepath.Join(p.binaries, "kube-apiserver"),
		"--etcd-servers="+p.etcd, "--bind-address=127.0.0.1", "--secure-port="+port, "--cert-dir=certificates",
		"--token-auth-file=tokens.csv", "--authorization-mode=RBAC", "--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=accounts.key", "--service-account-signing-key-file=accounts.key",
		"--service-cluster-ip-range=10.96.0.0/16", "--endpoint-reconciler-type=none")
}

// connect waits until the API server is ready.
func (p *controlPlane) connect(t testing.TB) *Cluster {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTime)
	defer cancel()
	config := &rest.Config{
		Host: p.address, BearerToken: p.token, QPS: -1, // as many requests a second as the test sends
		TLSClientConfig: rest.TLSClientConfig{CAFile: p.certificate()},
	}
	var client *kubernetes.Clientset
	err := await(ctx, "the API server is ready", func(ctx context.Context) (err error) {
		if client, err = kubernetes.NewForConfig(config); err != nil { // until the server has made its certificate
			return err
		}
		return client.RESTClient().Get().AbsPath("/readyz").Do(ctx).Error()
	})
	if err != nil {
		logEnd(t, filepath.Join(p.folder, "kube-apiserver.log"))
		t.Fatal(err)
	}
	return &Cluster{config, client}
}

// certificate is the file that the API server writes, which has the authority of its own certificate, too.
func (p *controlPlane) certificate() string {
	return filepath.Join(p.folder, "certificates", "apiserver.crt")
}

func (p *controlPlane) startControllers(t testing.TB, config *rest.Config) {
	t.Helper()
	p.write(t, "kubeconfig", kubeconfig(t, config))
	ports := freePorts(t, 2)
	start(t, p.folder, filepath.Join(p.binaries, "kube-controller-manager"), "--kubeconfig=kubeconfig", "--leader-elect=false", "--bind-address=127.0.0.1",
		"--secure-port="+ports[0], "--cert-dir=controllers", "--service-account-private-key-file=accounts.key", "--root-ca-file="+p.certificate())
	start(t, p.folder, filepath.Join(p.binaries, "kube-scheduler"), "--kubeconfig=kubeconfig", "--leader-elect=false", "--bind-address=127.0.0.1",
		"--secure-port="+ports[1], "--cert-dir=scheduler")
}

// kubeconfig is the file by which programs know the API server.
func kubeconfig(t testing.TB, config *rest.Config) []byte {
	t.Helper()
	const name = "test"
	file := clientcmdapi.NewConfig()
	file.Clusters[name] = &clientcmdapi.Cluster{Server: config.Host, CertificateAuthority: config.CAFile}
	file.AuthInfos[name] = &clientcmdapi.AuthInfo{Token: config.BearerToken}
	file.Contexts[name] = &clientcmdapi.Context{Cluster: name, AuthInfo: name}
	file.CurrentContext = name
	text, err := clientcmd.Write(*file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func (p *controlPlane) write(t testing.TB, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(p.folder, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// newKey is a private key for the tokens of service accounts.
func newKey(t testing.TB) []byte {
	t.Helper()
	const bits = 2048
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
}
