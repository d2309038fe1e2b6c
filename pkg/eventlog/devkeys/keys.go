package main

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// mark begins every secret and names every certificate, so that one that turns up where it should not is known for what it is.
const mark = "throw-away-"

const secretBytes = 32

// Files of a folder.
const (
	peerKeyFile = "peer.key"
	caFile      = "ca.pem"
	kafkaFile   = "kafka.pem" // the brokers' key, and after it their certificate
)

// users are those of Kafka, and the files of their passwords are named after them.
var users = []string{"collector", "gateway"}

func passwordFile(user string) string { return user + ".password" }

// makeKeys makes all files, unless the folder has the last one, which means that it has all: data that is encrypted by them may be left from before.
func makeKeys(folder string) error {
	files := []string{peerKeyFile}
	for _, user := range users {
		files = append(files, passwordFile(user))
	}
	if _, err := os.Stat(filepath.Join(folder, kafkaFile)); err == nil { //nolint:gosec // the folder is the operator's argument
		fmt.Println("there are keys already, and they are kept")
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, file := range files {
		if err := write(folder, file, []byte(newSecret()+"\n")); err != nil {
			return err
		}
	}
	certificates, err := newCertificates()
	if err != nil {
		return err
	}
	if err := write(folder, caFile, certificates.ca); err != nil {
		return err
	}
	if err := write(folder, kafkaFile, certificates.kafka); err != nil {
		return err
	}
	fmt.Println("made throw-away keys: nothing but a trial may use them")
	return nil
}

func newSecret() string {
	secret := make([]byte, secretBytes)
	_, _ = rand.Read(secret) // never fails
	return mark + hex.EncodeToString(secret)
}

// write makes a whole file or none, also where it is interrupted, and replaces one that is there. All may read it: only the services of the trial have the
// folder, as different users.
func write(folder, name string, text []byte) error {
	file := filepath.Join(folder, name)
	if err := os.WriteFile(file+".new", text, 0o644); err != nil { //nolint:gosec // see above
		return err
	}
	return os.Rename(file+".new", file) //nolint:gosec // see above
}
