package awsemr

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/emr"
	"github.com/aws/aws-sdk-go-v2/service/emr/types"

	"showtime/lifecycle"
)

// template checks what the types do not say.
func (c *checker) template(t *Template) {
	in := &t.input
	c.name(in.Name, t.name)
	c.releaseAndRoles(in)
	c.retired(in)
	c.bounds(in)
	c.logURI(in.LogUri)
	c.tags(in.Tags)
	if in.Instances != nil {
		c.instances(in.Instances)
	}
	c.scaling(in)
}

func (c *checker) name(own *string, name string) {
	path := "$.name"
	if own != nil {
		path = root + ".Name"
		if *own != name {
			c.fail(path, fmt.Sprintf("must be absent or the file's name, %q", name))
		}
	}
	if strings.ContainsAny(name, "<>$|`\r\n\t") || utf8.RuneCountInString(name) > 256 {
		c.fail(path, "must have at most 256 characters, and none of < > $ | ` in it")
	}
}

func (c *checker) releaseAndRoles(in *emr.RunJobFlowInput) {
	label := regexp.MustCompile(`^emr-(spark-)?\d+\.\d+\.\d+$`)
	if in.ReleaseLabel != nil && !label.MatchString(*in.ReleaseLabel) {
		c.fail(root+".ReleaseLabel", "must look like emr-7.14.0 or emr-spark-8.0.0")
	}
	if in.ServiceRole != nil && *in.ServiceRole == "" {
		c.fail(root+".ServiceRole", "must name a role")
	}
	if in.JobFlowRole != nil && *in.JobFlowRole == "" {
		c.fail(root+".JobFlowRole", "must name an instance profile")
	}
}

// retired refuses what EMR has only for releases before 4.0, which the release label excludes.
func (c *checker) retired(in *emr.RunJobFlowInput) {
	if in.AmiVersion != nil {
		c.fail(root+".AmiVersion", "is for releases that are gone; use ReleaseLabel")
	}
	if in.SupportedProducts != nil {
		c.fail(root+".SupportedProducts", "is for releases that are gone; use Applications")
	}
	if in.NewSupportedProducts != nil {
		c.fail(root+".NewSupportedProducts", "is for releases that are gone; use Applications")
	}
}

func (c *checker) bounds(in *emr.RunJobFlowInput) {
	c.within(root+".StepConcurrencyLevel", in.StepConcurrencyLevel, 1, 256)
	c.within(root+".EbsRootVolumeSize", in.EbsRootVolumeSize, 8, 16384)
	c.within(root+".EbsRootVolumeIops", in.EbsRootVolumeIops, 3000, 80000)
	c.within(root+".EbsRootVolumeThroughput", in.EbsRootVolumeThroughput, 125, 2000)
	idle := in.AutoTerminationPolicy
	if idle == nil || idle.IdleTimeout == nil {
		return
	}
	if n := *idle.IdleTimeout; n < 60 || n > 604800 {
		c.fail(root+".AutoTerminationPolicy.IdleTimeout", "must be from 60 to 604800 seconds")
	}
}

func (c *checker) within(path string, n *int32, low, high int32) {
	if n != nil && (*n < low || *n > high) {
		c.fail(path, fmt.Sprintf("must be from %d to %d", low, high))
	}
}

func (c *checker) logURI(uri *string) {
	switch {
	case uri == nil:
		c.warn(root+".LogUri", "is absent: the logs of a failed start are lost with the cluster")
	case !strings.HasPrefix(*uri, "s3://") && !strings.HasPrefix(*uri, "s3n://") && !strings.HasPrefix(*uri, "s3a://"):
		c.fail(root+".LogUri", "must be an S3 location such as s3://bucket/folder/")
	}
}

// maxTags is AWS's limit per resource, less the four that Showtime adds.
const maxTags = 50 - 4

func (c *checker) tags(tags []types.Tag) {
	if len(tags) > maxTags {
		c.fail(root+".Tags", fmt.Sprintf("must have at most %d entries: Showtime adds four of its own", maxTags))
	}
	seen := map[string]bool{}
	for i, tag := range tags {
		path := element(root+".Tags", i)
		if tag.Key != nil {
			c.tagKey(path+".Key", *tag.Key, seen)
		}
		if v := aws.ToString(tag.Value); utf8.RuneCountInString(v) > 256 || !tagText(v) {
			c.fail(path+".Value", "must have at most 256 letters, digits, spaces or _ . : / = + - @")
		}
	}
}

func (c *checker) tagKey(path, key string, seen map[string]bool) {
	lower := strings.ToLower(key)
	switch {
	case key == "" || utf8.RuneCountInString(key) > 128 || !tagText(key):
		c.fail(path, "must have 1 to 128 letters, digits, spaces or _ . : / = + - @")
	case strings.HasPrefix(lower, "aws:"):
		c.fail(path, "must not begin with aws:, which is AWS's own")
	case strings.HasPrefix(lower, lifecycle.TagPrefix):
		c.fail(path, "must not begin with "+lifecycle.TagPrefix+", which Showtime writes itself")
	case seen[key]:
		c.fail(path, "appears twice")
	}
	seen[key] = true
}

func tagText(s string) bool {
	return regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`).MatchString(s)
}
