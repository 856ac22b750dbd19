// Records which labels the results of the queries in ../../flow-queries.txt have in the real Prometheus 3 engine, into
// ../../flow.json.
//
// To record again:
//
//	cd testdata/promql/record/flow && go run .
//
// Each query is evaluated many times. Every time each metric has one series (a histogram has its buckets), whose
// labels are drawn anew; the answer is the labels of every series of the result. Draws are seeded, so that the output
// depends on the queries and the Prometheus version only. Evaluations that fail (many series for one) or are empty say
// nothing and are left out.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"log"
	"math/rand"
	"os"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// Evaluations tried for each query, and kept of it.
const (
	tried = 400
	kept  = 24
)

var drawn = []string{"x", "y", "z", "job", "instance"}

// Evaluation is one evaluation of a query.
type Evaluation struct {
	// Series has the labels of each metric's series, without its name, in order.
	Series map[string]string `json:"series"`
	// Result has the labels of each series of the result, without repetitions, in order.
	Result []string `json:"result"`
}

// Case is one query.
type Case struct {
	Query       string       `json:"query"`
	Evaluations []Evaluation `json:"evaluations"`
}

func main() {
	text, err := os.ReadFile("../../flow-queries.txt")
	if err != nil {
		log.Fatal(err)
	}
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples:           1_000_000,
		Timeout:              time.Minute,
		EnableAtModifier:     true,
		EnableNegativeOffset: true,
		Parser: parser.NewParser(parser.Options{
			EnableExperimentalFunctions: true,
			EnableBinopFillModifiers:    true,
		}),
	})
	var out bytes.Buffer
	out.WriteString("[\n")
	first := true
	for _, line := range strings.Split(string(text), "\n") {
		if line == "" || strings.HasPrefix(line, "## ") {
			continue
		}
		one, err := json.Marshal(record(engine, line))
		if err != nil {
			log.Fatal(err)
		}
		if !first {
			out.WriteString(",\n")
		}
		first = false
		out.WriteString("  ")
		out.Write(bytes.ReplaceAll(bytes.ReplaceAll(one, []byte(`\u003c`), []byte("<")), []byte(`\u003e`), []byte(">")))
	}
	out.WriteString("\n]\n")
	if err := os.WriteFile("../../flow.json", out.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}

func record(engine *promql.Engine, query string) Case {
	random := rand.New(rand.NewSource(20261122))
	one := Case{Query: query, Evaluations: []Evaluation{}}
	seen := map[string]bool{}
	for range tried {
		if len(one.Evaluations) == kept {
			break
		}
		store := draw(random)
		found, ok := evaluate(engine, store, query)
		if !ok {
			continue
		}
		evaluation := Evaluation{Series: map[string]string{}, Result: found}
		for name, set := range store.drawn {
			if uses(query, name) {
				evaluation.Series[name] = set
			}
		}
		key, _ := json.Marshal(evaluation)
		if !seen[string(key)] {
			seen[string(key)] = true
			one.Evaluations = append(one.Evaluations, evaluation)
		}
	}
	if len(one.Evaluations) == 0 {
		log.Fatalf("%s: no evaluation says anything", query)
	}
	return one
}

// uses says whether a query reads a metric, if only through info().
func uses(query, name string) bool {
	words := strings.FieldsFunc(query, func(r rune) bool {
		return r != '_' && (r < 'a' || r > 'z')
	})
	return slices.Contains(words, name) || name == "target_info" && strings.Contains(query, "info(")
}

func evaluate(engine *promql.Engine, store *store, query string) ([]string, bool) {
	ctx := context.Background()
	q, err := engine.NewInstantQuery(ctx, store, nil, query, time.Unix(600, 0))
	if err != nil {
		log.Fatalf("%s: %v", query, err)
	}
	defer q.Close()
	result := q.Exec(ctx)
	if result.Err != nil {
		return nil, false
	}
	vector, err := result.Vector()
	if err != nil || len(vector) == 0 {
		return nil, false
	}
	unique := map[string]bool{}
	for _, sample := range vector {
		unique[names(sample.Metric)] = true
	}
	found := make([]string, 0, len(unique))
	for set := range unique {
		found = append(found, set)
	}
	sort.Strings(found)
	return found, true
}

// names gives the names of labels, but for __name__, in order.
func names(set labels.Labels) string {
	var all []string
	set.Range(func(label labels.Label) {
		if label.Name != labels.MetricName && label.Value != "" {
			all = append(all, label.Name)
		}
	})
	sort.Strings(all)
	return strings.Join(all, " ")
}

// store holds the series of one evaluation.
type store struct {
	series []storage.Series
	drawn  map[string]string
}

func draw(random *rand.Rand) *store {
	s := &store{drawn: map[string]string{}}
	for _, name := range []string{"a", "b", "c", "h_bucket", "target_info"} {
		builder := labels.NewBuilder(labels.FromStrings(labels.MetricName, name))
		// Half of the time most labels are there, else few: series that agree are needed as much as others.
		often := random.Intn(2) == 0
		for _, label := range drawn {
			if random.Intn(4) != 0 == often {
				builder.Set(label, "v")
			}
		}
		s.drawn[name] = names(builder.Labels())
		if name != "h_bucket" {
			s.add(builder.Labels())
			continue
		}
		for _, bound := range []string{"0.5", "1", "+Inf"} {
			builder.Set("le", bound)
			s.add(builder.Labels())
		}
	}
	return s
}

// add gives later series lower values, so that earlier ones are greater.
func (s *store) add(set labels.Labels) {
	var samples []chunks.Sample
	for minute := int64(0); minute <= 10; minute++ {
		samples = append(samples, sample{t: minute * 60_000, v: float64(10+minute) / float64(len(s.series)+1)})
	}
	s.series = append(s.series, storage.NewListSeries(set, samples))
}

type sample struct {
	t int64
	v float64
}

func (s sample) ST() int64                   { return 0 }
func (s sample) T() int64                    { return s.t }
func (s sample) F() float64                  { return s.v }
func (sample) H() *histogram.Histogram       { return nil }
func (sample) FH() *histogram.FloatHistogram { return nil }
func (sample) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (s sample) Copy() chunks.Sample         { return s }

func (s *store) Querier(_, _ int64) (storage.Querier, error) { return s, nil }
func (*store) Close() error                                  { return nil }

func (*store) LabelValues(context.Context, string, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (*store) LabelNames(context.Context, *storage.LabelHints, ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	return nil, nil, nil
}

func (s *store) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	var found []storage.Series
	for _, series := range s.series {
		matches := true
		for _, matcher := range matchers {
			matches = matches && matcher.Matches(series.Labels().Get(matcher.Name))
		}
		if matches {
			found = append(found, series)
		}
	}
	sort.Slice(found, func(i, j int) bool { return labels.Compare(found[i].Labels(), found[j].Labels()) < 0 })
	return &set{series: found, index: -1}
}

type set struct {
	series []storage.Series
	index  int
}

func (s *set) Next() bool                      { s.index++; return s.index < len(s.series) }
func (s *set) At() storage.Series              { return s.series[s.index] }
func (*set) Err() error                        { return nil }
func (*set) Warnings() annotations.Annotations { return nil }
