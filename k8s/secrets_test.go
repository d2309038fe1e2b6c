package k8s

import (
	"encoding/base64"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"sigs.k8s.io/yaml"
)

var secretRules = []rule{
	{
		"only a trial has secrets, which say that they are none", ownSecretFaults,
		change{"overlays/dev", "Secret", "atlas-stream-peers", `{op: replace, path: /data/key, value: c2VjcmV0}`},
	},
	{
		"nothing but a Secret has a secret in it", hiddenSecretFaults,
		change{production, "ConfigMap", "atlas-stream", `{op: add, path: /data/JAAS, value: 'ScramLoginModule required username="gateway" password="hunter2";'}`},
	},
}

func ownSecretFaults(_ *testing.T, in manifests) (faults []string) {
	for name, secret := range in.secrets {
		for key, value := range secret {
			if !in.isTrial() || !strings.HasPrefix(string(value), "throw-away-") {
				faultf(&faults, "Secret %s has %s", name, key)
			}
		}
	}
	return faults
}

func hiddenSecretFaults(_ *testing.T, in manifests) (faults []string) {
	for _, object := range in.objects {
		for _, name := range secretsIn(object) {
			faultf(&faults, "%v %v has a secret in %s", object["kind"], object["metadata"].(map[string]any)["name"], name)
		}
	}
	return faults
}

// secretsIn names the texts of an object that have a secret in them, but for the data of a Secret.
func secretsIn(object map[string]any) (names []string) {
	object = maps.Clone(object)
	if object["kind"] == "Secret" {
		delete(object, "data")
		delete(object, "stringData")
	}
	eachText("", object, func(name, text string) {
		if hasSecret(name, text) {
			names = append(names, name)
		}
	})
	slices.Sort(names)
	return names
}

// eachText gives each text of a tree with its name: that of its field or variable, or the flag before it in a list of arguments.
func eachText(name string, tree any, found func(name, text string)) {
	switch tree := tree.(type) {
	case string:
		found(name, tree)
	case []any:
		for i, part := range tree {
			eachText(nameInList(name, tree[:i]), part, found)
		}
	case map[string]any:
		for field, part := range tree {
			if variable, has := tree["name"].(string); has && field == "value" {
				field = variable
			}
			eachText(field, part, found)
		}
	}
}

func nameInList(list string, before []any) string {
	if len(before) == 0 {
		return list
	}
	if flag, is := before[len(before)-1].(string); is && strings.HasPrefix(flag, "-") && !strings.ContainsAny(flag, "= ") {
		return flag
	}
	return list
}

// nameOfSecret ends the names of passwords and the like, and not those of their files.
const nameOfSecret = `(?:password|passwd|passphrase|(?:^|[^a-z])pass|secret|token|credentials?|[_-]key|authorization)`

// secretPatterns find secrets in "name=text" as their group, if it is no reference.
var secretPatterns = []*regexp.Regexp{
	// properties, JAAS, JSON, YAML, flags, variables and headers
	regexp.MustCompile(`(?i)` + nameOfSecret + `["']?[ \t]*[=:][ \t]*["']?(?:(?:bearer|basic)[ \t]+)?([^\s"',;]+)`),
	regexp.MustCompile(`(?i)--[a-z-]*` + nameOfSecret + `[ \t]+["']?([^\s"'-][^\s"']*)`), // in a command for a shell
	regexp.MustCompile(`\buser_\w+[ \t]*=[ \t]*"([^"]+)"`),                               // JAAS of a broker
	regexp.MustCompile(`"auth"\s*:\s*"([^"]+)"`),                                         // a registry of images
	regexp.MustCompile(`://[^\s/:@]*:([^\s/@]+)@`),
	regexp.MustCompile(`-----BEGIN ([A-Z ]*PRIVATE KEY)-----`),
	regexp.MustCompile(`\b((?:AKIA|ASIA)[0-9A-Z]{16})\b`),             // AWS
	regexp.MustCompile(`\b(eyJ[\w-]{8,}\.eyJ[\w-]{8,}\.[\w-]+)`),      // a JSON web token
	regexp.MustCompile(`\b(gh[pousr]_\w{36,}|xox[abprs]-[\w-]{10,})`), // GitHub, Slack
}

