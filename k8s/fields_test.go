package k8s

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// fields are those of kinds whose definitions no module has that can be had: the fields that the manifests use, as the documentation of Strimzi, GKE and
// the AWS Load Balancer Controller has them. Others are refused.
var fields = map[string]func() any{
	"kafka.strimzi.io/v1 Kafka":                         func() any { return &strimziKafka{} },
	"kafka.strimzi.io/v1 KafkaNodePool":                 func() any { return &strimziNodePool{} },
	"kafka.strimzi.io/v1 KafkaTopic":                    func() any { return &strimziTopic{} },
	"kafka.strimzi.io/v1 KafkaUser":                     func() any { return &strimziUser{} },
	"networking.gke.io/v1 GCPBackendPolicy":             func() any { return &gkeBackendPolicy{} },
	"networking.gke.io/v1 HealthCheckPolicy":            func() any { return &gkeHealthCheckPolicy{} },
	"gateway.k8s.aws/v1beta1 LoadBalancerConfiguration": func() any { return &awsLoadBalancer{} },
	"gateway.k8s.aws/v1beta1 TargetGroupConfiguration":  func() any { return &awsTargetGroup{} },
}

// object is what all kinds have.
type object struct {
	metav1.TypeMeta `json:",inline"`
	Metadata        metav1.ObjectMeta `json:"metadata"`
}

// typed is what has a type of its own.
type typed struct {
	Type string `json:"type"`
}

type strimziKafka struct {
	object `json:",inline"`
	Spec   struct {
		Kafka struct {
			Listeners []struct {
				Name           string `json:"name"`
				Port           int    `json:"port"`
				Type           string `json:"type"`
				TLS            bool   `json:"tls"`
				Authentication typed  `json:"authentication"`
			} `json:"listeners"`
			Authorization typed          `json:"authorization"`
			Config        map[string]any `json:"config"`
		} `json:"kafka"`
		EntityOperator struct {
			TopicOperator struct{} `json:"topicOperator"`
			UserOperator  struct{} `json:"userOperator"`
		} `json:"entityOperator"`
	} `json:"spec"`
}

type strimziNodePool struct {
	object `json:",inline"`
	Spec   struct {
		Replicas int      `json:"replicas"`
		Roles    []string `json:"roles"`
		Storage  struct {
			Type    string `json:"type"`
			Volumes []struct {
				ID            int    `json:"id"`
				Type          string `json:"type"`
				Size          string `json:"size"`
				KRaftMetadata string `json:"kraftMetadata"`
			} `json:"volumes"`
		} `json:"storage"`
		Resources corev1.ResourceRequirements `json:"resources"`
	} `json:"spec"`
}

type strimziTopic struct {
	object `json:",inline"`
	Spec   struct {
		Partitions int            `json:"partitions"`
		Replicas   int            `json:"replicas"`
		Config     map[string]any `json:"config"`
	} `json:"spec"`
}

type strimziUser struct {
	object `json:",inline"`
	Spec   struct {
		Authentication typed `json:"authentication"`
		Authorization  struct {
			Type string        `json:"type"`
			ACLs []strimziRule `json:"acls"`
		} `json:"authorization"`
	} `json:"spec"`
}

type strimziRule struct {
	Resource struct {
		Type        string `json:"type"`
		Name        string `json:"name"`
		PatternType string `json:"patternType"`
	} `json:"resource"`
	Operations []string `json:"operations"`
}

// gkeTarget is the Service that a policy of GKE is for.
type gkeTarget struct {
	Group string `json:"group"`
	Kind  string `json:"kind"`
	Name  string `json:"name"`
}

type gkeBackendPolicy struct {
	object `json:",inline"`
	Spec   struct {
		TargetRef gkeTarget `json:"targetRef"`
		Default   struct {
			TimeoutSec         int `json:"timeoutSec"`
			ConnectionDraining struct {
				DrainingTimeoutSec int `json:"drainingTimeoutSec"`
			} `json:"connectionDraining"`
		} `json:"default"`
	} `json:"spec"`
}

type gkeHealthCheckPolicy struct {
	object `json:",inline"`
	Spec   struct {
		TargetRef gkeTarget `json:"targetRef"`
		Default   struct {
			CheckIntervalSec   int `json:"checkIntervalSec"`
			TimeoutSec         int `json:"timeoutSec"`
			HealthyThreshold   int `json:"healthyThreshold"`
			UnhealthyThreshold int `json:"unhealthyThreshold"`
			Config             struct {
				Type            string `json:"type"`
				HTTPHealthCheck struct {
					PortSpecification string `json:"portSpecification"`
					Port              int    `json:"port"`
					RequestPath       string `json:"requestPath"`
				} `json:"httpHealthCheck"`
			} `json:"config"`
		} `json:"default"`
	} `json:"spec"`
}

// awsAttribute is one of a load balancer or of its targets, by Amazon's name.
type awsAttribute struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type awsLoadBalancer struct {
	object `json:",inline"`
	Spec   struct {
		LoadBalancerAttributes []awsAttribute `json:"loadBalancerAttributes"`
	} `json:"spec"`
}

type awsTargetGroup struct {
	object `json:",inline"`
	Spec   struct {
		TargetReference struct {
			Name string `json:"name"`
		} `json:"targetReference"`
		DefaultConfiguration struct {
			TargetType            string         `json:"targetType"`
			TargetGroupAttributes []awsAttribute `json:"targetGroupAttributes"`
			HealthCheckConfig     struct {
				HealthCheckPath         string `json:"healthCheckPath"`
				HealthCheckPort         string `json:"healthCheckPort"`
				HealthCheckInterval     int    `json:"healthCheckInterval"`
				HealthCheckTimeout      int    `json:"healthCheckTimeout"`
				HealthyThresholdCount   int    `json:"healthyThresholdCount"`
				UnhealthyThresholdCount int    `json:"unhealthyThresholdCount"`
			} `json:"healthCheckConfig"`
		} `json:"defaultConfiguration"`
	} `json:"spec"`
}
