//go:build compose

package compose

import (
	"archive/tar"
	"bytes"
	"debug/elf"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const maxImage = 20_000_000

// useStandIns makes an image for each that the Dockerfile and docker-compose.yml name and that is not ours.
func (d *docker) useStandIns(t *testing.T) {
	t.Helper()
	const base = "atlas-stream-standin/root"
	if d.command(t.Context(), "docker", "image", "inspect", base).Run() != nil {
		d.importRoot(t, base)
	}
	for target, pattern := range map[string]string{
		"golang": `Dockerfile:ARG GO_IMAGE=(\S+)`, "node": `Dockerfile:ARG NODE_IMAGE=(\S+)`,
		"nginx": `docker-compose.yml:image: (nginx:\S+)`, "kafka": `docker-compose.yml:image: (apache/kafka:\S+)`,
	} {
		file, pattern, _ := strings.Cut(pattern, ":")
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(pattern).FindSubmatch(text)
		if found == nil {
			t.Fatalf("%s has no %s", file, pattern)
		}
		d.run(t, "docker", "build", "--quiet", "--target", target, "--tag", string(found[1]), "standins")
	}
}

// importRoot makes the root file system of the stand-ins, unless the cache has it, and an image of it.
func (d *docker) importRoot(t *testing.T, name string) {
	t.Helper()
	folder := filepath.Join(cache, "root")
	complete := filepath.Join(cache, "root.complete")
	if _, err := os.Stat(complete); err != nil {
		make := exec.CommandContext(t.Context(), "standins/make-root", folder, os.Getenv("ATLAS_KAFKA_LIBS"))
		if output, err := make.CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", make, err, output)
		}
		if err := os.WriteFile(complete, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pack := exec.CommandContext(t.Context(), "tar", "--directory", folder, "--create", ".")
	packed, err := pack.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	load := d.command(t.Context(), "docker", "import", "-", name)
	load.Stdin = packed
	if err := pack.Start(); err != nil {
		t.Fatal(err)
	}
	output, err := load.CombinedOutput()
	if err := errors.Join(err, pack.Wait()); err != nil {
		t.Fatalf("importing %s: %v\n%s", folder, err, output)
	}
}

// checkImage checks the size of an image, that there is nothing in it but the program, the licence and certificates of CAs, and what the program is made for.
func (d *docker) checkImage(t *testing.T, r *report, name string, machine elf.Machine) {
	t.Helper()
	size, err := strconv.Atoi(d.run(t, "docker", "image", "inspect", "--format", "{{.Size}}", name))
	if err != nil || size > maxImage {
		t.Errorf("%s has %d bytes, want at most %d: %v", name, size, maxImage, err)
	}
	files := d.filesOf(t, name)
	_, program, _ := strings.Cut(name, "/")
	program, _, _ = strings.Cut(program, ":")
	for file := range files {
		if !slices.Contains([]string{"LICENSE", "etc/ssl/certs/ca-certificates.crt", program}, file) {
			t.Errorf("%s has the file %s", name, file)
		}
	}
	if !bytes.Contains(files["LICENSE"], []byte("Apache License")) {
		t.Errorf("%s has no licence", name)
	}
	parsed, err := elf.NewFile(bytes.NewReader(files[program]))
	if err != nil || parsed.Machine != machine {
		t.Fatalf("%s: the program is not for %s: %v", name, machine, err)
	}
	labels := d.run(t, "docker", "image", "inspect", "--format", `{{index .Config.Labels "org.opencontainers.image.version"}}, {{index .Config.Labels "org.opencontainers.image.licenses"}}`, name)
	r.add(name, "%d bytes, %s, labels %s, files %d", size, machine, labels, len(files))
}

// filesOf are the files of an image that have content.
func (d *docker) filesOf(t *testing.T, name string) map[string][]byte {
	t.Helper()
	created, err := d.command(t.Context(), "docker", "create", name).Output() // and not what it warns of
	if err != nil {
		t.Fatal(err)
	}
	container := strings.TrimSpace(string(created))
	defer d.run(t, "docker", "rm", container)
	output, err := d.command(t.Context(), "docker", "export", container).Output()
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for archive := tar.NewReader(bytes.NewReader(output)); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if content, err := io.ReadAll(archive); err != nil {
			t.Fatal(err)
		} else if len(content) > 0 {
			files[header.Name] = content
		}
	}
}
