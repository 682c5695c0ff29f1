package dynamostore

import (
	"context"
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/google/go-cmp/cmp"

	"showtime/internal/store"
)

// described is a DynamoDB that describes one table.
type described struct {
	table   *types.TableDescription
	ttl     *types.TimeToLiveDescription
	backups *types.ContinuousBackupsDescription
	err     error
}

func (d described) DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error) {
	return &dynamodb.DescribeTableOutput{Table: d.table}, d.err
}

func (d described) DescribeTimeToLive(context.Context, *dynamodb.DescribeTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTimeToLiveOutput, error) {
	return &dynamodb.DescribeTimeToLiveOutput{TimeToLiveDescription: d.ttl}, d.err
}

func (d described) DescribeContinuousBackups(context.Context, *dynamodb.DescribeContinuousBackupsInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeContinuousBackupsOutput, error) {
	return &dynamodb.DescribeContinuousBackupsOutput{ContinuousBackupsDescription: d.backups}, d.err
}

func TestInspector_facts(t *testing.T) {
	t.Parallel()
	d := described{table: &types.TableDescription{
		TableStatus:          types.TableStatusUpdating,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("n"), AttributeType: "N"}, {AttributeName: aws.String("id"), AttributeType: "S"}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}, {AttributeName: aws.String("n"), KeyType: "RANGE"}},
	}}
	got, err := NewInspector(d, "t").Facts(t.Context())
	if diff := cmp.Diff(store.Facts{Active: true, Keys: []string{"id HASH S", "n RANGE N"}}, got); diff != "" || err != nil {
		t.Errorf("%v; facts (-want +got):\n%s", err, diff)
	}
	d.table.TableStatus = types.TableStatusDeleting
	d.table.BillingModeSummary = &types.BillingModeSummary{BillingMode: types.BillingModePayPerRequest}
	if got, err := NewInspector(d, "t").Facts(t.Context()); err != nil || got.Active || !got.OnDemand {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := NewInspector(described{}, "t").Facts(t.Context()); err == nil {
		t.Error("an answer about no table is no error")
	}
}

func TestInspector_expiry_and_recovery(t *testing.T) {
	t.Parallel()
	ttl := func(status types.TimeToLiveStatus) *types.TimeToLiveDescription {
		return &types.TimeToLiveDescription{AttributeName: aws.String("expires_at"), TimeToLiveStatus: status}
	}
	backups := func(status types.PointInTimeRecoveryStatus) *types.ContinuousBackupsDescription {
		return &types.ContinuousBackupsDescription{PointInTimeRecoveryDescription: &types.PointInTimeRecoveryDescription{PointInTimeRecoveryStatus: status}}
	}
	tests := []struct {
		name string
		d    described
		by   string
		on   bool
	}{
		{"on", described{ttl: ttl(types.TimeToLiveStatusEnabled), backups: backups(types.PointInTimeRecoveryStatusEnabled)}, "expires_at", true},
		{"being_turned_on", described{ttl: ttl(types.TimeToLiveStatusEnabling)}, "expires_at", false},
		{"off", described{ttl: ttl(types.TimeToLiveStatusDisabled), backups: backups(types.PointInTimeRecoveryStatusDisabled)}, "", false},
		{"unsaid", described{backups: &types.ContinuousBackupsDescription{}}, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i := NewInspector(tt.d, "t")
			by, err := i.Expiry(t.Context())
			on, fault := i.Recoverable(t.Context())
			if by != tt.by || on != tt.on || err != nil || fault != nil {
				t.Errorf("expires by %q, recoverable %t, %v, %v", by, on, err, fault)
			}
		})
	}
}

// Who may not look must not be told that it is off.
func TestInspector_faults(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	i := NewInspector(described{err: down}, "t")
	_, facts := i.Facts(t.Context())
	_, expiry := i.Expiry(t.Context())
	_, recovery := i.Recoverable(t.Context())
	for _, err := range []error{facts, expiry, recovery} {
		if !errors.Is(err, down) {
			t.Errorf("err = %v", err)
		}
	}
}
