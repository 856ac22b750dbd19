// Records what the real Prometheus makes of the configurations in ../configs and the objects in ../objects.yaml, into
// ../recorded.json.
//
// To record again (after adding configurations, or with another Prometheus version in go.mod):
//
//	go install -tags remove_all_sd,enable_kubernetes_sd github.com/prometheus/prometheus/cmd/prometheus@v0.316.0
//	cd testdata/targets/record && go run . PATH-OF-PROMETHEUS
//
// The objects are put into a cluster that exists in memory alone: this program plays the controllers (one pod for each
// template, endpoints for each Service) with made-up addresses and names. Prometheus' own discovery package finds the
// targets there; they are handed to a real server as file_sd_configs, which relabels them; its /api/v1/targets is the
// answer. "known" tells what was made up, under the names that promsight has for what only a cluster knows.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	discovery "github.com/prometheus/prometheus/discovery/kubernetes"
	"github.com/prometheus/prometheus/discovery/targetgroup"
	goyaml "go.yaml.in/yaml/v2"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/yaml"
)

const listen = "127.0.0.1:19273"

type answer struct {
	Kept    []target            `json:"kept"`
	Dropped []map[string]string `json:"dropped"`
}

type target struct {
	Labels map[string]string `json:"labels"`
	URL    string            `json:"url"`
}

type recording struct {
	Known   map[string]string            `json:"known"`
	Configs map[string]map[string]answer `json:"configs"`
}

var known = map[string]string{}

