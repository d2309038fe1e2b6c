package kafkatest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// libsVariable names the directory of Kafka's jars.
const libsVariable = "ATLAS_KAFKA_LIBS"

// ErrNotInstalled reports that Apache Kafka's jars or Java are missing; the error's text says how to install them.
var ErrNotInstalled = errors.New("cannot run Apache Kafka")

// installation is what a broker needs to run.
type installation struct {
	java      string
	classpath string
}

func findInstallation(libs string) (installation, error) {
	libs, err := libsDir(libs)
	if err != nil {
		return installation{}, err
	}
	brokers, err := filepath.Glob(filepath.Join(libs, "kafka_2.1*.jar"))
	if err != nil {
		return installation{}, fmt.Errorf("%s is %q: %w", libsVariable, libs, err)
	}
	switch len(brokers) {
	case 0:
		return installation{}, fmt.Errorf("%w: there are no jars in %s: type `make kafka` at the root of the repository", ErrNotInstalled, libs)
	case 1:
	default:
		return installation{}, fmt.Errorf("%w: %s has %d versions of it: remove it and type `make kafka`", ErrNotInstalled, libs, len(brokers))
	}
	java, err := findJava()
	return installation{java: java, classpath: filepath.Join(libs, "*")}, err
}

func findJava() (string, error) {
	java := "java"
	if home := os.Getenv("JAVA_HOME"); home != "" {
		java = filepath.Join(home, "bin", java)
	}
	found, err := exec.LookPath(java)
	if err != nil {
		return "", fmt.Errorf("%w: Java 17 or later is missing (in JAVA_HOME or the PATH): %w", ErrNotInstalled, err)
	}
	return found, nil
}

func libsDir(given string) (string, error) {
	if given == "" {
		given = os.Getenv(libsVariable)
	}
	if given != "" {
		return filepath.Abs(given)
	}
	root, err := repositoryRoot()
	return filepath.Join(root, ".cache", "kafka"), err
}

// repositoryRoot is the nearest directory above that has a go.work: tests run in the directory of their package.
func repositoryRoot() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.work")); err == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", fmt.Errorf("%w: neither is %s set, nor has %s a go.work above it", ErrNotInstalled, libsVariable, start)
		}
	}
}
