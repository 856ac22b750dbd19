// Says what the real Prometheus 3 makes of texts of the exposition format: reads `[{"format", "text"}]` from stdin and
// prints, for each, every series that its scrape would see, or the error at which it would give up. Run by record.py.
package main

import (
	"encoding/json"
	"errors"
	"io"
	"log"
	"os"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
)

type input struct {
	Format string `json:"format"`
	Text   string `json:"text"`
}

type answer struct {
	Error  string            `json:"error,omitempty"`
	Types  map[string]string `json:"types,omitempty"`
	Series []series          `json:"series,omitempty"`
}

type series struct {
	Name   string            `json:"name"`
	Labels map[string]string `json:"labels,omitempty"`
}

var contentTypes = map[string]string{
	"text":        "text/plain; version=1.0.0; escaping=allow-utf-8",
	"openmetrics": "application/openmetrics-text; version=1.0.0; escaping=allow-utf-8",
}

func main() {
	var inputs []input
	if err := json.NewDecoder(os.Stdin).Decode(&inputs); err != nil {
		log.Fatal(err)
	}
	answers := make([]answer, len(inputs))
	for i, one := range inputs {
		answers[i] = read(one)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}

func read(one input) answer {
	parser, err := textparse.New([]byte(one.Text), contentTypes[one.Format], labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		return answer{Error: err.Error()}
	}
	found := answer{Types: map[string]string{}}
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			return answer{Error: err.Error()}
		}
		switch entry {
		case textparse.EntryType:
			name, kind := parser.Type()
			found.Types[string(name)] = string(kind)
		case textparse.EntrySeries:
			var set labels.Labels
			parser.Labels(&set)
			one := series{Labels: map[string]string{}}
			set.Range(func(label labels.Label) {
				if label.Name == "__name__" {
					one.Name = label.Value
				} else {
					one.Labels[label.Name] = label.Value
				}
			})
			found.Series = append(found.Series, one)
		}
	}
}
