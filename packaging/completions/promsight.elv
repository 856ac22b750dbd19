
use builtin;
use str;

set edit:completion:arg-completer[promsight] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'promsight'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'promsight'= {
            cand --color 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand check 'Report what looks at series that nothing emits, and the other defects; meant as a CI gate'
            cand audit 'Review how ready the tree is to be operated: areas, evidence, tasks with owners, and what could not be verified'
            cand metrics 'List every metric that the code emits: its series, labels, type and place'
            cand references 'List every place that looks at a series, with the verdict on it'
            cand trace 'Show the line of sight of one metric, alert, recording rule or dashboard: from the code that declares it to what looks at it, each step with its place, the broken ones marked'
            cand targets 'List what each scrape job would keep and drop, and which rule drops it'
            cand init 'Write a commented promsight.yaml from what a first run finds'
            cand explain 'Print what a check means, an example that it reports, and how to mend it'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'promsight;check'= {
            cand --format 'How to print: `text` (the default) for people, `table` for one line an entry, others for programs'
            cand --output 'Write the report to FILE (replaced as a whole, or left as it was) instead of stdout'
            cand --config 'Read the configuration from FILE instead of the `promsight.yaml` at the root'
            cand --fail-on 'Exit with 1 if there is a finding of this severity or above; `never` always exits with 0'
            cand --min-confidence 'Leave out findings of less confidence'
            cand --select 'Report only this check; can be given several times. `promsight explain` lists the names'
            cand --ignore 'Leave this check out; can be given several times'
            cand --base 'Report only what the changes since REV brought in: both trees are reconciled, and findings that REV had already are left out, whichever file they lie in. REV is a branch, tag or commit; of a branch that has moved on, the commit counts at which the current one left it'
            cand --baseline 'Leave out the findings that FILE records'
            cand --write-baseline 'Record what is found in FILE, so that `--baseline FILE` leaves it out from now on. What FILE recorded before and is gone is dropped'
            cand --exposition 'Take the series of a snapshot for existing: what a program answers at `/metrics`, in the text format of Prometheus or OpenMetrics. Of a folder every such file is read. Can be given several times'
            cand --inventory 'Take the metrics of another repository for existing: what `promsight metrics --format json` wrote there. Can be given several times'
            cand --prometheus 'Ask the Prometheus at URL, or a server with the same API (Thanos, Mimir, VictoriaMetrics), which series it has. Credentials are taken from PROMSIGHT_PROMETHEUS_TOKEN, or from PROMSIGHT_PROMETHEUS_USER and PROMSIGHT_PROMETHEUS_PASSWORD'
            cand --prometheus-token-file 'Take the token for the server from FILE'
            cand --prometheus-tenant 'Ask for this tenant (`X-Scope-OrgID`, as Mimir and Loki have it)'
            cand --prometheus-ca-file 'Trust the certificates of FILE (PEM) instead of the public ones'
            cand --prometheus-hours 'Ask for the series of so many hours'
            cand --color 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set'
            cand --fix 'Mend what can be mended without anybody''s judgement, then report what is left: the only sample of a metric that can be meant (`_total`, `_info`, `_bucket` below a quantile), and bounds in the client''s spelling. Rule files, dashboards and documents are changed, code never is'
            cand --diff 'Print what --fix would change, as a unified diff, and change nothing. Exits with 1 if there is anything to change'
            cand --strict 'Also report references that may belong to programs outside this tree (verdict `foreign`)'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'promsight;audit'= {
            cand --format 'How to print: `markdown` for people, `json` for programs and for the next review'
            cand --output 'Write the review to FILE (replaced as a whole, or left as it was) instead of stdout'
            cand --config 'Read the configuration from FILE instead of the `promsight.yaml` at the root'
            cand --compare 'Compare with an earlier review in JSON: what was remediated, what came back, and what is claimed done and is not'
            cand --exposition 'Take the series of a snapshot for existing: what a program answers at `/metrics`, in the text format of Prometheus or OpenMetrics. Of a folder every such file is read. Can be given several times'
            cand --inventory 'Take the metrics of another repository for existing: what `promsight metrics --format json` wrote there. Can be given several times'
            cand --prometheus 'Ask the Prometheus at URL, or a server with the same API (Thanos, Mimir, VictoriaMetrics), which series it has. Credentials are taken from PROMSIGHT_PROMETHEUS_TOKEN, or from PROMSIGHT_PROMETHEUS_USER and PROMSIGHT_PROMETHEUS_PASSWORD'
            cand --prometheus-token-file 'Take the token for the server from FILE'
            cand --prometheus-tenant 'Ask for this tenant (`X-Scope-OrgID`, as Mimir and Loki have it)'
            cand --prometheus-ca-file 'Trust the certificates of FILE (PEM) instead of the public ones'
            cand --prometheus-hours 'Ask for the series of so many hours'
            cand --color 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'promsight;metrics'= {
            cand --format 'How to print: `text` (the default) for people, `table` for one line an entry, others for programs'
            cand --output 'Write the report to FILE (replaced as a whole, or left as it was) instead of stdout'
            cand --config 'Read the configuration from FILE instead of the `promsight.yaml` at the root'
            cand --color 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set'
            cand --unresolved 'List only what is not known: each declaration whose name depends on what happens at run time, each place that could not be read, and why'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'promsight;references'= {
            cand --format 'How to print: `text` (the default) for people, `table` for one line an entry, others for programs'
            cand --output 'Write the report to FILE (replaced as a whole, or left as it was) instead of stdout'
            cand --config 'Read the configuration from FILE instead of the `promsight.yaml` at the root'
            cand --exposition 'Take the series of a snapshot for existing: what a program answers at `/metrics`, in the text format of Prometheus or OpenMetrics. Of a folder every such file is read. Can be given several times'
            cand --inventory 'Take the metrics of another repository for existing: what `promsight metrics --format json` wrote there. Can be given several times'
            cand --prometheus 'Ask the Prometheus at URL, or a server with the same API (Thanos, Mimir, VictoriaMetrics), which series it has. Credentials are taken from PROMSIGHT_PROMETHEUS_TOKEN, or from PROMSIGHT_PROMETHEUS_USER and PROMSIGHT_PROMETHEUS_PASSWORD'
            cand --prometheus-token-file 'Take the token for the server from FILE'
            cand --prometheus-tenant 'Ask for this tenant (`X-Scope-OrgID`, as Mimir and Loki have it)'
            cand --prometheus-ca-file 'Trust the certificates of FILE (PEM) instead of the public ones'
            cand --prometheus-hours 'Ask for the series of so many hours'
            cand --color 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'promsight;trace'= {
            cand --format 'How to print: `text` (the default) for people, `table` for one line an entry, others for programs'
            cand --output 'Write the report to FILE (replaced as a whole, or left as it was) instead of stdout'
            cand --config 'Read the configuration from FILE instead of the `promsight.yaml` at the root'
            cand --exposition 'Take the series of a snapshot for existing: what a program answers at `/metrics`, in the text format of Prometheus or OpenMetrics. Of a folder every such file is read. Can be given several times'
            cand --inventory 'Take the metrics of another repository for existing: what `promsight metrics --format json` wrote there. Can be given several times'
            cand --prometheus 'Ask the Prometheus at URL, or a server with the same API (Thanos, Mimir, VictoriaMetrics), which series it has. Credentials are taken from PROMSIGHT_PROMETHEUS_TOKEN, or from PROMSIGHT_PROMETHEUS_USER and PROMSIGHT_PROMETHEUS_PASSWORD'
            cand --prometheus-token-file 'Take the token for the server from FILE'
            cand --prometheus-tenant 'Ask for this tenant (`X-Scope-OrgID`, as Mimir and Loki have it)'
            cand --prometheus-ca-file 'Trust the certificates of FILE (PEM) instead of the public ones'
            cand --prometheus-hours 'Ask for the series of so many hours'
            cand --color 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'promsight;targets'= {
            cand --format 'How to print: `text` (the default) for people, `table` for one line an entry, others for programs'
            cand --output 'Write the report to FILE (replaced as a whole, or left as it was) instead of stdout'
            cand --config 'Read the configuration from FILE instead of the `promsight.yaml` at the root'
            cand --color 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'promsight;init'= {
            cand --color 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set'
            cand --print 'Print the text instead of writing the file'
            cand --force 'Replace a promsight.yaml that is there'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'promsight;explain'= {
            cand --color 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set'
            cand -h 'Print help'
            cand --help 'Print help'
        }
        &'promsight;help'= {
            cand check 'Report what looks at series that nothing emits, and the other defects; meant as a CI gate'
            cand audit 'Review how ready the tree is to be operated: areas, evidence, tasks with owners, and what could not be verified'
            cand metrics 'List every metric that the code emits: its series, labels, type and place'
            cand references 'List every place that looks at a series, with the verdict on it'
            cand trace 'Show the line of sight of one metric, alert, recording rule or dashboard: from the code that declares it to what looks at it, each step with its place, the broken ones marked'
            cand targets 'List what each scrape job would keep and drop, and which rule drops it'
            cand init 'Write a commented promsight.yaml from what a first run finds'
            cand explain 'Print what a check means, an example that it reports, and how to mend it'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'promsight;help;check'= {
        }
        &'promsight;help;audit'= {
        }
        &'promsight;help;metrics'= {
        }
        &'promsight;help;references'= {
        }
        &'promsight;help;trace'= {
        }
        &'promsight;help;targets'= {
        }
        &'promsight;help;init'= {
        }
        &'promsight;help;explain'= {
        }
        &'promsight;help;help'= {
        }
    ]
    $completions[$command]
}
