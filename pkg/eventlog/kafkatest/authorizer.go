package kafkatest

import (
	"context"
	"testing"

	"github.com/twmb/franz-go/pkg/kmsg"
)

// Authorizer returns the properties of a cluster whose users have no rights until they are allowed. Clients of the open listener have all rights.
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
	ctx, cancel := context.WithTimeout(t.Context(), plainTimeout)
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
	if err := poll(ctx, nil, func(ctx context.Context) bool { return p.allows(ctx, request.Creations) }); err != nil {
		t.Fatalf("allow %s %v: the brokers do not know of it: %v", user, operations, err)
	}
}

// allows reports whether every broker knows the ACL, which it learns from the controller a little later.
func (p *Plain) allows(ctx context.Context, created []kmsg.CreateACLsRequestCreation) bool {
	for _, broker := range p.client.SeedBrokers() {
		for _, acl := range created {
			request := kmsg.NewPtrDescribeACLsRequest()
			request.ResourceType, request.ResourceName, request.ResourcePatternType = acl.ResourceType, &acl.ResourceName, acl.ResourcePatternType
			request.Principal, request.Operation, request.PermissionType = &acl.Principal, acl.Operation, acl.PermissionType
			response, err := broker.Request(ctx, request)
			if err != nil || len(response.(*kmsg.DescribeACLsResponse).Resources) == 0 {
				return false
			}
		}
	}
	return true
}
