package security

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
