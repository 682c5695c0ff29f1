package dynamostore

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"showtime/internal/store"
)

// InspectAPI is what looking at a table's settings needs of DynamoDB.
type InspectAPI interface {
	DescribeTable(ctx context.Context, in *dynamodb.DescribeTableInput, opts ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	DescribeTimeToLive(ctx context.Context, in *dynamodb.DescribeTimeToLiveInput, opts ...func(*dynamodb.Options)) (*dynamodb.DescribeTimeToLiveOutput, error)
	DescribeContinuousBackups(ctx context.Context, in *dynamodb.DescribeContinuousBackupsInput, opts ...func(*dynamodb.Options)) (*dynamodb.DescribeContinuousBackupsOutput, error)
}

var _ InspectAPI = (*dynamodb.Client)(nil)

// Inspector looks at the settings of one table. Each method is one call, for each needs a right of its own.
type Inspector struct {
	client InspectAPI
	table  string
}

// NewInspector makes an Inspector of the table.
func NewInspector(client InspectAPI, table string) *Inspector { return &Inspector{client, table} }

// Facts describes the table.
func (i *Inspector) Facts(ctx context.Context) (store.Facts, error) {
	out, err := i.client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &i.table})
	if err != nil {
		return store.Facts{}, fmt.Errorf("describe table: %w", err)
	}
	if out.Table == nil {
		return store.Facts{}, errors.New("describe table: the answer has no table")
	}
	kinds := map[string]types.ScalarAttributeType{}
	for _, a := range out.Table.AttributeDefinitions {
		kinds[aws.ToString(a.AttributeName)] = a.AttributeType
	}
	f := store.Facts{Active: out.Table.TableStatus == types.TableStatusActive || out.Table.TableStatus == types.TableStatusUpdating}
	for _, k := range out.Table.KeySchema {
		name := aws.ToString(k.AttributeName)
		f.Keys = append(f.Keys, fmt.Sprintf("%s %s %s", name, k.KeyType, kinds[name]))
	}
	if b := out.Table.BillingModeSummary; b != nil { // a table with a capacity of its own need not have one
		f.OnDemand = b.BillingMode == types.BillingModePayPerRequest
	}
	return f, nil
}

// Expiry gives the attribute by which items expire, "" when none do.
func (i *Inspector) Expiry(ctx context.Context) (string, error) {
	out, err := i.client.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &i.table})
	if err != nil {
		return "", fmt.Errorf("describe time to live: %w", err)
	}
	d := out.TimeToLiveDescription
	if d == nil || d.TimeToLiveStatus != types.TimeToLiveStatusEnabled && d.TimeToLiveStatus != types.TimeToLiveStatusEnabling {
		return "", nil
	}
	return aws.ToString(d.AttributeName), nil
}

// Recoverable says whether the table can be restored as it was at a point in time.
func (i *Inspector) Recoverable(ctx context.Context) (bool, error) {
	out, err := i.client.DescribeContinuousBackups(ctx, &dynamodb.DescribeContinuousBackupsInput{TableName: &i.table})
	if err != nil {
		return false, fmt.Errorf("describe continuous backups: %w", err)
	}
	d := out.ContinuousBackupsDescription
	return d != nil && d.PointInTimeRecoveryDescription != nil &&
		d.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus == types.PointInTimeRecoveryStatusEnabled, nil
}
