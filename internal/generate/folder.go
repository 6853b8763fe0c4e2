package generate

import (
	"os"
	"path/filepath"
)

// Folder is a sink for Write that delivers into a folder. A delivery replaces a
// file as a whole, as a store does.
func Folder(dir string) func(key string, body []byte) error {
	made := map[string]bool{}
	return func(key string, body []byte) error {
		path := filepath.Join(dir, filepath.FromSlash(key))
		if folder := filepath.Dir(path); !made[folder] {
			if err := os.MkdirAll(folder, 0o755); err != nil {
				return err
			}
			made[folder] = true
		}
		if err := os.WriteFile(path+".part", body, 0o644); err != nil {
			return err
		}
		return os.Rename(path+".part", path)
	}
}