// reference is what a program or Kubernetes replaces by a secret from elsewhere, or no text at all.
var reference = regexp.MustCompile(`^(\$[({].*|\{\{.*|\$[A-Za-z_]\w*|true|false|null|none)$`)

func hasSecret(name, text string) bool {
	for _, searched := range []string{name + "=" + text, decoded(text)} {
		for _, pattern := range secretPatterns {
			for _, match := range pattern.FindAllStringSubmatch(searched, -1) {
				if !reference.MatchString(match[1]) {
					return true
				}
			}
		}
	}
	return false
}

// decoded is what a text in base64 says; it is empty if that is none.
func decoded(text string) string {
	plain, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || !utf8.Valid(plain) {
		return ""
	}
	return string(plain)
}

// parsed is the tree of an object in YAML.
func parsed(t *testing.T, text []byte) (tree map[string]any) {
	t.Helper()
	if err := yaml.Unmarshal(text, &tree); err != nil {
		t.Fatal(err)
	}
	return tree
}

const jaas = `org.apache.kafka.common.security.scram.ScramLoginModule required`

func TestSecretsAreFoundWhereverTheyAre(t *testing.T) {
	for what, manifest := range map[string]string{
		"JAAS in a variable":          `env: [{name: KAFKA_SASL_JAAS_CONFIG, value: '` + jaas + ` username="u" password="hunter2";'}]`,
		"JAAS in a file of settings":  "kind: ConfigMap\ndata:\n  client.properties: |\n    a=b\n    sasl.jaas.config: " + jaas + ` username='u' password='hunter2';`,
		"users of a broker's JAAS":    `environment: {KAFKA_JAAS: 'PlainLoginModule required user_gateway="hunter2";'}`,
		"password of a key store":     "kind: ConfigMap\ndata: {server.properties: \"ssl.protocol=TLS\\nssl.keystore.password = hunter2\\n\"}",
		"setting":                     `{kind: ConfigMap, data: {ATLAS_KAFKA_PASSWORD: hunter2}}`,
		"peers' key":                  `{kind: ConfigMap, data: {ATLAS_PEER_KEY: hunter2}}`,
		"variable":                    `env: [{name: POD, value: a}, {name: REGISTRY_TOKEN, value: hunter2}]`,
		"variable of compose":         `environment: {MYSQL_PASS: hunter2}`,
		"list of variables":           `environment: ["A=b", "DB_PASSWORD=hunter2"]`,
		"argument":                    `args: ["--listen=:8080", "--kafka-password=hunter2"]`,
		"argument after its flag":     `args: [serve, --kafka-password, hunter2]`,
		"key as an argument":          `args: ["--peer-key=hunter2"]`,
		"command for a shell":         `command: [sh, -c, "exec /gateway --listen :8080 --kafka-password 'hunter2'"]`,
		"SCRAM user":                  `command: [sh, -c, "kafka-configs.sh --alter --add-config 'SCRAM-SHA-512=[iterations=8192,password=hunter2]'"]`,
		"health check with a header":  `test: [CMD, curl, -H, "Authorization: Bearer hunter2", "http://localhost"]`,
		"probe with a header":         `httpHeaders: [{name: Authorization, value: Basic aHVudGVyMg==}]`,
		"URL":                         `args: ["--proxy=http://user:hunter2@proxy:3128"]`,
		"JSON in a ConfigMap":         `{kind: ConfigMap, data: {sources.json: '[{"name": "controller", "token": "hunter2"}]'}}`,
		"YAML in a ConfigMap":         "kind: ConfigMap\ndata:\n  config.yaml: |\n    user: u\n    password: hunter2\n",
		"access to images":            `{kind: ConfigMap, data: {config.json: '{"auths": {"ghcr.io": {"auth": "dTpodW50ZXIy"}}}'}}`,
		"private key":                 "kind: ConfigMap\ndata:\n  tls.pem: |\n    -----BEGIN EC PRIVATE KEY-----\n    MHcCAQEEIA==\n    -----END EC PRIVATE KEY-----\n",
		"file in base64":              `{kind: ConfigMap, binaryData: {a: ` + base64.StdEncoding.EncodeToString([]byte("user=u\npassword=hunter2\n")) + `}}`,
		"access key of AWS":           `env: [{name: ID, value: AKIAIOSFODNN7EXAMPLE}]`,
		"JSON web token":              `annotations: {note: "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0wMTIz.c2lnbmF0dXJl"}`,
		"annotation":                  `metadata: {annotations: {last-applied: '{"stringData":{"password":"hunter2"}}'}}`,
		"annotation of a Secret":      `{kind: Secret, metadata: {annotations: {last-applied: '{"stringData":{"password":"hunter2"}}'}}}`,
		"field of a kind of somebody": `{kind: KafkaConnect, spec: {authentication: {type: plain, password: hunter2}}}`,
	} {
		if got := secretsIn(parsed(t, []byte(manifest))); len(got) != 1 {
			t.Errorf("%s: secrets are found in %q, want one\n%s", what, got, manifest)
		}
	}
}

