
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'promsight' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'promsight'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'promsight' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Report what looks at series that nothing emits, and the other defects; meant as a CI gate')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Review how ready the tree is to be operated: areas, evidence, tasks with owners, and what could not be verified')
            [CompletionResult]::new('metrics', 'metrics', [CompletionResultType]::ParameterValue, 'List every metric that the code emits: its series, labels, type and place')
            [CompletionResult]::new('references', 'references', [CompletionResultType]::ParameterValue, 'List every place that looks at a series, with the verdict on it')
            [CompletionResult]::new('trace', 'trace', [CompletionResultType]::ParameterValue, 'Show the line of sight of one metric, alert, recording rule or dashboard: from the code that declares it to what looks at it, each step with its place, the broken ones marked')
            [CompletionResult]::new('targets', 'targets', [CompletionResultType]::ParameterValue, 'List what each scrape job would keep and drop, and which rule drops it')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a commented promsight.yaml from what a first run finds')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Print what a check means, an example that it reports, and how to mend it')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'promsight;check' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How to print: `text` (the default) for people, `table` for one line an entry, others for programs')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the report to FILE (replaced as a whole, or left as it was) instead of stdout')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the configuration from FILE instead of the `promsight.yaml` at the root')
            [CompletionResult]::new('--fail-on', '--fail-on', [CompletionResultType]::ParameterName, 'Exit with 1 if there is a finding of this severity or above; `never` always exits with 0')
            [CompletionResult]::new('--min-confidence', '--min-confidence', [CompletionResultType]::ParameterName, 'Leave out findings of less confidence')
            [CompletionResult]::new('--select', '--select', [CompletionResultType]::ParameterName, 'Report only this check; can be given several times. `promsight explain` lists the names')
            [CompletionResult]::new('--ignore', '--ignore', [CompletionResultType]::ParameterName, 'Leave this check out; can be given several times')
            [CompletionResult]::new('--base', '--base', [CompletionResultType]::ParameterName, 'Report only what the changes since REV brought in: both trees are reconciled, and findings that REV had already are left out, whichever file they lie in. REV is a branch, tag or commit; of a branch that has moved on, the commit counts at which the current one left it')
            [CompletionResult]::new('--baseline', '--baseline', [CompletionResultType]::ParameterName, 'Leave out the findings that FILE records')
            [CompletionResult]::new('--write-baseline', '--write-baseline', [CompletionResultType]::ParameterName, 'Record what is found in FILE, so that `--baseline FILE` leaves it out from now on. What FILE recorded before and is gone is dropped')
            [CompletionResult]::new('--exposition', '--exposition', [CompletionResultType]::ParameterName, 'Take the series of a snapshot for existing: what a program answers at `/metrics`, in the text format of Prometheus or OpenMetrics. Of a folder every such file is read. Can be given several times')
            [CompletionResult]::new('--inventory', '--inventory', [CompletionResultType]::ParameterName, 'Take the metrics of another repository for existing: what `promsight metrics --format json` wrote there. Can be given several times')
            [CompletionResult]::new('--prometheus', '--prometheus', [CompletionResultType]::ParameterName, 'Ask the Prometheus at URL, or a server with the same API (Thanos, Mimir, VictoriaMetrics), which series it has. Credentials are taken from PROMSIGHT_PROMETHEUS_TOKEN, or from PROMSIGHT_PROMETHEUS_USER and PROMSIGHT_PROMETHEUS_PASSWORD')
            [CompletionResult]::new('--prometheus-token-file', '--prometheus-token-file', [CompletionResultType]::ParameterName, 'Take the token for the server from FILE')
            [CompletionResult]::new('--prometheus-tenant', '--prometheus-tenant', [CompletionResultType]::ParameterName, 'Ask for this tenant (`X-Scope-OrgID`, as Mimir and Loki have it)')
            [CompletionResult]::new('--prometheus-ca-file', '--prometheus-ca-file', [CompletionResultType]::ParameterName, 'Trust the certificates of FILE (PEM) instead of the public ones')
            [CompletionResult]::new('--prometheus-hours', '--prometheus-hours', [CompletionResultType]::ParameterName, 'Ask for the series of so many hours')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set')
            [CompletionResult]::new('--fix', '--fix', [CompletionResultType]::ParameterName, 'Mend what can be mended without anybody''s judgement, then report what is left: the only sample of a metric that can be meant (`_total`, `_info`, `_bucket` below a quantile), and bounds in the client''s spelling. Rule files, dashboards and documents are changed, code never is')
            [CompletionResult]::new('--diff', '--diff', [CompletionResultType]::ParameterName, 'Print what --fix would change, as a unified diff, and change nothing. Exits with 1 if there is anything to change')
            [CompletionResult]::new('--strict', '--strict', [CompletionResultType]::ParameterName, 'Also report references that may belong to programs outside this tree (verdict `foreign`)')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'promsight;audit' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How to print: `markdown` for people, `json` for programs and for the next review')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the review to FILE (replaced as a whole, or left as it was) instead of stdout')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the configuration from FILE instead of the `promsight.yaml` at the root')
            [CompletionResult]::new('--compare', '--compare', [CompletionResultType]::ParameterName, 'Compare with an earlier review in JSON: what was remediated, what came back, and what is claimed done and is not')
            [CompletionResult]::new('--exposition', '--exposition', [CompletionResultType]::ParameterName, 'Take the series of a snapshot for existing: what a program answers at `/metrics`, in the text format of Prometheus or OpenMetrics. Of a folder every such file is read. Can be given several times')
            [CompletionResult]::new('--inventory', '--inventory', [CompletionResultType]::ParameterName, 'Take the metrics of another repository for existing: what `promsight metrics --format json` wrote there. Can be given several times')
            [CompletionResult]::new('--prometheus', '--prometheus', [CompletionResultType]::ParameterName, 'Ask the Prometheus at URL, or a server with the same API (Thanos, Mimir, VictoriaMetrics), which series it has. Credentials are taken from PROMSIGHT_PROMETHEUS_TOKEN, or from PROMSIGHT_PROMETHEUS_USER and PROMSIGHT_PROMETHEUS_PASSWORD')
            [CompletionResult]::new('--prometheus-token-file', '--prometheus-token-file', [CompletionResultType]::ParameterName, 'Take the token for the server from FILE')
            [CompletionResult]::new('--prometheus-tenant', '--prometheus-tenant', [CompletionResultType]::ParameterName, 'Ask for this tenant (`X-Scope-OrgID`, as Mimir and Loki have it)')
            [CompletionResult]::new('--prometheus-ca-file', '--prometheus-ca-file', [CompletionResultType]::ParameterName, 'Trust the certificates of FILE (PEM) instead of the public ones')
            [CompletionResult]::new('--prometheus-hours', '--prometheus-hours', [CompletionResultType]::ParameterName, 'Ask for the series of so many hours')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'promsight;metrics' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How to print: `text` (the default) for people, `table` for one line an entry, others for programs')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the report to FILE (replaced as a whole, or left as it was) instead of stdout')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the configuration from FILE instead of the `promsight.yaml` at the root')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set')
            [CompletionResult]::new('--unresolved', '--unresolved', [CompletionResultType]::ParameterName, 'List only what is not known: each declaration whose name depends on what happens at run time, each place that could not be read, and why')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'promsight;references' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How to print: `text` (the default) for people, `table` for one line an entry, others for programs')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the report to FILE (replaced as a whole, or left as it was) instead of stdout')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the configuration from FILE instead of the `promsight.yaml` at the root')
            [CompletionResult]::new('--exposition', '--exposition', [CompletionResultType]::ParameterName, 'Take the series of a snapshot for existing: what a program answers at `/metrics`, in the text format of Prometheus or OpenMetrics. Of a folder every such file is read. Can be given several times')
            [CompletionResult]::new('--inventory', '--inventory', [CompletionResultType]::ParameterName, 'Take the metrics of another repository for existing: what `promsight metrics --format json` wrote there. Can be given several times')
            [CompletionResult]::new('--prometheus', '--prometheus', [CompletionResultType]::ParameterName, 'Ask the Prometheus at URL, or a server with the same API (Thanos, Mimir, VictoriaMetrics), which series it has. Credentials are taken from PROMSIGHT_PROMETHEUS_TOKEN, or from PROMSIGHT_PROMETHEUS_USER and PROMSIGHT_PROMETHEUS_PASSWORD')
            [CompletionResult]::new('--prometheus-token-file', '--prometheus-token-file', [CompletionResultType]::ParameterName, 'Take the token for the server from FILE')
            [CompletionResult]::new('--prometheus-tenant', '--prometheus-tenant', [CompletionResultType]::ParameterName, 'Ask for this tenant (`X-Scope-OrgID`, as Mimir and Loki have it)')
            [CompletionResult]::new('--prometheus-ca-file', '--prometheus-ca-file', [CompletionResultType]::ParameterName, 'Trust the certificates of FILE (PEM) instead of the public ones')
            [CompletionResult]::new('--prometheus-hours', '--prometheus-hours', [CompletionResultType]::ParameterName, 'Ask for the series of so many hours')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'promsight;trace' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How to print: `text` (the default) for people, `table` for one line an entry, others for programs')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the report to FILE (replaced as a whole, or left as it was) instead of stdout')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the configuration from FILE instead of the `promsight.yaml` at the root')
            [CompletionResult]::new('--exposition', '--exposition', [CompletionResultType]::ParameterName, 'Take the series of a snapshot for existing: what a program answers at `/metrics`, in the text format of Prometheus or OpenMetrics. Of a folder every such file is read. Can be given several times')
            [CompletionResult]::new('--inventory', '--inventory', [CompletionResultType]::ParameterName, 'Take the metrics of another repository for existing: what `promsight metrics --format json` wrote there. Can be given several times')
            [CompletionResult]::new('--prometheus', '--prometheus', [CompletionResultType]::ParameterName, 'Ask the Prometheus at URL, or a server with the same API (Thanos, Mimir, VictoriaMetrics), which series it has. Credentials are taken from PROMSIGHT_PROMETHEUS_TOKEN, or from PROMSIGHT_PROMETHEUS_USER and PROMSIGHT_PROMETHEUS_PASSWORD')
            [CompletionResult]::new('--prometheus-token-file', '--prometheus-token-file', [CompletionResultType]::ParameterName, 'Take the token for the server from FILE')
            [CompletionResult]::new('--prometheus-tenant', '--prometheus-tenant', [CompletionResultType]::ParameterName, 'Ask for this tenant (`X-Scope-OrgID`, as Mimir and Loki have it)')
            [CompletionResult]::new('--prometheus-ca-file', '--prometheus-ca-file', [CompletionResultType]::ParameterName, 'Trust the certificates of FILE (PEM) instead of the public ones')
            [CompletionResult]::new('--prometheus-hours', '--prometheus-hours', [CompletionResultType]::ParameterName, 'Ask for the series of so many hours')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'promsight;targets' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'How to print: `text` (the default) for people, `table` for one line an entry, others for programs')
            [CompletionResult]::new('--output', '--output', [CompletionResultType]::ParameterName, 'Write the report to FILE (replaced as a whole, or left as it was) instead of stdout')
            [CompletionResult]::new('--config', '--config', [CompletionResultType]::ParameterName, 'Read the configuration from FILE instead of the `promsight.yaml` at the root')
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'promsight;init' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set')
            [CompletionResult]::new('--print', '--print', [CompletionResultType]::ParameterName, 'Print the text instead of writing the file')
            [CompletionResult]::new('--force', '--force', [CompletionResultType]::ParameterName, 'Replace a promsight.yaml that is there')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'promsight;explain' {
            [CompletionResult]::new('--color', '--color', [CompletionResultType]::ParameterName, 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help')
            break
        }
        'promsight;help' {
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Report what looks at series that nothing emits, and the other defects; meant as a CI gate')
            [CompletionResult]::new('audit', 'audit', [CompletionResultType]::ParameterValue, 'Review how ready the tree is to be operated: areas, evidence, tasks with owners, and what could not be verified')
            [CompletionResult]::new('metrics', 'metrics', [CompletionResultType]::ParameterValue, 'List every metric that the code emits: its series, labels, type and place')
            [CompletionResult]::new('references', 'references', [CompletionResultType]::ParameterValue, 'List every place that looks at a series, with the verdict on it')
            [CompletionResult]::new('trace', 'trace', [CompletionResultType]::ParameterValue, 'Show the line of sight of one metric, alert, recording rule or dashboard: from the code that declares it to what looks at it, each step with its place, the broken ones marked')
            [CompletionResult]::new('targets', 'targets', [CompletionResultType]::ParameterValue, 'List what each scrape job would keep and drop, and which rule drops it')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Write a commented promsight.yaml from what a first run finds')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Print what a check means, an example that it reports, and how to mend it')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'promsight;help;check' {
            break
        }
        'promsight;help;audit' {
            break
        }
        'promsight;help;metrics' {
            break
        }
        'promsight;help;references' {
            break
        }
        'promsight;help;trace' {
            break
        }
        'promsight;help;targets' {
            break
        }
        'promsight;help;init' {
            break
        }
        'promsight;help;explain' {
            break
        }
        'promsight;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
