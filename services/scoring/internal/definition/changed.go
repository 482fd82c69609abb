package definition

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// mostChanged is how many paths are told of one version; what holds more changed places is named as a whole.
const mostChanged = 20

// changed lists the paths of what one version says otherwise than another, in order. Where lists differ in length, the list is named.
func changed(before, after Content) ([]string, error) {
	a, err := tree(before)
	if err != nil {
		return nil, err
	}
	b, err := tree(after)
	if err != nil {
		return nil, err
	}
	// The parts of a spec stand beside the title, as in the API.
	for _, t := range []map[string]any{a, b} {
		if spec, ok := t["spec"].(map[string]any); ok {
			delete(t, "spec")
			maps.Copy(t, spec)
		}
		// So do cut points and thresholds in what is made of them.
		if cuts, ok := t["cuts"].(map[string]any); ok {
			for _, key := range []string{"cuts", "thresholds"} {
				if part, ok := cuts[key].(map[string]any); ok {
					delete(cuts, key)
					maps.Copy(cuts, part)
				}
			}
		}
	}
	var paths []string
	for _, key := range keys(a, b) {
		deep := differences(key, a[key], b[key])
		if len(deep) > mostChanged {
			deep = []string{key}
		}
		paths = append(paths, deep...)
	}
	return paths, nil
}

// tree is what is stored, as a tree.
func tree(c Content) (map[string]any, error) {
	body, err := encode(c)
	if err != nil {
		return nil, err
	}
	t := make(map[string]any)
	if err := json.Unmarshal(body, &t); err != nil {
		return nil, fmt.Errorf("decode definition: %w", err)
	}
	return t, nil
}

// differences lists the paths at or below one in which two trees differ.
func differences(path string, a, b any) []string {
	if reflect.DeepEqual(a, b) {
		return nil
	}
	switch a := a.(type) {
	case map[string]any:
		if b, ok := b.(map[string]any); ok && !isText(path) {
			var paths []string
			for _, key := range keys(a, b) {
				paths = append(paths, differences(path+"."+key, a[key], b[key])...)
			}
			return paths
		}
	case []any:
		if b, ok := b.([]any); ok && len(a) == len(b) {
			var paths []string
			for i := range a {
				paths = append(paths, differences(fmt.Sprintf("%s[%d]", path, i), a[i], b[i])...)
			}
			return paths
		}
	}
	return []string{path}
}

// isText tells whether a path is that of a text in several languages, which is told of as a whole.
func isText(path string) bool {
	field := path[strings.LastIndexByte(path, '.')+1:]
	return field == "title" || field == "description"
}

func keys(a, b map[string]any) []string {
	all := slices.Concat(slices.Collect(maps.Keys(a)), slices.Collect(maps.Keys(b)))
	slices.Sort(all)
	return slices.Compact(all)
}
