// Records the configurations that the Prometheus operator writes for the monitors in ../objects.yaml, one for each
// Prometheus object there, into ../recorded.json.
//
// To record again (after adding monitors, or with another version of the operator in go.mod):
//
//	cd testdata/operator/record && go run .
package main

import (
	"bytes"
	"encoding/json"
	"log"
	"os"
	"strings"

	monitoringv1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	monitoringv1alpha1 "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1alpha1"
	"github.com/prometheus-operator/prometheus-operator/pkg/assets"
	"github.com/prometheus-operator/prometheus-operator/pkg/prometheus"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	text, err := os.ReadFile("../objects.yaml")
	check(err)
	var servers []*monitoringv1.Prometheus
	services := map[string]*monitoringv1.ServiceMonitor{}
	pods := map[string]*monitoringv1.PodMonitor{}
	probes := map[string]*monitoringv1.Probe{}
	configs := map[string]*monitoringv1alpha1.ScrapeConfig{}
	for _, document := range strings.Split(string(text), "\n---\n") {
		var meta metav1.TypeMeta
		check(yaml.Unmarshal([]byte(document), &meta))
		read := func(object any) { check(yaml.UnmarshalStrict([]byte(document), object)) }
		switch meta.Kind {
		case "Prometheus":
			o := &monitoringv1.Prometheus{}
			read(o)
			o.Spec.Version = "v3.5.0"
			servers = append(servers, o)
		case "ServiceMonitor":
			o := &monitoringv1.ServiceMonitor{}
			read(o)
			services[o.Namespace+"/"+o.Name] = o
		case "PodMonitor":
			o := &monitoringv1.PodMonitor{}
			read(o)
			pods[o.Namespace+"/"+o.Name] = o
		case "Probe":
			o := &monitoringv1.Probe{}
			read(o)
			probes[o.Namespace+"/"+o.Name] = o
		case "ScrapeConfig":
			o := &monitoringv1alpha1.ScrapeConfig{}
			read(o)
			configs[o.Namespace+"/"+o.Name] = o
		}
	}
	out := map[string]any{}
	for _, server := range servers {
		generator, err := prometheus.NewConfigGenerator(nil, server, prometheus.WithEndpointSliceSupport())
		check(err)
		text, err := generator.GenerateServerConfiguration(server, services, pods, probes, configs, assets.NewTestStoreBuilder(), nil, nil, nil, nil)
		check(err)
		var config struct {
			ScrapeConfigs []map[string]any `json:"scrape_configs"`
		}
		check(yaml.Unmarshal(text, &config))
		out[server.Name] = config.ScrapeConfigs
	}
	var recorded bytes.Buffer
	encoder := json.NewEncoder(&recorded)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	check(encoder.Encode(out))
	check(os.WriteFile("../recorded.json", recorded.Bytes(), 0o644))
}
