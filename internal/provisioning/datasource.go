package provisioning

import (
	"slices"
	"strings"
)

type datasourceFile struct {
	Head              `yaml:",inline"`
	DeleteDatasources []struct {
		Name  string `yaml:"name"`
		OrgID int64  `yaml:"orgId"`
	} `yaml:"deleteDatasources"`
	Prune       bool         `yaml:"prune"`
	Datasources []Datasource `yaml:"datasources"`
}

// Datasource is one entry of datasources.
type Datasource struct {
	Name           string         `yaml:"name"`
	UID            string         `yaml:"uid"`
	Type           string         `yaml:"type"`
	Access         string         `yaml:"access"`
	OrgID          int64          `yaml:"orgId"`
	IsDefault      bool           `yaml:"isDefault"`
	Editable       bool           `yaml:"editable"`
	Version        int            `yaml:"version"`
	JSONData       map[string]any `yaml:"jsonData"`
	SecureJSONData map[string]any `yaml:"secureJsonData"`
}

// The keys of src/settings.ts.
var (
	jsonDataKeys = []string{
		"sources", "lake", "authType", "profile", "assumeRoleArn", "externalId", "defaultRegion", "endpoint", "pathStyle", "tlsAuthWithCACert",
		"schedule", "lookbackDays", "bronzeRetentionDays", "silverRetentionDays", "goldRetentionDays",
		"maxRows", "maxQueryMemoryMiB", "queryTimeout", "maxParallelQueries", "etlMemoryMiB",
		"workspaces", "redactCommandText", "redactKeys", "unredactedRole",
	}
	secureKeys = []string{"accessKey", "secretKey", "sessionToken", "tlsCACert"}
)

// Variables are the names of Grafana's environment that the data source's
// settings take.
func (d Datasource) Variables() []string {
	var found []string
	for _, settings := range []map[string]any{d.JSONData, d.SecureJSONData} {
		for _, value := range settings {
			if text, ok := value.(string); ok && strings.HasPrefix(text, "$") && !strings.HasPrefix(text, "$$") {
				found = append(found, strings.Trim(text, "${}"))
			}
		}
	}
	slices.Sort(found)
	return found
}

func (s *Set) checkDatasources(n *notes) {
	var names, uids []string
	defaults := 0
	for _, d := range s.Datasources {
		where := "data source " + d.Name
		n.unique(&names, where, "name", d.Name)
		n.uid(&uids, where, d.UID)
		n.oneOf(where, "type", d.Type, PluginID)
		n.oneOf(where, "access", d.Access, "proxy")
		for key := range d.JSONData {
			n.oneOf(where, "the key in jsonData", key, jsonDataKeys...)
		}
		for key, value := range d.SecureJSONData {
			n.oneOf(where, "the key in secureJsonData", key, secureKeys...)
			if text, _ := value.(string); !strings.HasPrefix(text, "$") {
				n.add(where, "%s is written out instead of taken from the environment", key)
			}
		}
		for _, key := range []string{"sources", "lake"} {
			if d.JSONData[key] == nil {
				n.add(where, "%s is missing", key)
			}
		}
		if d.IsDefault {
			defaults++
		}
	}
	if defaults > 1 {
		n.add("data sources", "%d of them are the default", defaults)
	}
}
