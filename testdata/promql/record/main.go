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
	"errors"
	"log"
	"os"
	"sort"
	"strings"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// Case is one query with the answer.
type Case struct {
	Query string `json:"query"`
	// Error is the parser's first message without its position; null where the query is valid.
	Error *string `json:"error"`
	// Names of the vector selectors from left to right; null for one that has no exact name.
	Names []*string `json:"names,omitempty"`
}

func main() {
	text, err := os.ReadFile("../queries.txt")
	if err != nil {
		log.Fatal(err)
	}
	p := parser.NewParser(parser.Options{EnableExperimentalFunctions: true, EnableBinopFillModifiers: true})
	cases := []Case{}
	unescape := strings.NewReplacer("⏎", "\n", "⇥", "\t")
	for _, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "## ") {
			continue
		}
		cases = append(cases, record(p, unescape.Replace(line)))
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

func record(p parser.Parser, query string) Case {
	expr, err := p.ParseExpr(query)
	if err != nil {
		message := err.Error()
		var all parser.ParseErrors
		if errors.As(err, &all) && len(all) > 0 {
			message = all[0].Err.Error()
		}
		return Case{Query: query, Error: &message}
	}
	var selectors []*parser.VectorSelector
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if selector, ok := node.(*parser.VectorSelector); ok {
			selectors = append(selectors, selector)
		}
		return nil
	})
	sort.SliceStable(selectors, func(i, j int) bool {
		return selectors[i].PosRange.Start < selectors[j].PosRange.Start
	})
	names := make([]*string, 0, len(selectors))
	for _, selector := range selectors {
		var name *string
		for _, matcher := range selector.LabelMatchers {
			if matcher.Name == labels.MetricName && matcher.Type == labels.MatchEqual && matcher.Value != "" && name == nil {
				value := matcher.Value
				name = &value
			}
		}
		names = append(names, name)
	}
	return Case{Query: query, Names: names}
}
