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
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"showtime/internal/store/mototest"
	"showtime/internal/store/storetest"
	"showtime/lifecycle"
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
	client := &oneAtATime{Client: dynamodb.NewFromConfig(mototest.Start(t))}
	keys := mototest.Template(t, `KeySchema:\s*- \{AttributeName: (\w+), KeyType: HASH\}\s*- \{AttributeName: (\w+), KeyType: RANGE\}`)
	if ttl := mototest.Template(t, `TimeToLiveSpecification: \{AttributeName: (\w+), Enabled: true\}`)[0]; ttl != attrExpires {
		t.Errorf("the table's items expire by %s, the store writes %s", ttl, attrExpires)
	}
	var tables atomic.Int64
	storetest.Run(t, func(t *testing.T, clock *storetest.Clock) lifecycle.Store {
		t.Helper()
		name := fmt.Sprint("table-", tables.Add(1))
		client.mu.Lock()
		defer client.mu.Unlock()
		_, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
			TableName: &name, BillingMode: types.BillingModePayPerRequest,
			AttributeDefinitions: []types.AttributeDefinition{
				{AttributeName: aws.String(keys[0]), AttributeType: types.ScalarAttributeTypeS},
				{AttributeName: aws.String(keys[1]), AttributeType: types.ScalarAttributeTypeS},
			},
			KeySchema: []types.KeySchemaElement{
				{AttributeName: aws.String(keys[0]), KeyType: types.KeyTypeHash},
				{AttributeName: aws.String(keys[1]), KeyType: types.KeyTypeRange},
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		return New(client, name, clock.Now)
	})
}