func main() {
	log.SetFlags(log.Lshortfile)
	server := os.Args[1]
	objects := cluster()
	out := recording{Known: known, Configs: map[string]map[string]answer{}}
	paths, err := filepath.Glob("../configs/*.yml")
	check(err)
	for _, path := range paths {
		name := strings.TrimSuffix(filepath.Base(path), ".yml")
		out.Configs[name] = ask(server, path, objects)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	check(encoder.Encode(out))
	check(os.WriteFile("../recorded.json", text.Bytes(), 0o644))
}

func check(err error) {
	if err != nil {
		log.Output(2, err.Error())
		os.Exit(1)
	}
}

// cluster reads the objects and plays the controllers.
func cluster() []runtime.Object {
	text, err := os.ReadFile("../objects.yaml")
	check(err)
	var all []runtime.Object
	var pods []*corev1.Pod
	for i, document := range strings.Split(string(text), "\n---\n") {
		var meta metav1.TypeMeta
		check(yaml.Unmarshal([]byte(document), &meta))
		key := fmt.Sprintf("0.%d", i)
		read := func(object runtime.Object) { check(yaml.UnmarshalStrict([]byte(document), object)) }
		make := func(namespace, name string, template corev1.PodTemplateSpec, owner *metav1.OwnerReference) {
			pods = append(pods, pod(key, i, namespace, name, template, owner))
		}
		owner := func(kind, name string) *metav1.OwnerReference {
			yes := true
			return &metav1.OwnerReference{Kind: kind, Name: name, Controller: &yes}
		}
		know := func(what, value string) string { known[what+" of "+key] = value; return value }
		switch meta.Kind {
		case "Namespace":
			o := &corev1.Namespace{}
			read(o)
			if o.Labels == nil {
				o.Labels = map[string]string{}
			}
			o.Labels["kubernetes.io/metadata.name"] = o.Name
			all = append(all, o)
		case "Deployment":
			o := &appsv1.Deployment{}
			read(o)
			hash := know("hash", "7d4b9c6f5d")
			set := &appsv1.ReplicaSet{ObjectMeta: metav1.ObjectMeta{Name: o.Name + "-" + hash, Namespace: o.Namespace, OwnerReferences: []metav1.OwnerReference{*owner("Deployment", o.Name)}}}
			all = append(all, o, set)
			o.Spec.Template.Labels["pod-template-hash"] = hash
			make(o.Namespace, set.Name+"-"+know("end", "x2x7p"), o.Spec.Template, owner("ReplicaSet", set.Name))
		case "StatefulSet":
			o := &appsv1.StatefulSet{}
			read(o)
			name := o.Name + "-" + know("number", "0")
			o.Spec.Template.Labels["statefulset.kubernetes.io/pod-name"] = name
			o.Spec.Template.Labels["apps.kubernetes.io/pod-index"] = "0"
			o.Spec.Template.Labels["controller-revision-hash"] = o.Name + "-" + know("hash", "6c9f")
			o.Spec.Template.Spec.Hostname = name
			make(o.Namespace, name, o.Spec.Template, owner("StatefulSet", o.Name))
		case "DaemonSet":
			o := &appsv1.DaemonSet{}
			read(o)
			o.Spec.Template.Labels["controller-revision-hash"] = know("hash", "5f7d")
			o.Spec.Template.Labels["pod-template-generation"] = know("generation", "1")
			make(o.Namespace, o.Name+"-"+know("end", "z9k2m"), o.Spec.Template, owner("DaemonSet", o.Name))
		case "CronJob":
			o := &batchv1.CronJob{}
			read(o)
			name := o.Name + "-" + know("time", "29012345")
			job := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: o.Namespace, OwnerReferences: []metav1.OwnerReference{*owner("CronJob", o.Name)}}}
			all = append(all, job)
			template := o.Spec.JobTemplate.Spec.Template
			for _, label := range []string{"job-name", "batch.kubernetes.io/job-name"} {
				template.Labels[label] = name
			}
			for _, label := range []string{"controller-uid", "batch.kubernetes.io/controller-uid"} {
				template.Labels[label] = know("controller", "c0ffee")
			}
			make(o.Namespace, name+"-"+know("end", "b7c8d"), template, owner("Job", name))
		case "Pod":
			o := &corev1.Pod{}
			read(o)
			make(o.Namespace, o.Name, corev1.PodTemplateSpec{ObjectMeta: o.ObjectMeta, Spec: o.Spec}, nil)
		case "Service":
			o := &corev1.Service{}
			read(o)
			for p := range o.Spec.Ports {
				if o.Spec.Ports[p].Protocol == "" {
					o.Spec.Ports[p].Protocol = "TCP"
				}
				if o.Spec.Ports[p].TargetPort == (intstr.IntOrString{}) {
					o.Spec.Ports[p].TargetPort = intstr.FromInt32(o.Spec.Ports[p].Port)
				}
			}
			if o.Spec.Type == "" {
				o.Spec.Type = "ClusterIP"
			}
			if o.Spec.ClusterIP == "" && o.Spec.Type != "ExternalName" {
				o.Spec.ClusterIP = know("address", fmt.Sprintf("10.96.0.%d", i))
			}
			o.UID = types.UID(key)
			all = append(all, o)
		case "Ingress":
			o := &networkingv1.Ingress{}
			read(o)
			all = append(all, o)
		default:
			log.Fatalf("no controller for %s", meta.Kind)
		}
	}
	for _, p := range pods {
		all = append(all, p)
	}
	for _, o := range append([]runtime.Object{}, all...) {
		if service, is := o.(*corev1.Service); is && len(service.Spec.Selector) > 0 && service.Spec.Type != "ExternalName" {
			endpoints, slice := endpoints(service, pods)
			all = append(all, endpoints, slice)
		}
	}
	return all
}

