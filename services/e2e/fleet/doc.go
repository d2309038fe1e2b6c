// Package fleet tests several gateways behind a load balancer, which come and go under load. It has no code itself, and its tests take minutes: make fleet
// runs them, and prints a table of what they measure. For trying: go test -tags fleet ./services/e2e/fleet -duration 20s -clients 100
package fleet
