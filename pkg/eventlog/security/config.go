package security

// Mechanism is one of SASL, in lower case.
type Mechanism string

// The mechanisms that Kafka and we have in common.
const (
	None        Mechanism = ""
	Plain       Mechanism = "plain"
	SCRAMSHA256 Mechanism = "scram-sha-256"
	SCRAMSHA512 Mechanism = "scram-sha-512"
	OAuthBearer Mechanism = "oauthbearer"
)

// Config says how brokers are reached. The zero value is neither encrypted nor authenticated.
type Config struct {
	TLS        bool
	CA         string // file with PEM certificates of authorities that brokers' certificates come from; the system's unless given
	Cert, Key  string // files, PEM, of the certificate by which brokers know us; both or none
	ServerName string // that brokers' certificates are for; the name by which each is reached unless given

	SASL         Mechanism
	User         string // of plain and scram
	Password     string // likewise, or in a file
	PasswordFile string
	TokenFile    string // of oauthbearer, a JSON Web Token
}
