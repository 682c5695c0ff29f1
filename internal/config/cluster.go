package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
)

// ClusterFile gives the JSON that SHOWTIME_CLUSTER stands for: itself when it is JSON, else the file it names.
func ClusterFile(value string) ([]byte, error) {
	if strings.HasPrefix(value, "{") {
		return []byte(value), nil
	}
	data, err := os.ReadFile(value) //nolint:gosec // the path is the operator's own setting
	if err != nil {
		// The path is left out: it may be JSON, or a secret, gone astray.
		if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
			err = pathErr.Err
		}
		return nil, fmt.Errorf("read cluster file: %w", err)
	}
	return data, nil
}

func (r *reader) clusterName() string {
	v := r.need(varCluster, "the path of the cluster file, or its JSON")
	if v == "" {
		return ""
	}
	data, err := ClusterFile(v)
	if err != nil {
		r.fail(varCluster, "must be the path of the cluster file, or its JSON: "+err.Error())
		return ""
	}
	name, err := nameIn(data)
	if err != nil {
		r.fail(varCluster, err.Error())
		return ""
	}
	return name
}

func nameIn(data []byte) (string, error) {
	var file struct{ Name string }
	if err := json.Unmarshal(data, &file); err != nil || file.Name == "" {
		return "", errors.New("has no name in its JSON")
	}
	return file.Name, nil
}