func pod(key string, i int, namespace, name string, template corev1.PodTemplateSpec, owner *metav1.OwnerReference) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
	p.Namespace, p.Name = namespace, name
	if owner != nil {
		p.OwnerReferences = []metav1.OwnerReference{*owner}
	}
	know := func(what, value string) string { known[what+" of "+key] = value; return value }
	know("uid", "uid-"+key)
	p.UID = types.UID("uid-" + key)
	p.Spec.NodeName = know("node", fmt.Sprintf("node-%d", i))
	p.Status.PodIP = know("address", fmt.Sprintf("10.0.0.%d", i+10))
	p.Status.HostIP = know("host", fmt.Sprintf("192.168.7.%d", i+10))
	if p.Spec.HostNetwork {
		p.Status.HostIP = p.Status.PodIP
	}
	p.Status.Phase = corev1.PodRunning
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	containers := func(list []corev1.Container) []corev1.ContainerStatus {
		var statuses []corev1.ContainerStatus
		for c := range list {
			for q := range list[c].Ports {
				if list[c].Ports[q].Protocol == "" {
					list[c].Ports[q].Protocol = "TCP"
				}
			}
			id := "containerd://" + key + "-" + list[c].Name
			known["id of "+key+" "+list[c].Name] = id
			statuses = append(statuses, corev1.ContainerStatus{Name: list[c].Name, ContainerID: id})
		}
		return statuses
	}
	p.Status.ContainerStatuses = containers(p.Spec.Containers)
	p.Status.InitContainerStatuses = containers(p.Spec.InitContainers)
	return p
}

// endpoints plays the endpoints controllers.
func endpoints(service *corev1.Service, pods []*corev1.Pod) (*corev1.Endpoints, *discoveryv1.EndpointSlice) {
	own := map[string]string{"endpoints.kubernetes.io/managed-by": "endpoint-controller"}
	of := map[string]string{"kubernetes.io/service-name": service.Name, "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io"}
	for k, v := range service.Labels {
		own[k], of[k] = v, v
	}
	if service.Spec.ClusterIP == "None" {
		own["service.kubernetes.io/headless"], of["service.kubernetes.io/headless"] = "", ""
	}
	end := "k4k4k"
	known["slice of "+string(service.UID)] = end
	e := &corev1.Endpoints{ObjectMeta: metav1.ObjectMeta{Name: service.Name, Namespace: service.Namespace, Labels: own}}
	s := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{Name: service.Name + "-" + end, Namespace: service.Namespace, Labels: of}, AddressType: "IPv4"}
	selector := labels.SelectorFromSet(service.Spec.Selector)
	for _, p := range pods {
		if p.Namespace != service.Namespace || !selector.Matches(labels.Set(p.Labels)) {
			continue
		}
		reference := &corev1.ObjectReference{Kind: "Pod", Name: p.Name, Namespace: p.Namespace}
		subset := corev1.EndpointSubset{Addresses: []corev1.EndpointAddress{{IP: p.Status.PodIP, NodeName: &p.Spec.NodeName, Hostname: p.Spec.Hostname, TargetRef: reference}}}
		for _, port := range service.Spec.Ports {
			number, found := find(p, port)
			if !found {
				continue
			}
			subset.Ports = append(subset.Ports, corev1.EndpointPort{Name: port.Name, Port: number, Protocol: port.Protocol})
			name, protocol := port.Name, port.Protocol
			s.Ports = append(s.Ports, discoveryv1.EndpointPort{Name: &name, Port: &number, Protocol: &protocol})
		}
		e.Subsets = append(e.Subsets, subset)
		yes, no := true, false
		endpoint := discoveryv1.Endpoint{Addresses: []string{p.Status.PodIP}, NodeName: &p.Spec.NodeName, TargetRef: reference,
			Conditions: discoveryv1.EndpointConditions{Ready: &yes, Serving: &yes, Terminating: &no}}
		if p.Spec.Hostname != "" {
			endpoint.Hostname = &p.Spec.Hostname
		}
		s.Endpoints = append(s.Endpoints, endpoint)
	}
	return e, s
}

func find(p *corev1.Pod, port corev1.ServicePort) (int32, bool) {
	if port.TargetPort.Type == intstr.Int {
		return port.TargetPort.IntVal, true
	}
	for _, c := range p.Spec.Containers {
		for _, own := range c.Ports {
			if own.Name == port.TargetPort.StrVal && own.Protocol == port.Protocol {
				return own.ContainerPort, true
			}
		}
	}
	return 0, false
}

type discoverer interface {
	Run(context.Context, chan<- []*targetgroup.Group)
}

