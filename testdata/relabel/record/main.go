// Records what Prometheus' own relabelling makes of the cases in ../cases.yaml, into ../recorded.json.
//
// To record again (after adding cases, or with another Prometheus version in go.mod):
//
//	cd testdata/relabel/record && go run .
//
// Each entry of cases.yaml has labels and lists of rules; each list is a case. Names are validated as UTF-8, which is the
// default of Prometheus 3. The output depends on the cases and the Prometheus version only.
package main

import (
	"bytes"
	"encoding/json"
	"log"
	"os"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
	"go.yaml.in/yaml/v2"
)

type entry struct {
	Labels map[string]string `yaml:"labels"`
	Rules  [][]yaml.MapSlice `yaml:"rules"`
}

type answer struct {
	Labels map[string]string `json:"labels"`
	Rules  []map[string]any  `json:"rules"`
	Valid  bool              `json:"valid"`
	Kept   bool              `json:"kept"`
	Result map[string]string `json:"result,omitempty"`
}

func main() {
	text, err := os.ReadFile("../cases.yaml")
	if err != nil {
		log.Fatal(err)
	}
	var entries []entry
	if err := yaml.Unmarshal(text, &entries); err != nil {
		log.Fatal(err)
	}
	var out bytes.Buffer
	out.WriteString("[")
	first := true
	for _, e := range entries {
		for _, rules := range e.Rules {
			if !first {
				out.WriteString(",")
			}
			first = false
			out.WriteString("\n  ")
			var one bytes.Buffer
			encoder := json.NewEncoder(&one)
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(of(e.Labels, rules)); err != nil {
				log.Fatal(err)
			}
			out.Write(bytes.TrimSpace(one.Bytes()))
		}
	}
	out.WriteString("\n]\n")
	if err := os.WriteFile("../recorded.json", out.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}

func of(given map[string]string, rules []yaml.MapSlice) answer {
	a := answer{Labels: given, Valid: true}
	for _, rule := range rules {
		plain := map[string]any{}
		for _, item := range rule {
			plain[item.Key.(string)] = item.Value
		}
		a.Rules = append(a.Rules, plain)
	}
	text, err := yaml.Marshal(rules)
	if err != nil {
		log.Fatal(err)
	}
	var configs []*relabel.Config
	if err := yaml.UnmarshalStrict(text, &configs); err != nil {
		a.Valid = false
		return a
	}
	for _, config := range configs {
		if err := config.Validate(model.UTF8Validation); err != nil {
			a.Valid = false
			return a
		}
	}
	builder := labels.NewBuilder(labels.FromMap(given))
	a.Kept = relabel.ProcessBuilder(builder, configs...)
	if a.Kept {
		a.Result = builder.Labels().Map()
	}
	return a
}
