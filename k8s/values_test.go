package k8s

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
)

var settingInError = regexp.MustCompile(`--([a-z-]+) \(ATLAS_`)

// valueFaults starts each program with its settings, and the files that they name, but with an address of Kafka that is none: a program says at once everything
// that is wrong with its settings, and that is to be this address alone.
func valueFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	for _, workload := range in.own() {
		container := workload.template.Spec.Containers[0]
		folder := t.TempDir()
		workload.writeFiles(t, folder)
		arguments := append(slices.Clone(container.Args), "--kafka=nowhere")
		for i := range arguments {
			arguments[i] = inFolder(arguments[i], folder, container)
		}
		program := exec.CommandContext(t.Context(), filepath.Join(programs, programOf(container.Image)), arguments...)
		program.Env = in.environment(folder, container)
		output, err := program.CombinedOutput()
		if exit, failed := errors.AsType[*exec.ExitError](err); !failed || exit.ExitCode() != 2 {
			t.Fatalf("%s: %v: got %v\n%s", workload.name, program, err, output)
		}
		named := settingInError.FindAllStringSubmatch(string(output), -1)
		if len(named) != 1 || named[0][1] != "kafka" {
			faultf(&faults, "%s: %s", workload.name, output)
		}
	}
	return faults
}

// environment has the variables of a container, with paths that lead into a folder.
func (m *manifests) environment(folder string, container corev1.Container) (variables []string) {
	for _, from := range container.EnvFrom {
		for variable, value := range m.settings[from.ConfigMapRef.Name] {
			variables = append(variables, variable+"="+inFolder(value, folder, container))
		}
	}
	for _, variable := range container.Env {
		value := variable.Value
		if variable.ValueFrom != nil {
			value = "from-a-secret"
		}
		variables = append(variables, variable.Name+"="+value)
	}
	return variables
}

// inFolder replaces a path in a volume by the same one in a folder.
func inFolder(text, folder string, container corev1.Container) string {
	for _, mount := range container.VolumeMounts {
		text = strings.ReplaceAll(text, mount.MountPath+"/", folder+mount.MountPath+"/")
	}
	return text
}

// writeFiles fills a folder as volumes fill the root of a container.
func (w workload) writeFiles(t *testing.T, folder string) {
	t.Helper()
	for _, mount := range w.template.Spec.Containers[0].VolumeMounts {
		path := filepath.Join(folder, mount.MountPath)
		if err := os.MkdirAll(path, 0o700); err != nil {
			t.Fatal(err)
		}
		for _, file := range w.filesOf(mount.Name) {
			if err := os.WriteFile(filepath.Join(path, file), contentOf(t, file), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// filesOf are the files of a volume.
func (w workload) filesOf(name string) (files []string) {
	for _, volume := range w.template.Spec.Volumes {
		switch {
		case volume.Name != name:
		case volume.Secret == nil:
			files = append(files, "token", "march-2015.jsonl.gz") // what a sidecar writes, or somebody has put there
		case len(volume.Secret.Items) == 0:
			files = append(files, wholeSecrets[name])
		default:
			for _, item := range volume.Secret.Items {
				files = append(files, item.Path)
			}
		}
	}
	return files
}

// contentOf is what a program takes in a file of that name.
func contentOf(t *testing.T, file string) []byte {
	t.Helper()
	switch file {
	case "ca.crt":
		return certificate(t)
	case "sources.json":
		return []byte(`[{"name": "controller", "token": "0123456789abcdef", "rights": ["results"]}]`)
	default:
		return []byte("0123456789abcdef-" + file)
	}
}

func certificate(t *testing.T) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed})
}
