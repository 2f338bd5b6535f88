package kafka

import (
	"cmp"
	"context"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha512"
	"errors"
	"fmt"
	"slices"

	kafkago "github.com/segmentio/kafka-go"
)

// Grant allows a user one operation on one topic or consumer group, from any host.
type Grant struct {
	User      string    `json:"user"`
	Resource  Resource  `json:"resource"`
	Name      string    `json:"name"`
	Operation Operation `json:"operation"`
}

// Resource is what a grant is about.
type Resource = kafkago.ResourceType

// The resources of grants.
const (
	Topic = kafkago.ResourceTypeTopic
	Group = kafkago.ResourceTypeGroup
)

// Operation is what a grant allows. Read and Write imply the right to describe.
type Operation = kafkago.ACLOperationType

// The operations of grants.
const (
	Read            = kafkago.ACLOperationTypeRead
	Write           = kafkago.ACLOperationTypeWrite
	Describe        = kafkago.ACLOperationTypeDescribe
	DescribeConfigs = kafkago.ACLOperationTypeDescribeConfigs
)

func (g Grant) String() string {
	return fmt.Sprintf("%s: allow %s on %s %s", g.User, g.Operation, g.Resource, g.Name)
}

// Entry is an entry of the cluster's access control.
type Entry struct{ kafkago.ACLEntry }

func (e Entry) String() string {
	return fmt.Sprintf("%s: %s %s on %s %s %s from %s", e.Principal, e.PermissionType, e.Operation, e.ResourcePatternType,
		e.ResourceType, e.ResourceName, e.Host)
}

// CompareGrants orders grants by user, resource, name and operation.
func CompareGrants(a, b Grant) int {
	return cmp.Or(cmp.Compare(a.User, b.User), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Name, b.Name),
		cmp.Compare(a.Operation, b.Operation))
}

const anyHost = "*"

func principal(user string) string { return "User:" + user }

// CompareAccess compares what the cluster grants these users with what it should: it returns the grants that are missing, and
// all else that the users have, denials and patterns among it.
func (c *Client) CompareAccess(ctx context.Context, users []string, want []Grant) (missing []Grant, surplus []Entry, err error) {
	there := map[Grant]bool{}
	for _, user := range users {
		held, err := c.access(ctx, user)
		if err != nil {
			return nil, nil, err
		}
		for _, e := range held {
			if g, plain := grantOf(user, e); plain && slices.Contains(want, g) {
				there[g] = true
			} else {
				surplus = append(surplus, e)
			}
		}
	}
	for _, g := range want {
		if !there[g] {
			missing = append(missing, g)
		}
	}
	return missing, surplus, nil
}

// Grant adds grants; those that exist already stay.
func (c *Client) Grant(ctx context.Context, grants []Grant) error {
	request := &kafkago.CreateACLsRequest{}
	for _, g := range grants {
		request.ACLs = append(request.ACLs, kafkago.ACLEntry{ResourceType: g.Resource, ResourceName: g.Name,
			ResourcePatternType: kafkago.PatternTypeLiteral, Principal: principal(g.User), Host: anyHost, Operation: g.Operation,
			PermissionType: kafkago.ACLPermissionTypeAllow})
	}
	made, err := c.admin.CreateACLs(ctx, request)
	if err == nil {
		err = errors.Join(made.Errors...)
	}
	if err != nil {
		return fmt.Errorf("grant access to kafka: %w", err)
	}
	return nil
}

// Revoke removes entries of the cluster's access control.
func (c *Client) Revoke(ctx context.Context, entries []Entry) error {
	request := &kafkago.DeleteACLsRequest{}
	for _, e := range entries {
		request.Filters = append(request.Filters, kafkago.DeleteACLsFilter{ResourceTypeFilter: e.ResourceType,
			ResourceNameFilter: e.ResourceName, ResourcePatternTypeFilter: e.ResourcePatternType, PrincipalFilter: e.Principal,
			HostFilter: e.Host, Operation: e.Operation, PermissionType: e.PermissionType})
	}
	gone, err := c.admin.DeleteACLs(ctx, request)
	if err != nil {
		return fmt.Errorf("revoke access to kafka: %w", err)
	}
	for _, r := range gone.Results {
		if r.Error != nil {
			return fmt.Errorf("revoke access to kafka: %w", r.Error)
		}
	}
	return nil
}

func grantOf(user string, e Entry) (g Grant, plain bool) {
	return Grant{user, e.ResourceType, e.ResourceName, e.Operation}, e.Host == anyHost &&
		e.PermissionType == kafkago.ACLPermissionTypeAllow && e.ResourcePatternType == kafkago.PatternTypeLiteral
}

// access lists all entries of the cluster's access control about a user.
func (c *Client) access(ctx context.Context, user string) (entries []Entry, err error) {
	found, err := c.admin.DescribeACLs(ctx, &kafkago.DescribeACLsRequest{Filter: kafkago.ACLFilter{
		ResourceTypeFilter: kafkago.ResourceTypeAny, ResourcePatternTypeFilter: kafkago.PatternTypeAny,
		PrincipalFilter: principal(user), Operation: kafkago.ACLOperationTypeAny, PermissionType: kafkago.ACLPermissionTypeAny,
	}})
	if err == nil {
		err = found.Error
	}
	if err != nil {
		return nil, fmt.Errorf("read the access of %s to kafka: %w", user, err)
	}
	for _, r := range found.Resources {
		for _, a := range r.ACLs {
			entries = append(entries, Entry{kafkago.ACLEntry{ResourceType: r.ResourceType, ResourceName: r.ResourceName,
				ResourcePatternType: r.PatternType, Principal: a.Principal, Host: a.Host, Operation: a.Operation,
				PermissionType: a.PermissionType}})
		}
	}
	return entries, nil
}

const scramIterations = 8192

// SetPassword makes the password the user's for SCRAM-SHA-512; the user is created if need be. The brokers never see it.
func (c *Client) SetPassword(ctx context.Context, user, password string) error {
	salt := make([]byte, 32)
	if _, err := rand.Read(salt); err != nil {
		return err
	}
	salted, err := pbkdf2.Key(sha512.New, password, salt, scramIterations, sha512.Size)
	if err != nil {
		return err
	}
	response, err := c.admin.AlterUserScramCredentials(ctx, &kafkago.AlterUserScramCredentialsRequest{
		Upsertions: []kafkago.UserScramCredentialsUpsertion{{Name: user, Mechanism: kafkago.ScramMechanismSha512,
			Iterations: scramIterations, Salt: salt, SaltedPassword: salted}}})
	if err == nil && len(response.Results) > 0 {
		err = response.Results[0].Error
	}
	if err != nil {
		return fmt.Errorf("set the password of %s in kafka: %w", user, err)
	}
	return nil
}
