//go:build moto

package dynamostore

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/google/go-cmp/cmp"

	"showtime/internal/store"
	"showtime/internal/store/storetest"
	"showtime/lifecycle"
	"showtime/test/moto"
)

// oneAtATime lets one transaction at a time reach moto, which isolates none: on a cancelled one it puts the
// whole table back to what it was before, with whatever others had committed since.
type oneAtATime struct {
	*dynamodb.Client
	mu sync.RWMutex
}

func (c *oneAtATime) TransactWriteItems(ctx context.Context, in *dynamodb.TransactWriteItemsInput, opts ...func(*dynamodb.Options)) (*dynamodb.TransactWriteItemsOutput, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.Client.TransactWriteItems(ctx, in, opts...)
}

func (c *oneAtATime) GetItem(ctx context.Context, in *dynamodb.GetItemInput, opts ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.Client.GetItem(ctx, in, opts...)
}

func (c *oneAtATime) Query(ctx context.Context, in *dynamodb.QueryInput, opts ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.Client.Query(ctx, in, opts...)
}

func TestContract_moto(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	client := &oneAtATime{Client: dynamodb.NewFromConfig(server.Config())}
	var stacks atomic.Int64
	storetest.Run(t, func(t *testing.T, clock *storetest.Clock) lifecycle.Store {
		t.Helper()
		client.mu.Lock()
		defer client.mu.Unlock()
		stack := server.Deploy(t, fmt.Sprint("store-", stacks.Add(1)), nil)
		return New(client, stack.Table, clock.Now)
	})
}

func TestTable_expires_by_what_the_store_writes(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	stack := server.Deploy(t, "ttl", nil)
	out, err := dynamodb.NewFromConfig(server.Config()).DescribeTimeToLive(t.Context(), &dynamodb.DescribeTimeToLiveInput{TableName: &stack.Table})
	if err != nil {
		t.Fatal(err)
	}
	if got := aws.ToString(out.TimeToLiveDescription.AttributeName); got != attrExpires {
		t.Errorf("the table's items expire by %q, the store writes %q", got, attrExpires)
	}
}

// TestInspector_moto: what template.yaml makes is what the doctor calls right.
func TestInspector_moto(t *testing.T) {
	t.Parallel()
	server := moto.Start(t)
	client := dynamodb.NewFromConfig(server.Config())
	stack := server.Deploy(t, "inspected", nil)
	i := NewInspector(client, stack.Table)
	facts, err := i.Facts(t.Context())
	if diff := cmp.Diff(store.Facts{Active: true, Keys: []string{"pk HASH S", "sk RANGE S"}, OnDemand: true}, facts); diff != "" || err != nil {
		t.Errorf("%v; facts (-want +got):\n%s", err, diff)
	}
	if by, err := i.Expiry(t.Context()); by != attrExpires || err != nil {
		t.Errorf("it expires by %q, %v", by, err)
	}
	if on, err := i.Recoverable(t.Context()); !on || err != nil {
		t.Errorf("recoverable: %t, %v", on, err)
	}
	if _, err := NewInspector(client, "none").Facts(t.Context()); err == nil {
		t.Error("there is a table that is not there")
	}
}
