// Records what the engine of the real Helm 3 renders for the templates in ../templates.txt with the chart in ../chart,
// into ../cases.json.
//
// To record again (after adding templates, or with another Helm version in go.mod):
//
//	cd testdata/helm/record && go run .
//
// In templates.txt each line is a template; empty lines and lines that begin with "## " are for readers. "⏎" stands for
// a line break. A template that Helm refuses is recorded with an empty output and the message. All output depends on
// the templates, the chart and the Helm version only.
package main

import (
	"bytes"
	"encoding/json"
	"log"
	"os"
	"strings"

	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

type Case struct {
	Template string `json:"template"`
	Output   string `json:"output,omitempty"`
	Error    string `json:"error,omitempty"`
}

const name = "templates/case.yaml"

func main() {
	log.SetOutput(os.Stderr)
	text, err := os.ReadFile("../templates.txt")
	if err != nil {
		log.Fatal(err)
	}
	cases := []Case{}
	for _, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "## ") {
			continue
		}
		template := strings.ReplaceAll(line, "⏎", "\n")
		output, err := render(template)
		recorded := Case{Template: template, Output: output}
		if err != nil {
			recorded.Error = err.Error()
		}
		cases = append(cases, recorded)
	}
	service := Case{Template: "charts/first/templates/service.yaml"}
	files, err := renderAll("")
	if err != nil {
		log.Fatal(err)
	}
	service.Output = files["outer/"+service.Template]
	cases = append(cases, service)
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(cases); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile("../cases.json", out.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
	log.Printf("%d cases", len(cases))
}

func render(template string) (string, error) {
	files, err := renderAll(template)
	return files["outer/"+name], err
}

func renderAll(template string) (map[string]string, error) {
	loaded, err := loader.Load("../chart")
	if err != nil {
		log.Fatal(err)
	}
	loaded.Templates = append(loaded.Templates, &chart.File{Name: name, Data: []byte(template)})
	if err := chartutil.ProcessDependenciesWithMerge(loaded, chartutil.Values{}); err != nil {
		log.Fatal(err)
	}
	version, err := chartutil.ParseKubeVersion("1.37.0")
	if err != nil {
		log.Fatal(err)
	}
	capabilities := chartutil.DefaultCapabilities.Copy()
	capabilities.KubeVersion = *version
	options := chartutil.ReleaseOptions{Name: "release-name", Namespace: "default", Revision: 1, IsInstall: true}
	values, err := chartutil.ToRenderValues(loaded, map[string]interface{}{}, options, capabilities)
	if err != nil {
		log.Fatal(err)
	}
	return engine.Render(loaded, values)
}
