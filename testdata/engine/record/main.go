// Evaluates queries in the real Prometheus 3 engine, on what programs exposed.
//
// It reads from stdin a list of programs, each with its scrapes (OpenMetrics texts, thirty seconds apart) and queries,
// and writes to stdout for each query how many elements its result has at the last scrape, how often it has any, or the error. The scrapes are parsed and stored
// as a server does for one target with the labels `job` and `instance`. ../record.py runs it.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"math"
	"os"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/tsdb"
)

const interval = 30 * time.Second

type program struct {
	Scrapes []string `json:"scrapes"`
	Queries []string `json:"queries"`
	// The first scrape at which to ask as well; none where it is zero.
	From int `json:"from"`
}

type answer struct {
	Elements int `json:"elements"`
	// At how many of the scrapes it was asked, and at how many it had a result; only where that was wanted.
	Asked int    `json:"asked,omitempty"`
	Held  int    `json:"held,omitempty"`
	Error string `json:"error,omitempty"`
}

func main() {
	var programs []program
	if err := json.NewDecoder(os.Stdin).Decode(&programs); err != nil {
		log.Fatal(err)
	}
	engine := promql.NewEngine(promql.EngineOpts{
		MaxSamples:           1_000_000,
		Timeout:              time.Minute,
		LookbackDelta:        5 * time.Minute,
		EnableAtModifier:     true,
		EnableNegativeOffset: true,
		Parser:               parser.NewParser(parser.Options{}),
	})
	answers := make([][]answer, len(programs))
	for i, one := range programs {
		answers[i] = evaluate(engine, one)
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		log.Fatal(err)
	}
}

func evaluate(engine *promql.Engine, one program) []answer {
	folder, err := os.MkdirTemp("", "engine")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	db, err := tsdb.Open(folder, nil, nil, tsdb.DefaultOptions(), tsdb.NewDBStats())
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	start := time.Unix(1_800_000_000, 0)
	now := start
	for i, text := range one.Scrapes {
		now = start.Add(time.Duration(i) * interval)
		store(db, text, now)
	}
	answers := []answer{}
	for _, text := range one.Queries {
		last := ask(engine, db, text, now)
		for i := one.From; one.From > 0 && i < len(one.Scrapes); i++ {
			last.Asked++
			if ask(engine, db, text, start.Add(time.Duration(i)*interval)).Elements > 0 {
				last.Held++
			}
		}
		answers = append(answers, last)
	}
	return answers
}

func ask(engine *promql.Engine, db *tsdb.DB, text string, at time.Time) answer {
	query, err := engine.NewInstantQuery(context.Background(), db, nil, text, at)
	if err != nil {
		return answer{Error: err.Error()}
	}
	defer query.Close()
	result := query.Exec(context.Background())
	switch value := result.Value.(type) {
	case promql.Vector:
		return answer{Elements: len(value)}
	case promql.Scalar:
		return answer{Elements: 1}
	default:
		message := "no vector"
		if result.Err != nil {
			message = result.Err.Error()
		}
		return answer{Error: message}
	}
}

func store(db *tsdb.DB, text string, at time.Time) {
	parser, err := textparse.New([]byte(text), "application/openmetrics-text; version=1.0.0", labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		log.Fatal(err)
	}
	appender := db.Appender(context.Background())
	for {
		entry, err := parser.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			log.Fatalf("%v in\n%s", err, text)
		}
		if entry != textparse.EntrySeries {
			continue
		}
		_, _, value := parser.Series()
		if math.IsNaN(value) {
			continue
		}
		var own labels.Labels
		parser.Labels(&own)
		builder := labels.NewBuilder(own)
		builder.Set("job", "app")
		builder.Set("instance", "app:8000")
		if _, err := appender.Append(0, builder.Labels(), at.UnixMilli(), value); err != nil {
			log.Fatal(err)
		}
	}
	if err := appender.Commit(); err != nil {
		log.Fatal(err)
	}
}
