package security

import (
	"errors"
	"fmt"
	"slices"
)

// Mechanism is one of SASL, in lower case.
type Mechanism string

// The mechanisms that both Kafka and this package support.
const (
	None        Mechanism = ""
	Plain       Mechanism = "plain"
	SCRAMSHA256 Mechanism = "scram-sha-256"
	SCRAMSHA512 Mechanism = "scram-sha-512"
	OAuthBearer Mechanism = "oauthbearer"
)

// Config says how to connect to brokers. The zero value uses neither encryption nor authentication.
type Config struct {
	TLS        bool
	CA         string // file with PEM certificates of the authorities of brokers' certificates; default the system's
	Cert, Key  string // PEM files of the client's certificate; both or none
	ServerName string // of brokers' certificates; default the host of each address

	SASL         Mechanism
	User         string // of plain and scram
	Password     string // likewise, or in a file
	PasswordFile string
	TokenFile    string // of oauthbearer, a JSON Web Token
}

// FieldError is a fault of one of the fields.
type FieldError struct {
	Field string // in lower case and with hyphens: ca, server-name
	Err   error
}

func (e *FieldError) Error() string { return e.Field + ": " + e.Err.Error() }

// Unwrap returns the fault.
func (e *FieldError) Unwrap() error { return e.Err }

// Validate joins the Faults.
func (c Config) Validate() error {
	var faults []error
	for _, fault := range c.Faults() {
		faults = append(faults, fault)
	}
	return errors.Join(faults...)
}

// Faults returns all faults of the configuration and of its files, which it reads.
func (c Config) Faults() []*FieldError {
	faults := slices.Concat(c.checkTLS(), c.checkSASL())
	return slices.DeleteFunc(faults, func(fault *FieldError) bool { return fault == nil })
}

func (c Config) checkTLS() []*FieldError {
	switch {
	case !c.TLS:
		const other = "tls"
		return []*FieldError{
			needs("ca", c.CA, other), needs("cert", c.Cert, other), needs("key", c.Key, other), needs("server-name", c.ServerName, other),
		}
	case (c.Cert == "") != (c.Key == ""):
		return []*FieldError{{"cert", errors.New("want a certificate and its key, or neither; got one of them")}}
	default:
		return []*FieldError{readable("ca", c.CA, c.readCA), readable("cert", c.Cert, c.readCert)}
	}
}

func (c Config) checkSASL() []*FieldError {
	switch c.SASL {
	case None:
		const other = "sasl"
		return append(c.needPassword(other), needs("token-file", c.TokenFile, other))
	case Plain, SCRAMSHA256, SCRAMSHA512:
		return append(c.checkUser(), needs("token-file", c.TokenFile, "sasl oauthbearer"))
	case OAuthBearer:
		return append(c.needPassword("sasl plain or scram"), c.checkToken())
	default:
		return []*FieldError{{"sasl", fmt.Errorf("got %q, want plain, scram-sha-256, scram-sha-512 or oauthbearer", c.SASL)}}
	}
}

func (c Config) needPassword(other string) []*FieldError {
	return []*FieldError{needs("user", c.User, other), needs("password", c.Password, other), needs("password-file", c.PasswordFile, other)}
}

func (c Config) checkUser() (faults []*FieldError) {
	if c.User == "" {
		faults = append(faults, &FieldError{"user", fmt.Errorf("got none, but %s wants one", c.SASL)})
	}
	if (c.Password == "") == (c.PasswordFile == "") {
		faults = append(faults, &FieldError{"password", fmt.Errorf("%s wants one, either by itself or in a file", c.SASL)})
	}
	return append(faults, readable("password-file", c.PasswordFile, c.readPassword))
}

func (c Config) checkToken() *FieldError {
	if c.TokenFile == "" {
		return &FieldError{"token-file", fmt.Errorf("got none, but %s wants one", c.SASL)}
	}
	return readable("token-file", c.TokenFile, c.readToken)
}

// needs refuses a value that has no meaning without another one.
func needs(field, value, other string) *FieldError {
	if value == "" {
		return nil
	}
	return &FieldError{field, fmt.Errorf("means nothing without %s", other)}
}

// readable refuses a file that is given but cannot be read.
func readable[T any](field, file string, read func() (T, error)) *FieldError {
	if file == "" {
		return nil
	}
	if _, err := read(); err != nil {
		return &FieldError{field, err}
	}
	return nil
}
