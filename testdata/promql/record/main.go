// Records what the real Prometheus 3 parser says of the queries in ../queries.txt, into ../conformance.json.
//
// To record again (after adding queries, or with another Prometheus version in go.mod):
//
//	cd testdata/promql/record && go run .
//
// In queries.txt each line is a query; empty lines and lines that begin with "## " are for readers. "⏎" stands for a
// line break and "⇥" for a tab. Experimental functions and fill modifiers are switched on, as in a server that allows
// everything; unquoted UTF-8 names are not. The output depends on the queries and the Prometheus version only.
package main

import (
	"bytes"
	"encoding/json"
	"log"
	"os"
	"strings"

	"promsight.dev/testdata/promql/record/answer"
)

func main() {
	text, err := os.ReadFile("../queries.txt")
	if err != nil {
		log.Fatal(err)
	}
	p := answer.Parser()
	cases := []answer.Case{}
	unescape := strings.NewReplacer("⏎", "\n", "⇥", "\t")
	for _, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "## ") {
			continue
		}
		cases = append(cases, answer.Of(p, unescape.Replace(line)))
	}
	var out bytes.Buffer
	out.WriteString("[\n")
	for i, c := range cases {
		var one bytes.Buffer
		encoder := json.NewEncoder(&one)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(c); err != nil {
			log.Fatal(err)
		}
		out.WriteString("  " + strings.TrimSpace(one.String()))
		if i < len(cases)-1 {
			out.WriteString(",")
		}
		out.WriteString("\n")
	}
	out.WriteString("]\n")
	if err := os.WriteFile("../conformance.json", out.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}
