package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// mark begins every secret and names every certificate, so that one that turns up where it should not is known for what it is.
const mark = "throw-away-"

const secretBytes = 32

// Folders are volumes of docker-compose.yml: each program gets those of what it needs.
const (
	peersFolder = "peers"
	kafkaFolder = "kafka" // of the brokers, and of who tells them of users
)

// users are those of Kafka. Each has a folder of its name.
var users = []string{"collector", "gateway"}

// Files of the folders.
var (
	peerKeyFile   = filepath.Join(peersFolder, "key")
	brokersFile   = filepath.Join(kafkaFolder, "kafka.pem") // the brokers' key, and after it their certificate
	brokersCAFile = caFile(kafkaFolder)
)

func caFile(folder string) string { return filepath.Join(folder, "ca.pem") }

func passwordFile(user string) string { return filepath.Join(user, "password") }

// keyFile is a file and what is in it.
type keyFile struct {
	name string
	text []byte
}

// makeKeys makes all files, unless they are there: data that is encrypted by them may be left from before.
func makeKeys(folder string) error {
	files, err := newFiles()
	if err != nil {
		return err
	}
	if has, err := hasAll(folder, files); has || err != nil {
		return err
	}
	last := filepath.Join(folder, files[len(files)-1].name)
	// It goes first and comes last, so that an interruption leaves no mixture that looks complete.
	if err := os.Remove(last); err != nil && !errors.Is(err, fs.ErrNotExist) { //nolint:gosec // the folder is the operator's argument
		return err
	}
	for _, file := range files {
		if err := write(filepath.Join(folder, file.name), file.text); err != nil {
			return err
		}
	}
	fmt.Println("made throw-away keys: nothing but a trial may use them")
	return nil
}

// newFiles makes what is in the files.
func newFiles() (files []keyFile, err error) {
	certificates, err := newCertificates()
	if err != nil {
		return nil, err
	}
	for _, user := range users {
		files = append(files, keyFile{passwordFile(user), newSecret()}, keyFile{caFile(user), certificates.ca})
	}
	return append(files, keyFile{peerKeyFile, newSecret()}, keyFile{brokersCAFile, certificates.ca}, keyFile{brokersFile, certificates.kafka}), nil
}

func hasAll(folder string, files []keyFile) (bool, error) {
	for _, file := range files {
		_, err := os.Stat(filepath.Join(folder, file.name)) //nolint:gosec // likewise
		if errors.Is(err, fs.ErrNotExist) {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
	fmt.Println("there are keys already, and they are kept")
	return true, nil
}

func newSecret() []byte {
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // never fails
	return fmt.Appendf(nil, "%s%x\n", mark, secret)
}

// write makes a whole file or none, also where it is interrupted, and replaces one that is there. All may read it: its folder is only in services of the trial
// that need it, which run as different users.
func write(file string, text []byte) error {
	if err := os.Mkdir(filepath.Dir(file), 0o755); err != nil && !errors.Is(err, fs.ErrExist) { //nolint:gosec // see above
		return err
	}
	if err := os.WriteFile(file+".new", text, 0o644); err != nil { //nolint:gosec // see above
		return err
	}
	return os.Rename(file+".new", file) //nolint:gosec // see above
}
