package k8s

import (
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
)

var networkRules = []rule{
	{
		"nothing is reached that need not be", ingressFaults,
		change{production, "NetworkPolicy", "gateway", `{op: add, path: /spec/ingress/1/from/-, value: {namespaceSelector: {}}}`},
	},
	{
		"pods reach names and Kafka only, and gateways each other", egressFaults,
		change{"base", "NetworkPolicy", "dns", `{op: remove, path: /spec/egress/0/ports}`},
	},
	{
		"pods are let through to Kafka where it is", kafkaEgressFaults,
		change{production, "NetworkPolicy", "kafka-clients", `{op: replace, path: /spec/egress/0/ports/0/port, value: 9092}`},
	},
}

// party is one end of a connection: a pod, with its labels and those of its namespace, or else an address.
type party struct {
	name      string
	pod       labels.Set
	namespace labels.Set
	isInside  bool // whether its namespace is that of the manifests
	address   netip.Addr
}

// outsiders are in other namespaces, or in none.
var outsiders = []party{
	{name: "a stranger in another namespace", pod: labels.Set{"app": "stranger"}, namespace: namespaceNamed("default")},
	{name: "Prometheus", pod: labels.Set{"app": "prometheus"}, namespace: namespaceNamed("monitoring")},
	{name: "a proxy", pod: labels.Set{"app": "proxy"}, namespace: namespaceNamed("ingress")},
	{name: "a proxy of Envoy Gateway", pod: labels.Set{"app": "proxy"}, namespace: namespaceNamed("envoy-gateway-system")},
	{name: "a source", pod: labels.Set{"app": "source"}, namespace: labels.Set{"atlas-stream/sources": "true"}},
	{name: "a load balancer of Google", address: netip.MustParseAddr("35.191.0.5")},
	{name: "a load balancer of Amazon", address: netip.MustParseAddr("10.0.1.5")},
	{name: "the Internet", address: netip.MustParseAddr("198.51.100.7")},
}

func namespaceNamed(name string) labels.Set { return labels.Set{corev1.LabelMetadataName: name} }

// insiders are a pod of each workload, and one that is none of ours.
func (m *manifests) insiders() []party {
	all := []party{{name: "a stranger beside it", pod: labels.Set{"app": "stranger"}, isInside: true}}
	for _, workload := range m.workloads {
		all = append(all, party{name: workload.name, pod: workload.template.Labels, isInside: true})
	}
	return all
}

// reached says by its name and that of its port who may reach a workload, besides everybody within the namespace where "inside" is among them.
var reached = map[string][]string{
	"gateway/http":    {"a proxy"},
	"gateway/peer":    {"gateway"},
	"gateway/admin":   {"Prometheus"},
	"collector/http":  {"inside", "a source"},
	"collector/grpc":  {"inside", "a source"},
	"collector/admin": {"Prometheus"},
	"kafka/kafka":     {"gateway", "collector", "simulate", "kafka"},
}

// reachedIn is what differs in a build. Clients come from anywhere in the base.
var reachedIn = map[string]map[string][]string{
	"base":             {"gateway/http": {"everybody"}},
	"overlays/dev":     {"gateway/http": {"everybody"}},
	"components/envoy": {"gateway/http": {"a proxy of Envoy Gateway"}},
	"examples/site":    {"gateway/http": {"a proxy of Envoy Gateway"}},
	"components/gke":   {"gateway/http": {"a load balancer of Google"}, "gateway/admin": {"Prometheus", "a load balancer of Google"}},
	"components/aws":   {"gateway/http": {"a load balancer of Amazon"}, "gateway/admin": {"Prometheus", "a load balancer of Amazon"}},
}

func ingressFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	expected := maps.Clone(reached)
	maps.Copy(expected, reachedIn[in.build])
	for _, workload := range in.workloads {
		for _, port := range workload.template.Spec.Containers[0].Ports {
			for _, from := range slices.Concat(in.insiders(), outsiders) {
				who := expected[workload.name+"/"+port.Name]
				want := slices.Contains(who, from.name) || from.isInside && slices.Contains(who, "inside") || slices.Contains(who, "everybody")
				if got := in.admits(t, workload, from, port); got != want {
					faultf(&faults, "%s reaches port %s of %s: %t, want %t", from.name, port.Name, workload.name, got, want)
				}
			}
		}
	}
	return faults
}

// admits tells whether policies let somebody through to a port of a workload.
func (m *manifests) admits(t *testing.T, workload workload, from party, port corev1.ContainerPort) bool {
	t.Helper()
	isOpen := true
	for _, policy := range m.policiesOf(t, workload, networkingv1.PolicyTypeIngress) {
		isOpen = false
		for _, rule := range policy.Spec.Ingress {
			if includesParty(t, rule.From, from) && includesPort(rule.Ports, port) {
				return true
			}
		}
	}
	return isOpen
}

