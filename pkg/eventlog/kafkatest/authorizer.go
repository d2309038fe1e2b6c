package kafkatest

import (
	"context"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Authorizer are properties of a cluster whose users may do nothing until they are allowed to. Whoever comes by the open listener may do everything.
var Authorizer = map[string]string{
	"authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
	"super.users":           "User:ANONYMOUS",
}

// Allow lets a user do operations, such as Read, with all topics whose names begin with a prefix.
func (p *Plain) Allow(t testing.TB, user, prefix string, operations ...string) {
	t.Helper()
	request := kmsg.NewPtrCreateACLsRequest()
	for _, name := range operations {
		operation, err := kmsg.ParseACLOperation(name)
		if err != nil {
			t.Fatal(err)
		}
		request.Creations = append(request.Creations, kmsg.CreateACLsRequestCreation{
			ResourceType: kmsg.ACLResourceTypeTopic, ResourceName: prefix, ResourcePatternType: kmsg.ACLResourcePatternTypePrefixed,
			Principal: "User:" + user, Host: "*", Operation: operation, PermissionType: kmsg.ACLPermissionTypeAllow,
		})
	}
	ctx, cancel := context.WithTimeout(t.Context(), plainPatience)
	defer cancel()
	response, err := request.RequestWith(ctx, p.client)
	if err != nil {
		t.Fatal(err)
	}
	for _, result := range response.Results {
		if result.ErrorCode != 0 {
			t.Fatalf("allow %s %v: %+v", user, operations, result)
		}
	}
}