// discover runs Prometheus' own discovery for one entry of kubernetes_sd_configs.
func discover(config discovery.SDConfig, objects []runtime.Object) []*targetgroup.Group {
	client := fake.NewClientset(objects...)
	namespaces := config.NamespaceDiscovery.Names
	if len(namespaces) == 0 {
		namespaces = []string{""}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ch := make(chan []*targetgroup.Group, 1000)
	count := prometheus.NewCounterVec(prometheus.CounterOpts{Name: "events"}, []string{"role", "event"})
	attach := config.AttachMetadata
	for _, namespace := range namespaces {
		tweak := func(role discovery.Role) informers.SharedInformerFactory {
			return informers.NewSharedInformerFactoryWithOptions(client, 0, informers.WithNamespace(namespace), informers.WithTweakListOptions(func(o *metav1.ListOptions) {
				for _, s := range config.Selectors {
					if s.Role == role {
						o.LabelSelector = s.Label
					}
				}
			}))
		}
		all := tweak("")
		pods, services := tweak(discovery.RolePod).Core().V1().Pods().Informer(), tweak(discovery.RoleService).Core().V1().Services().Informer()
		spaces := all.Core().V1().Namespaces().Informer()
		sets, jobs := all.Apps().V1().ReplicaSets().Informer(), all.Batch().V1().Jobs().Informer()
		go pods.Run(ctx.Done())
		go services.Run(ctx.Done())
		go spaces.Run(ctx.Done())
		go sets.Run(ctx.Done())
		go jobs.Run(ctx.Done())
		if !attach.Namespace {
			spaces = nil
		}
		var d discoverer
		switch config.Role {
		case discovery.RolePod:
			if spaces == nil {
				d = discovery.NewPod(nil, pods, nil, nil, sets, jobs, attach.Deployment, attach.Job, attach.CronJob, count)
			} else {
				d = discovery.NewPod(nil, pods, nil, spaces, sets, jobs, attach.Deployment, attach.Job, attach.CronJob, count)
			}
		case discovery.RoleService:
			d = discovery.NewService(nil, services, nil, count)
		case discovery.RoleEndpoint:
			e := tweak(config.Role).Core().V1().Endpoints().Informer()
			go e.Run(ctx.Done())
			d = discovery.NewEndpoints(nil, e, services, pods, nil, nil, sets, jobs, false, false, false, count)
		case discovery.RoleEndpointSlice:
			e := tweak(config.Role).Discovery().V1().EndpointSlices().Informer()
			go e.Run(ctx.Done())
			d = discovery.NewEndpointSlice(nil, e, services, pods, nil, nil, sets, jobs, false, false, false, count)
		case discovery.RoleIngress:
			e := tweak(config.Role).Networking().V1().Ingresses().Informer()
			go e.Run(ctx.Done())
			d = discovery.NewIngress(nil, e, nil, count)
		default:
			log.Fatalf("no role %s", config.Role)
		}
		go d.Run(ctx, ch)
	}
	found := map[string]*targetgroup.Group{}
	for {
		select {
		case groups := <-ch:
			for _, g := range groups {
				found[g.Source] = g
			}
		case <-time.After(2 * time.Second):
			var sources []string
			for source := range found {
				sources = append(sources, source)
			}
			sort.Strings(sources)
			var groups []*targetgroup.Group
			for _, source := range sources {
				groups = append(groups, found[source])
			}
			return groups
		}
	}
}

// ask hands the discovered targets to a real server and reads what it makes of them.
func ask(server, path string, objects []runtime.Object) map[string]answer {
	text, err := os.ReadFile(path)
	check(err)
	var config map[string]any
	check(goyaml.Unmarshal(text, &config))
	folder, err := os.MkdirTemp("", "targets")
	check(err)
	defer os.RemoveAll(folder)
	var names []string
	want := 0
	for i, job := range config["scrape_configs"].([]any) {
		job := job.(map[any]any)
		names = append(names, job["job_name"].(string))
		for _, entry := range list(job["static_configs"]) {
			want += len(list(entry.(map[any]any)["targets"]))
		}
		entries, has := job["kubernetes_sd_configs"]
		if !has {
			continue
		}
		delete(job, "kubernetes_sd_configs")
		var groups []*targetgroup.Group
		for _, entry := range entries.([]any) {
			text, err := goyaml.Marshal(entry)
			check(err)
			var own discovery.SDConfig
			check(goyaml.UnmarshalStrict(text, &own))
			groups = append(groups, discover(own, objects)...)
		}
		type group struct {
			Targets []string          `json:"targets"`
			Labels  map[string]string `json:"labels"`
		}
		plain := []group{}
		for _, g := range groups {
			for _, t := range g.Targets {
				one := group{Labels: map[string]string{}}
				for k, v := range g.Labels {
					one.Labels[string(k)] = string(v)
				}
				for k, v := range t {
					one.Labels[string(k)] = string(v)
				}
				one.Targets = []string{one.Labels["__address__"]}
				delete(one.Labels, "__address__")
				plain = append(plain, one)
			}
		}
		want += len(plain)
		text, err := json.Marshal(plain)
		check(err)
		file := filepath.Join(folder, fmt.Sprintf("%d.json", i))
		check(os.WriteFile(file, text, 0o600))
		job["file_sd_configs"] = []any{map[string]any{"files": []string{file}}}
	}
	text, err = goyaml.Marshal(config)
	check(err)
	file := filepath.Join(folder, "prometheus.yml")
	check(os.WriteFile(file, text, 0o600))
	command := exec.Command(server, "--config.file="+file, "--storage.tsdb.path="+filepath.Join(folder, "data"), "--web.listen-address="+listen, "--log.level=error")
	command.Stderr = os.Stderr
	check(command.Start())
	defer command.Wait()
	defer command.Process.Kill()
	var last map[string]answer
	for i := 0; i < 120; i++ {
		time.Sleep(500 * time.Millisecond)
		answers, count := targets(names)
		last = answers
		// Targets that Prometheus refuses are in neither list, and equal ones are one.
		if count >= want || (count > 0 && i > 24) {
			return answers
		}
	}
	return last
}

func list(value any) []any {
	items, _ := value.([]any)
	return items
}

func targets(names []string) (map[string]answer, int) {
	response, err := http.Get("http://" + listen + "/api/v1/targets?state=any")
	if err != nil {
		return nil, 0
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	check(err)
	var body struct {
		Data struct {
			ActiveTargets []struct {
				DiscoveredLabels map[string]string
				Labels           map[string]string
				ScrapePool       string
				ScrapeURL        string `json:"scrapeUrl"`
			}
			DroppedTargets []struct {
				DiscoveredLabels map[string]string
				ScrapePool       string
			}
		}
	}
	if json.Unmarshal(text, &body) != nil {
		return nil, 0
	}
	answers := map[string]answer{}
	for _, name := range names {
		answers[name] = answer{Kept: []target{}, Dropped: []map[string]string{}}
	}
	for _, t := range body.Data.ActiveTargets {
		a := answers[t.ScrapePool]
		a.Kept = append(a.Kept, target{Labels: t.Labels, URL: t.ScrapeURL})
		answers[t.ScrapePool] = a
	}
	for _, t := range body.Data.DroppedTargets {
		a := answers[t.ScrapePool]
		delete(t.DiscoveredLabels, "__meta_filepath")
		a.Dropped = append(a.Dropped, t.DiscoveredLabels)
		answers[t.ScrapePool] = a
	}
	for name, a := range answers {
		sort.Slice(a.Kept, func(i, j int) bool { return fmt.Sprint(a.Kept[i]) < fmt.Sprint(a.Kept[j]) })
		sort.Slice(a.Dropped, func(i, j int) bool { return fmt.Sprint(a.Dropped[i]) < fmt.Sprint(a.Dropped[j]) })
		answers[name] = a
	}
	return answers, len(body.Data.ActiveTargets) + len(body.Data.DroppedTargets)
}