func TestWhatIsNoSecretIsNotFound(t *testing.T) {
	for what, manifest := range map[string]string{
		"data of a Secret, for which there is a rule": `{kind: Secret, data: {password: aHVudGVyMg==}, stringData: {token: hunter2}}`,
		"name of a Secret and a key of it":            `env: [{name: PASSWORD, valueFrom: {secretKeyRef: {name: atlas-gateway, key: password}}}]`,
		"volume of a Secret":                          `volumes: [{name: token, secret: {secretName: atlas-gateway, items: [{key: password, path: password}]}}]`,
		"file":                                        `{kind: ConfigMap, data: {ATLAS_KAFKA_PASSWORD_FILE: /etc/atlas/kafka-user/password, ATLAS_PEER_KEY_FILE: /etc/key}}`,
		"argument that names a file":                  `args: ["--kafka-password-file=/keys/password", --kafka-token-file, /run/token]`,
		"reference to a variable":                     `args: ["--kafka-password=$(PASSWORD)", --token, "$(TOKEN)", "Authorization: Bearer ${TOKEN}"]`,
		"variable of a shell":                         `command: [sh, -c, "kafka-configs.sh --password $PASSWORD"]`,
		"JAAS without a password":                     `environment: {JAAS: '` + jaas + `;'}`,
		"empty setting":                               "kind: ConfigMap\ndata: {ATLAS_KAFKA_PASSWORD: \"\", client.properties: \"password=\\nuser=u\\n\"}",
		"field":                                       `automountServiceAccountToken: false`,
		"address with a port":                         `args: ["--kafka=kafka-1:9092,kafka-2:9092", "http://user@host:80/a:b@c"]`,
		"program":                                     "kind: ConfigMap\ndata:\n  token.py: |\n    token, _ = provider.generate_auth_token(region)\n    BETWEEN_TOKENS = 300\n",
		"certificate":                                 "kind: ConfigMap\ndata:\n  ca.crt: |\n    -----BEGIN CERTIFICATE-----\n    MIIB\n    -----END CERTIFICATE-----\n",
	} {
		if got := secretsIn(parsed(t, []byte(manifest))); len(got) != 0 {
			t.Errorf("%s: secrets are found in %q\n%s", what, got, manifest)
		}
	}
}

func TestTextsOfASecretAreLookedAt(t *testing.T) {
	withText := change{"overlays/dev", "Secret", "atlas-stream-peers", `{op: add, path: /stringData, value: {token: hunter2}}`}
	if faults := ownSecretFaults(t, withText.apply(t)); len(faults) != 1 || !strings.Contains(faults[0], "token") {
		t.Errorf("got the faults %q, want one of the token", faults)
	}
}
