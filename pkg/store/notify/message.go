package notify

import (
	"encoding/json"
	"net/url"
	"strings"

	"github.com/auditlake/auditlake/pkg/store"
)

// message is a body in one of the forms in which S3's notifications come: straight from
// S3 (Records), through SNS (Message holds the same as a text), or through EventBridge
// (detail).
type message struct {
	Records []struct {
		EventName string `json:"eventName"`
		S3        struct {
			Bucket struct {
				Name string `json:"name"`
			} `json:"bucket"`
			Object struct {
				Key string `json:"key"` // as in a form of HTML: blanks are +
			} `json:"object"`
		} `json:"s3"`
	} `json:"Records"`
	Event   string `json:"Event"` // s3:TestEvent, sent once when notifications are set up
	Message string `json:"Message"`
	Source  string `json:"source"`
	Detail  struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key string `json:"key"` // as it is
		} `json:"object"`
	} `json:"detail"`
	DetailType string `json:"detail-type"`
}

// parse is false for a body that is none of S3's. Objects that were deleted are no news.
func parse(body []byte) (objects []Object, ok bool) {
	var m message
	if json.Unmarshal(body, &m) != nil {
		return nil, false
	}
	switch {
	case m.Records != nil:
		for _, r := range m.Records {
			key, err := url.QueryUnescape(r.S3.Object.Key)
			if err != nil || r.S3.Bucket.Name == "" || key == "" {
				return nil, false
			}
			if created(r.EventName) {
				objects = append(objects, Object{r.S3.Bucket.Name, key})
			}
		}
		return objects, true
	case m.Event == "s3:TestEvent":
		return nil, true
	case m.Source == "aws.s3" && m.Detail.Bucket.Name != "":
		if m.DetailType == "Object Created" && m.Detail.Object.Key != "" {
			objects = append(objects, Object{m.Detail.Bucket.Name, m.Detail.Object.Key})
		}
		return objects, true
	case m.Message != "":
		if inner, isInner := parse([]byte(m.Message)); isInner {
			return inner, true
		}
	}
	return nil, false
}

// created is true for ObjectCreated:Put and the like, which some stores write with s3:
// before it.
func created(event string) bool {
	return strings.HasPrefix(strings.TrimPrefix(event, "s3:"), "ObjectCreated")
}

// Within are the keys of the objects that lie in a source, relative to it: sourceURL is
// s3://bucket/prefix, with any parameters. Of another kind of source there are none.
func (n News) Within(sourceURL string) (keys []string) {
	cfg, err := store.ParseS3URL(sourceURL)
	if err != nil {
		return nil
	}
	prefix := ""
	if cfg.Prefix != "" {
		prefix = cfg.Prefix + "/"
	}
	for _, o := range n.Objects {
		if key, within := strings.CutPrefix(o.Key, prefix); within && o.Bucket == cfg.Bucket {
			keys = append(keys, key)
		}
	}
	return keys
}

// KeysOf are Within of some sources, by their URL.
func (n News) KeysOf(sources []string) map[string][]string {
	keys := map[string][]string{}
	for _, url := range sources {
		if within := n.Within(url); len(within) > 0 {
			keys[url] = within
		}
	}
	return keys
}
