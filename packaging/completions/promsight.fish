# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_promsight_global_optspecs
    string join \n color= h/help V/version
end

function __fish_promsight_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_promsight_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_promsight_using_subcommand
    set -l cmd (__fish_promsight_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c promsight -n "__fish_promsight_needs_command" -l color -d 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c promsight -n "__fish_promsight_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c promsight -n "__fish_promsight_needs_command" -s V -l version -d 'Print version'
complete -c promsight -n "__fish_promsight_needs_command" -f -a "check" -d 'Report what looks at series that nothing emits, and the other defects; meant as a CI gate'
complete -c promsight -n "__fish_promsight_needs_command" -f -a "audit" -d 'Review how ready the tree is to be operated: areas, evidence, tasks with owners, and what could not be verified'
complete -c promsight -n "__fish_promsight_needs_command" -f -a "metrics" -d 'List every metric that the code emits: its series, labels, type and place'
complete -c promsight -n "__fish_promsight_needs_command" -f -a "references" -d 'List every place that looks at a series, with the verdict on it'
complete -c promsight -n "__fish_promsight_needs_command" -f -a "trace" -d 'Show the line of sight of one metric, alert, recording rule or dashboard: from the code that declares it to what looks at it, each step with its place, the broken ones marked'
complete -c promsight -n "__fish_promsight_needs_command" -f -a "targets" -d 'List what each scrape job would keep and drop, and which rule drops it'
complete -c promsight -n "__fish_promsight_needs_command" -f -a "init" -d 'Write a commented promsight.yaml from what a first run finds'
complete -c promsight -n "__fish_promsight_needs_command" -f -a "explain" -d 'Print what a check means, an example that it reports, and how to mend it'
complete -c promsight -n "__fish_promsight_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c promsight -n "__fish_promsight_using_subcommand check" -l format -d 'How to print: `text` (the default) for people, `table` for one line an entry, others for programs' -r -f -a "text\t''
table\t''
json\t''
sarif\t''
github\t''
gitlab\t''
junit\t''
markdown\t''
html\t''
mimirtool-grafana\t''
mimirtool-ruler\t''"
complete -c promsight -n "__fish_promsight_using_subcommand check" -l output -d 'Write the report to FILE (replaced as a whole, or left as it was) instead of stdout' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand check" -l config -d 'Read the configuration from FILE instead of the `promsight.yaml` at the root' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand check" -l fail-on -d 'Exit with 1 if there is a finding of this severity or above; `never` always exits with 0' -r -f -a "error\t''
warning\t''
info\t''
never\t''"
complete -c promsight -n "__fish_promsight_using_subcommand check" -l min-confidence -d 'Leave out findings of less confidence' -r -f -a "low\t''
medium\t''
high\t''"
complete -c promsight -n "__fish_promsight_using_subcommand check" -l select -d 'Report only this check; can be given several times. `promsight explain` lists the names' -r
complete -c promsight -n "__fish_promsight_using_subcommand check" -l ignore -d 'Leave this check out; can be given several times' -r
complete -c promsight -n "__fish_promsight_using_subcommand check" -l base -d 'Report only what the changes since REV brought in: both trees are reconciled, and findings that REV had already are left out, whichever file they lie in. REV is a branch, tag or commit; of a branch that has moved on, the commit counts at which the current one left it' -r
complete -c promsight -n "__fish_promsight_using_subcommand check" -l baseline -d 'Leave out the findings that FILE records' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand check" -l write-baseline -d 'Record what is found in FILE, so that `--baseline FILE` leaves it out from now on. What FILE recorded before and is gone is dropped' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand check" -l exposition -d 'Take the series of a snapshot for existing: what a program answers at `/metrics`, in the text format of Prometheus or OpenMetrics. Of a folder every such file is read. Can be given several times' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand check" -l inventory -d 'Take the metrics of another repository for existing: what `promsight metrics --format json` wrote there. Can be given several times' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand check" -l prometheus -d 'Ask the Prometheus at URL, or a server with the same API (Thanos, Mimir, VictoriaMetrics), which series it has. Credentials are taken from PROMSIGHT_PROMETHEUS_TOKEN, or from PROMSIGHT_PROMETHEUS_USER and PROMSIGHT_PROMETHEUS_PASSWORD' -r
complete -c promsight -n "__fish_promsight_using_subcommand check" -l prometheus-token-file -d 'Take the token for the server from FILE' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand check" -l prometheus-tenant -d 'Ask for this tenant (`X-Scope-OrgID`, as Mimir and Loki have it)' -r
complete -c promsight -n "__fish_promsight_using_subcommand check" -l prometheus-ca-file -d 'Trust the certificates of FILE (PEM) instead of the public ones' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand check" -l prometheus-hours -d 'Ask for the series of so many hours' -r
complete -c promsight -n "__fish_promsight_using_subcommand check" -l color -d 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c promsight -n "__fish_promsight_using_subcommand check" -l fix -d 'Mend what can be mended without anybody\'s judgement, then report what is left: the only sample of a metric that can be meant (`_total`, `_info`, `_bucket` below a quantile), and bounds in the client\'s spelling. Rule files, dashboards and documents are changed, code never is'
complete -c promsight -n "__fish_promsight_using_subcommand check" -l diff -d 'Print what --fix would change, as a unified diff, and change nothing. Exits with 1 if there is anything to change'
complete -c promsight -n "__fish_promsight_using_subcommand check" -l strict -d 'Also report references that may belong to programs outside this tree (verdict `foreign`)'
complete -c promsight -n "__fish_promsight_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c promsight -n "__fish_promsight_using_subcommand audit" -l format -d 'How to print: `markdown` for people, `json` for programs and for the next review' -r -f -a "markdown\t''
json\t''"
complete -c promsight -n "__fish_promsight_using_subcommand audit" -l output -d 'Write the review to FILE (replaced as a whole, or left as it was) instead of stdout' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand audit" -l config -d 'Read the configuration from FILE instead of the `promsight.yaml` at the root' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand audit" -l compare -d 'Compare with an earlier review in JSON: what was remediated, what came back, and what is claimed done and is not' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand audit" -l exposition -d 'Take the series of a snapshot for existing: what a program answers at `/metrics`, in the text format of Prometheus or OpenMetrics. Of a folder every such file is read. Can be given several times' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand audit" -l inventory -d 'Take the metrics of another repository for existing: what `promsight metrics --format json` wrote there. Can be given several times' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand audit" -l prometheus -d 'Ask the Prometheus at URL, or a server with the same API (Thanos, Mimir, VictoriaMetrics), which series it has. Credentials are taken from PROMSIGHT_PROMETHEUS_TOKEN, or from PROMSIGHT_PROMETHEUS_USER and PROMSIGHT_PROMETHEUS_PASSWORD' -r
complete -c promsight -n "__fish_promsight_using_subcommand audit" -l prometheus-token-file -d 'Take the token for the server from FILE' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand audit" -l prometheus-tenant -d 'Ask for this tenant (`X-Scope-OrgID`, as Mimir and Loki have it)' -r
complete -c promsight -n "__fish_promsight_using_subcommand audit" -l prometheus-ca-file -d 'Trust the certificates of FILE (PEM) instead of the public ones' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand audit" -l prometheus-hours -d 'Ask for the series of so many hours' -r
complete -c promsight -n "__fish_promsight_using_subcommand audit" -l color -d 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c promsight -n "__fish_promsight_using_subcommand audit" -s h -l help -d 'Print help'
complete -c promsight -n "__fish_promsight_using_subcommand metrics" -l format -d 'How to print: `text` (the default) for people, `table` for one line an entry, others for programs' -r -f -a "text\t''
table\t''
json\t''
sarif\t''
github\t''
gitlab\t''
junit\t''
markdown\t''
html\t''
mimirtool-grafana\t''
mimirtool-ruler\t''"
complete -c promsight -n "__fish_promsight_using_subcommand metrics" -l output -d 'Write the report to FILE (replaced as a whole, or left as it was) instead of stdout' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand metrics" -l config -d 'Read the configuration from FILE instead of the `promsight.yaml` at the root' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand metrics" -l color -d 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c promsight -n "__fish_promsight_using_subcommand metrics" -l unresolved -d 'List only what is not known: each declaration whose name depends on what happens at run time, each place that could not be read, and why'
complete -c promsight -n "__fish_promsight_using_subcommand metrics" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c promsight -n "__fish_promsight_using_subcommand references" -l format -d 'How to print: `text` (the default) for people, `table` for one line an entry, others for programs' -r -f -a "text\t''
table\t''
json\t''
sarif\t''
github\t''
gitlab\t''
junit\t''
markdown\t''
html\t''
mimirtool-grafana\t''
mimirtool-ruler\t''"
complete -c promsight -n "__fish_promsight_using_subcommand references" -l output -d 'Write the report to FILE (replaced as a whole, or left as it was) instead of stdout' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand references" -l config -d 'Read the configuration from FILE instead of the `promsight.yaml` at the root' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand references" -l exposition -d 'Take the series of a snapshot for existing: what a program answers at `/metrics`, in the text format of Prometheus or OpenMetrics. Of a folder every such file is read. Can be given several times' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand references" -l inventory -d 'Take the metrics of another repository for existing: what `promsight metrics --format json` wrote there. Can be given several times' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand references" -l prometheus -d 'Ask the Prometheus at URL, or a server with the same API (Thanos, Mimir, VictoriaMetrics), which series it has. Credentials are taken from PROMSIGHT_PROMETHEUS_TOKEN, or from PROMSIGHT_PROMETHEUS_USER and PROMSIGHT_PROMETHEUS_PASSWORD' -r
complete -c promsight -n "__fish_promsight_using_subcommand references" -l prometheus-token-file -d 'Take the token for the server from FILE' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand references" -l prometheus-tenant -d 'Ask for this tenant (`X-Scope-OrgID`, as Mimir and Loki have it)' -r
complete -c promsight -n "__fish_promsight_using_subcommand references" -l prometheus-ca-file -d 'Trust the certificates of FILE (PEM) instead of the public ones' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand references" -l prometheus-hours -d 'Ask for the series of so many hours' -r
complete -c promsight -n "__fish_promsight_using_subcommand references" -l color -d 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c promsight -n "__fish_promsight_using_subcommand references" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c promsight -n "__fish_promsight_using_subcommand trace" -l format -d 'How to print: `text` (the default) for people, `table` for one line an entry, others for programs' -r -f -a "text\t''
table\t''
json\t''
sarif\t''
github\t''
gitlab\t''
junit\t''
markdown\t''
html\t''
mimirtool-grafana\t''
mimirtool-ruler\t''"
complete -c promsight -n "__fish_promsight_using_subcommand trace" -l output -d 'Write the report to FILE (replaced as a whole, or left as it was) instead of stdout' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand trace" -l config -d 'Read the configuration from FILE instead of the `promsight.yaml` at the root' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand trace" -l exposition -d 'Take the series of a snapshot for existing: what a program answers at `/metrics`, in the text format of Prometheus or OpenMetrics. Of a folder every such file is read. Can be given several times' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand trace" -l inventory -d 'Take the metrics of another repository for existing: what `promsight metrics --format json` wrote there. Can be given several times' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand trace" -l prometheus -d 'Ask the Prometheus at URL, or a server with the same API (Thanos, Mimir, VictoriaMetrics), which series it has. Credentials are taken from PROMSIGHT_PROMETHEUS_TOKEN, or from PROMSIGHT_PROMETHEUS_USER and PROMSIGHT_PROMETHEUS_PASSWORD' -r
complete -c promsight -n "__fish_promsight_using_subcommand trace" -l prometheus-token-file -d 'Take the token for the server from FILE' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand trace" -l prometheus-tenant -d 'Ask for this tenant (`X-Scope-OrgID`, as Mimir and Loki have it)' -r
complete -c promsight -n "__fish_promsight_using_subcommand trace" -l prometheus-ca-file -d 'Trust the certificates of FILE (PEM) instead of the public ones' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand trace" -l prometheus-hours -d 'Ask for the series of so many hours' -r
complete -c promsight -n "__fish_promsight_using_subcommand trace" -l color -d 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c promsight -n "__fish_promsight_using_subcommand trace" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c promsight -n "__fish_promsight_using_subcommand targets" -l format -d 'How to print: `text` (the default) for people, `table` for one line an entry, others for programs' -r -f -a "text\t''
table\t''
json\t''
sarif\t''
github\t''
gitlab\t''
junit\t''
markdown\t''
html\t''
mimirtool-grafana\t''
mimirtool-ruler\t''"
complete -c promsight -n "__fish_promsight_using_subcommand targets" -l output -d 'Write the report to FILE (replaced as a whole, or left as it was) instead of stdout' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand targets" -l config -d 'Read the configuration from FILE instead of the `promsight.yaml` at the root' -r -F
complete -c promsight -n "__fish_promsight_using_subcommand targets" -l color -d 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c promsight -n "__fish_promsight_using_subcommand targets" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c promsight -n "__fish_promsight_using_subcommand init" -l color -d 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c promsight -n "__fish_promsight_using_subcommand init" -l print -d 'Print the text instead of writing the file'
complete -c promsight -n "__fish_promsight_using_subcommand init" -l force -d 'Replace a promsight.yaml that is there'
complete -c promsight -n "__fish_promsight_using_subcommand init" -s h -l help -d 'Print help'
complete -c promsight -n "__fish_promsight_using_subcommand explain" -l color -d 'When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set' -r -f -a "auto\t''
always\t''
never\t''"
complete -c promsight -n "__fish_promsight_using_subcommand explain" -s h -l help -d 'Print help'
complete -c promsight -n "__fish_promsight_using_subcommand help; and not __fish_seen_subcommand_from check audit metrics references trace targets init explain help" -f -a "check" -d 'Report what looks at series that nothing emits, and the other defects; meant as a CI gate'
complete -c promsight -n "__fish_promsight_using_subcommand help; and not __fish_seen_subcommand_from check audit metrics references trace targets init explain help" -f -a "audit" -d 'Review how ready the tree is to be operated: areas, evidence, tasks with owners, and what could not be verified'
complete -c promsight -n "__fish_promsight_using_subcommand help; and not __fish_seen_subcommand_from check audit metrics references trace targets init explain help" -f -a "metrics" -d 'List every metric that the code emits: its series, labels, type and place'
complete -c promsight -n "__fish_promsight_using_subcommand help; and not __fish_seen_subcommand_from check audit metrics references trace targets init explain help" -f -a "references" -d 'List every place that looks at a series, with the verdict on it'
complete -c promsight -n "__fish_promsight_using_subcommand help; and not __fish_seen_subcommand_from check audit metrics references trace targets init explain help" -f -a "trace" -d 'Show the line of sight of one metric, alert, recording rule or dashboard: from the code that declares it to what looks at it, each step with its place, the broken ones marked'
complete -c promsight -n "__fish_promsight_using_subcommand help; and not __fish_seen_subcommand_from check audit metrics references trace targets init explain help" -f -a "targets" -d 'List what each scrape job would keep and drop, and which rule drops it'
complete -c promsight -n "__fish_promsight_using_subcommand help; and not __fish_seen_subcommand_from check audit metrics references trace targets init explain help" -f -a "init" -d 'Write a commented promsight.yaml from what a first run finds'
complete -c promsight -n "__fish_promsight_using_subcommand help; and not __fish_seen_subcommand_from check audit metrics references trace targets init explain help" -f -a "explain" -d 'Print what a check means, an example that it reports, and how to mend it'
complete -c promsight -n "__fish_promsight_using_subcommand help; and not __fish_seen_subcommand_from check audit metrics references trace targets init explain help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
