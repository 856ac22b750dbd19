// Prints what the real Prometheus 3 parser says of the queries in Prometheus' own test cases, as JSON, one case a line:
// those that promqltest evaluates (promql/promqltest/testdata) and those of the parser's tests. The files are those of
// the module in the cache; nothing of them is kept here. Started by `cargo xtask promqltest`.
package main

import (
	"encoding/json"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"promsight.dev/testdata/promql/record/answer"
)

var (
	evaluation = regexp.MustCompile(`^\s*eval(?:_\w+)?\s+(?:instant(?:\s+at\s+\S+)?|range\s+from\s+\S+\s+to\s+\S+\s+step\s+\S+)\s+(.+)$`)
	input      = regexp.MustCompile("(?m)^\\s*input:\\s*(\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`),$")
)

func main() {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/prometheus/prometheus").Output()
	if err != nil {
		log.Fatal(err)
	}
	folder := filepath.Join(strings.TrimSpace(string(out)), "promql")
	tests, err := filepath.Glob(filepath.Join(folder, "promqltest", "testdata", "*.test"))
	if err != nil || len(tests) == 0 {
		log.Fatalf("%s: no test cases", folder)
	}
	queries := []string{}
	for _, path := range tests {
		for _, line := range strings.Split(read(path), "\n") {
			if found := evaluation.FindStringSubmatch(line); found != nil {
				queries = append(queries, found[1])
			}
		}
	}
	for _, found := range input.FindAllStringSubmatch(read(filepath.Join(folder, "parser", "parse_test.go")), -1) {
		query, err := strconv.Unquote(found[1])
		if err != nil {
			log.Fatal(err)
		}
		queries = append(queries, query)
	}
	parser := answer.Parser()
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	seen := map[string]bool{}
	for _, query := range queries {
		if seen[query] {
			continue
		}
		seen[query] = true
		if err := encoder.Encode(answer.Of(parser, query)); err != nil {
			log.Fatal(err)
		}
	}
}

func read(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	return string(text)
}
