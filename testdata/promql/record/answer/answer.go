// Package answer asks the real Prometheus 3 parser about a query.
package answer

import (
	"errors"
	"sort"

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

// Parser gives a parser with experimental functions and fill modifiers switched on, as in a server that allows
// everything; unquoted UTF-8 names are not.
func Parser() parser.Parser {
	return parser.NewParser(parser.Options{EnableExperimentalFunctions: true, EnableBinopFillModifiers: true})
}

// Of gives the answer for one query.
func Of(p parser.Parser, query string) Case {
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
