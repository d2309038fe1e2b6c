// Command devkeys makes the keys, certificates and passwords with which docker-compose.yml tries the services, and tells a Kafka cluster of their users. They
// are marked as throw-away, and each folder gets its own, so that no file of this repository has a secret.
//
//	devkeys FOLDER                 makes the files of FOLDER, unless it has all of them: a folder in it for each volume
//	devkeys FOLDER HOST:PORT,…     tells the Kafka there, which knows the certificates, of the users and their rights
//
//	keys.go          the files
//	certificates.go  the certificates among them
//	users.go         the users in Kafka
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"
)

// usersTime is how long Kafka may take to come up.
const usersTime = 3 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "devkeys:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, arguments []string) error {
	switch len(arguments) {
	case 1:
		return makeKeys(arguments[0])
	case 2:
		ctx, cancel := context.WithTimeout(ctx, usersTime)
		defer cancel()
		return tellUsers(ctx, arguments[0], strings.Split(arguments[1], ","))
	default:
		return errors.New("want FOLDER, or FOLDER and HOST:PORT,…")
	}
}