func (m *manifests) policiesOf(t *testing.T, workload workload, direction networkingv1.PolicyType) []*networkingv1.NetworkPolicy {
	t.Helper()
	return slices.DeleteFunc(slices.Clone(m.policies), func(policy *networkingv1.NetworkPolicy) bool {
		chooses := fromLabels(t, &policy.Spec.PodSelector).Matches(labels.Set(workload.template.Labels))
		return !chooses || !slices.Contains(policy.Spec.PolicyTypes, direction)
	})
}

// includesParty tells whether somebody is among those of a rule; an empty list is everybody.
func includesParty(t *testing.T, list []networkingv1.NetworkPolicyPeer, who party) bool {
	t.Helper()
	return len(list) == 0 || slices.ContainsFunc(list, func(peer networkingv1.NetworkPolicyPeer) bool {
		if peer.IPBlock != nil {
			return who.address.IsValid() && netip.MustParsePrefix(peer.IPBlock.CIDR).Contains(who.address)
		}
		return !who.address.IsValid() && selects(t, peer.PodSelector, who.pod) &&
			(peer.NamespaceSelector == nil && who.isInside || peer.NamespaceSelector != nil && selects(t, peer.NamespaceSelector, who.namespace))
	})
}

// selects takes a selector that is missing to select everything.
func selects(t *testing.T, selector *metav1.LabelSelector, set labels.Set) bool {
	t.Helper()
	return selector == nil || fromLabels(t, selector).Matches(set)
}

// includesPort is for ports of TCP, as all are.
func includesPort(list []networkingv1.NetworkPolicyPort, port corev1.ContainerPort) bool {
	return len(list) == 0 || slices.ContainsFunc(list, func(allowed networkingv1.NetworkPolicyPort) bool {
		if allowed.Protocol != nil && *allowed.Protocol != corev1.ProtocolTCP || port.Protocol == corev1.ProtocolUDP {
			return false
		}
		return allowed.Port == nil || *allowed.Port == intstr.FromString(port.Name) || *allowed.Port == intstr.FromInt32(port.ContainerPort)
	})
}

// beyondKafka are ports that pods of a build may reach besides.
var beyondKafka = map[string][]string{"components/msk-iam": {"443"}}

func egressFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	for _, workload := range in.workloads {
		policies := in.policiesOf(t, workload, networkingv1.PolicyTypeEgress)
		if len(policies) == 0 {
			faultf(&faults, "%s reaches everything", workload.name)
		}
		allowed := append([]string{"53", in.kafkaPort()}, beyondKafka[in.build]...)
		if workload.name == "gateway" {
			allowed = append(allowed, "peer")
		}
		if got := egressPorts(policies); !slices.Equal(got, sorted(allowed)) {
			faultf(&faults, "%s reaches the ports %v, want %v", workload.name, got, sorted(allowed))
		}
	}
	return faults
}

// egressPorts are all ports that policies let pods reach anywhere; "all" is among them if a rule has none.
func egressPorts(policies []*networkingv1.NetworkPolicy) (all []string) {
	for _, policy := range policies {
		for _, rule := range policy.Spec.Egress {
			if len(rule.Ports) == 0 {
				all = append(all, "all")
			}
			for _, port := range rule.Ports {
				all = append(all, port.Port.String())
			}
		}
	}
	return sorted(all)
}

func sorted(list []string) []string { return slices.Compact(slices.Sorted(slices.Values(list))) }

// kafkaPort is the port of the setting --kafka.
func (m *manifests) kafkaPort() string {
	for _, settings := range m.settings {
		if brokers := settings["ATLAS_KAFKA"]; brokers != "" {
			return brokers[strings.LastIndex(brokers, ":")+1:]
		}
	}
	return ""
}

// kafkaEgressFaults wants pods that know where Kafka is to be let through there: anywhere in the base, elsewhere not to the whole world.
func kafkaEgressFaults(t *testing.T, in manifests) (faults []string) {
	t.Helper()
	for _, workload := range in.workloads {
		if len(workload.template.Spec.Containers[0].EnvFrom) == 0 {
			continue
		}
		to := in.kafkaRules(t, workload)
		if len(to) == 0 {
			faultf(&faults, "%s does not reach port %s", workload.name, in.kafkaPort())
		}
		for _, rule := range to {
			if len(rule.To) == 0 && in.build != "base" {
				faultf(&faults, "%s reaches port %s of everybody", workload.name, in.kafkaPort())
			}
		}
	}
	return faults
}

func (m *manifests) kafkaRules(t *testing.T, workload workload) (rules []networkingv1.NetworkPolicyEgressRule) {
	t.Helper()
	for _, policy := range m.policiesOf(t, workload, networkingv1.PolicyTypeEgress) {
		for _, rule := range policy.Spec.Egress {
			if slices.ContainsFunc(rule.Ports, func(port networkingv1.NetworkPolicyPort) bool { return *port.Port == intstr.Parse(m.kafkaPort()) }) {
				rules = append(rules, rule)
			}
		}
	}
	return rules
}
