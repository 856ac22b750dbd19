//! What templates render to, against the real Helm's recorded answers, and the places of rendered text.

use promsight_model::FileId;
use promsight_model::launch::Setting;

use super::*;

const OPTIONS: Options<'_> = Options {
    api_versions: &[],
    steps: 2_000_000,
    release: Release {
        name: "release-name",
        namespace: "default",
        values: &[],
    },
};

/// The chart that the cases of `testdata/helm` were recorded with.
const CHART: [(&str, &str); 10] = [
    (
        "Chart.yaml",
        include_str!("../../../testdata/helm/chart/Chart.yaml"),
    ),
    (
        "charts/child/Chart.yaml",
        include_str!("../../../testdata/helm/chart/charts/child/Chart.yaml"),
    ),
    (
        "charts/child/templates/_helpers.tpl",
        include_str!("../../../testdata/helm/chart/charts/child/templates/_helpers.tpl"),
    ),
    (
        "charts/child/templates/service.yaml",
        include_str!("../../../testdata/helm/chart/charts/child/templates/service.yaml"),
    ),
    (
        "charts/child/values.yaml",
        include_str!("../../../testdata/helm/chart/charts/child/values.yaml"),
    ),
    (
        "config/plain.txt",
        include_str!("../../../testdata/helm/chart/config/plain.txt"),
    ),
    (
        "config/prometheus.yml",
        include_str!("../../../testdata/helm/chart/config/prometheus.yml"),
    ),
    (
        "config/settings.env",
        include_str!("../../../testdata/helm/chart/config/settings.env"),
    ),
    (
        "templates/_helpers.tpl",
        include_str!("../../../testdata/helm/chart/templates/_helpers.tpl"),
    ),
    (
        "values.yaml",
        include_str!("../../../testdata/helm/chart/values.yaml"),
    ),
];

const CASES: &str = include_str!("../../../testdata/helm/cases.json");

const CASE: &str = "templates/case.yaml";

/// A tree's files, of which each has its index as identity.
fn files<'a>(texts: &[(&'a str, &'a str)]) -> Vec<File<'a>> {
    let mut texts = texts.to_vec();
    texts.sort_unstable();
    let files = (0..).zip(texts);
    files
        .map(|(id, (path, text))| File {
            path,
            text,
            id: FileId(id),
        })
        .collect()
}

/// What a template of the recorded chart renders to, or why it does not.
fn rendered(name: &str, template: &str) -> Result<String, String> {
    let mut tree = CHART.to_vec();
    tree.push((CASE, template));
    let (_, texts, problems) = texts(&files(&tree), "", &OPTIONS).expect("the chart can be read");
    match texts.into_iter().find(|(own, _)| own == &format!("outer/{name}")) {
        Some((_, text)) => Ok(text.text),
        None => Err(problems.into_iter().map(|(_, message)| message).collect()),
    }
}

#[test]
fn helm_renders_every_recorded_template_the_same() {
    let cases: serde_json::Value = serde_json::from_str(CASES).expect("the recorded cases are JSON");
    let cases = cases.as_array().expect("they are a list");
    let text = |case: &serde_json::Value, key: &str| case[key].as_str().unwrap_or_default().to_owned();
    let mut wrong = Vec::new();
    for case in cases {
        let (template, expected) = (text(case, "template"), text(case, "output"));
        let found = match template.strip_prefix("charts/first/") {
            Some(_) => rendered(&template, ""),
            None => rendered(CASE, &template),
        };
        let refused = text(case, "error");
        match (refused.is_empty(), found) {
            (true, Ok(found)) if found == expected => {}
            (false, Err(_)) => {}
            (true, found) => wrong.push(format!("{template}\n  helm: {expected:?}\n  here: {found:?}")),
            (false, found) => wrong.push(format!(
                "{template}\n  helm refuses it: {refused}\n  here: {found:?}"
            )),
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
    assert!(cases.len() > 250, "{} cases were compared", cases.len());
}

const CHART_FILE: &str = "apiVersion: v2\nname: app\nversion: 0.1.0\n";

/// The text that a piece of rendered text leads back to, for the first time that the piece stands there.
fn origin<'a>(tree: &[(&'a str, &'a str)], piece: &str) -> (&'a str, &'a str) {
    let files = files(tree);
    let rendered = render(&files, "chart", &OPTIONS).expect("the chart can be read");
    for document in &rendered.documents {
        if let Some(at) = document.text.text.find(piece) {
            let span = document.text.span(at..at + piece.len());
            let file = files[span.file.index()];
            return (file.path, &file.text[span.range()]);
        }
    }
    panic!("{piece:?} is not in {:?}", rendered.documents);
}

#[test]
fn literal_text_leads_back_to_itself_and_values_to_their_actions() {
    let template = "\
kind: Service
metadata:
  name: {{ .Release.Name }}-metrics
  labels: {{- include \"labels\" . | nindent 4 }}
spec:
  ports:
    {{- range .Values.ports }}
    - port: {{ . }}
      protocol: TCP
    {{- end }}
";
    let tree = [
        ("chart/Chart.yaml", CHART_FILE),
        ("chart/values.yaml", "ports: [9100, 9200]"),
        (
            "chart/templates/_labels.tpl",
            "{{ define \"labels\" }}app: web{{ end }}",
        ),
        ("chart/templates/service.yaml", template),
    ];
    let path = "chart/templates/service.yaml";
    for (piece, expected) in [
        ("kind: Service", "kind: Service"),
        ("release-name", "{{ .Release.Name }}"),
        ("-metrics", "-metrics"),
        ("release-name-metrics", "{{ .Release.Name }}-metrics"),
        ("app: web", "{{- include \"labels\" . | nindent 4 }}"),
        ("9200", "{{ . }}"),
        ("protocol", "protocol"),
    ] {
        assert_eq!(origin(&tree, piece), (path, expected), "{piece}");
    }
}

#[test]
fn text_of_a_named_template_leads_back_to_where_it_is_called() {
    let tree = [
        ("chart/Chart.yaml", CHART_FILE),
        (
            "chart/templates/_pod.tpl",
            "{{ define \"pod\" }}image: web\n{{ end }}",
        ),
        (
            "chart/templates/pod.yaml",
            "kind: Pod\n{{ template \"pod\" . }}end: here\n",
        ),
    ];
    let path = "chart/templates/pod.yaml";
    assert_eq!(origin(&tree, "image"), (path, "{{ template \"pod\" . }}"));
    assert_eq!(origin(&tree, "end: here"), (path, "end: here"));
}

#[test]
fn documents_are_separated_and_lead_back_each_by_itself() {
    let template = "a: 1\n--- # second\nb: {{ 2 }}\n---# third\nc: 3\n---\n\n";
    let tree = [
        ("chart/Chart.yaml", CHART_FILE),
        ("chart/templates/all.yaml", template),
    ];
    let rendered = render(&files(&tree), "chart", &OPTIONS).expect("the chart can be read");
    let texts: Vec<&str> = rendered
        .documents
        .iter()
        .map(|document| document.text.text.as_str())
        .collect();
    assert_eq!(texts, ["a: 1", "# second\nb: 2", "# third\nc: 3"]);
    assert_eq!(origin(&tree, "b: 2").1, "b: {{ 2 }}");
    assert_eq!(origin(&tree, "c: 3").1, "c: 3");
}

/// What could not be evaluated of a chart: the text at the place, and why.
fn unevaluated(tree: &[(&str, &str)]) -> Vec<(String, String)> {
    let files = files(tree);
    let rendered = render(&files, "chart", &OPTIONS).expect("the chart can be read");
    let problems = rendered.unevaluated.iter();
    problems
        .map(|(at, why)| {
            let file = files[at.file.index()];
            (file.text[at.range()].to_owned(), why.clone())
        })
        .collect()
}

#[test]
fn one_template_that_fails_leaves_the_others() {
    let tree = [
        ("chart/Chart.yaml", CHART_FILE),
        (
            "chart/templates/_fails.tpl",
            "{{ define \"x\" }}{{ required \"set a name\" .Values.name }}{{ end }}",
        ),
        ("chart/templates/a.yaml", "a: {{ include \"x\" . }}"),
        ("chart/templates/b.yaml", "b: {{ nonsense }}"),
        ("chart/templates/c.yaml", "c: {{ .Values.absent.field }}"),
        ("chart/templates/d.yaml", "d: 1"),
        (
            "chart/templates/NOTES.txt",
            "{{ fail \"notes are not rendered\" }}",
        ),
    ];
    let rendered = render(&files(&tree), "chart", &OPTIONS).expect("the chart can be read");
    assert_eq!(rendered.documents.len(), 1);
    assert_eq!(rendered.documents[0].template, "app/templates/d.yaml");
    let found = unevaluated(&tree);
    let expected = [
        (
            "{{ required \"set a name\" .Values.name }}",
            "error calling required: a value is required: set a name",
        ),
        (
            "nonsense",
            "the template cannot be parsed: function \"nonsense\" not defined",
        ),
        (
            "{{ .Values.absent.field }}",
            "nil pointer evaluating interface {}.field",
        ),
    ];
    let expected = expected.map(|(text, why)| (text.to_owned(), why.to_owned()));
    assert_eq!(found, expected);
}

#[test]
fn a_chart_that_another_one_names_is_taken_from_beside_it() {
    let tree = [
        (
            "chart/Chart.yaml",
            "apiVersion: v2\nname: app\nversion: 0.1.0\ndependencies:\n- {name: common, version: 1.x.x, repository: \"file://../common\"}\n- {name: far, version: 1.0.0, repository: \"https://charts.example.org\"}\n",
        ),
        ("chart/templates/a.yaml", "a: {{ include \"common.name\" . }}"),
        (
            "common/Chart.yaml",
            "apiVersion: v2\nname: common\nversion: 1.2.0\ntype: library\n",
        ),
        (
            "common/templates/_name.tpl",
            "{{ define \"common.name\" }}{{ .Chart.Name }}{{ end }}",
        ),
    ];
    assert_eq!(charts(&files(&tree)), ["chart"]);
    assert_eq!(origin(&tree, "app").1, "{{ include \"common.name\" . }}");
    let missing = unevaluated(&tree).into_iter().map(|(_, why)| why);
    assert_eq!(
        missing.collect::<Vec<_>>(),
        ["the chart `far` that it depends on is not in the tree"]
    );
}

#[test]
fn charts_below_others_do_not_stand_for_themselves() {
    let tree = [
        ("Chart.yaml", CHART_FILE),
        ("charts/inner/Chart.yaml", CHART_FILE),
        ("elsewhere/charts/one/Chart.yaml", CHART_FILE),
        ("elsewhere/charts/one/charts/two/Chart.yaml", CHART_FILE),
    ];
    assert_eq!(charts(&files(&tree)), ["", "elsewhere/charts/one"]);
}

#[test]
fn what_never_ends_or_grows_without_end_is_given_up() {
    let loops = "{{ define \"a\" }}{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}{{ end }}{{ include \"a\" . }}";
    let grows = "{{ $x := \"xx\" }}{{ range until 100 }}{{ $x = printf \"%s%s\" $x $x }}{{ end }}";
    let nests =
        "{{ $x := dict }}{{ range until 200000 }}{{ $x = dict \"a\" $x }}{{ end }}{{ toYaml $x | len }}";
    let holds_itself = "{{ $x := dict }}{{ $_ := set $x \"x\" $x }}{{ toJson $x | len }}{{ deepCopy $x | len }}{{ $x | toString | len }}";
    let texts = "{{ define \"a\" }}{{ tpl \"{{ include \\\"a\\\" . }}\" . }}{{ end }}{{ include \"a\" . }}";
    let parentheses = format!("{{{{ {}1{} }}}}", "(".repeat(50_000), ")".repeat(50_000));
    let blocks = "{{ if true }}".repeat(50_000);
    let twins = "{{ $x := dict }}{{ $y := dict }}{{ range until 90 }}{{ $x = dict \"a\" $x \"b\" $x }}{{ $y = dict \"a\" $y \"b\" $y }}{{ end }}{{ deepEqual $x $y }}{{ deepCopy $x | len }}";
    let joins = "{{ join (repeat 100000 \"ab\") (until 100000) | len }}";
    for template in [
        loops,
        grows,
        nests,
        holds_itself,
        texts,
        twins,
        joins,
        &parentheses,
        &blocks,
    ] {
        let tree = [
            ("chart/Chart.yaml", CHART_FILE),
            ("chart/templates/a.yaml", template),
        ];
        let start = template.len().min(60);
        assert_eq!(unevaluated(&tree).len(), 1, "{}", &template[..start]);
    }
}

#[test]
fn files_that_a_chart_ignores_are_no_part_of_it() {
    let tree = [
        (
            "chart/.helmignore",
            "# comment\n*.tmp\n/templates/old/\nsecret.*\n",
        ),
        ("chart/Chart.yaml", CHART_FILE),
        (
            "chart/templates/a.yaml",
            "a: {{ .Files.Get \"secret.txt\" }}{{ .Files.Get \"open.txt\" }}",
        ),
        ("chart/templates/b.tmp", "b: 1"),
        ("chart/templates/old/c.yaml", "c: 1"),
        ("chart/open.txt", "seen"),
        ("chart/secret.txt", "unseen"),
    ];
    let rendered = render(&files(&tree), "chart", &OPTIONS).expect("the chart can be read");
    let texts: Vec<&str> = rendered
        .documents
        .iter()
        .map(|document| document.text.text.as_str())
        .collect();
    assert_eq!(texts, ["a: seen"]);
}

#[test]
fn no_damage_to_a_template_makes_it_panic() {
    let cases: serde_json::Value = serde_json::from_str(CASES).expect("the recorded cases are JSON");
    let options = Options {
        api_versions: &[],
        steps: 20_000,
        ..OPTIONS
    };
    // A linear congruential generator: the same damage on every run.
    let mut state = 42_u64;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        usize::try_from(state >> 33).unwrap_or_default() % below.max(1)
    };
    let pieces = [
        "{{",
        "}}",
        "(",
        ")",
        "|",
        "$",
        ".",
        "\"",
        "`",
        "-",
        "ä",
        "{{- end }}",
        " 9223372036854775807 ",
        "nil",
    ];
    let mut rendered = 0;
    for case in cases.as_array().expect("they are a list") {
        for _ in 0..6 {
            let mut text: Vec<char> = case["template"].as_str().unwrap_or_default().chars().collect();
            let at = random(text.len());
            let end = (at + random(4)).min(text.len());
            text.splice(at..end, pieces[random(pieces.len())].chars());
            let text: String = text.into_iter().collect();
            let tree = [
                ("chart/Chart.yaml", CHART_FILE),
                (
                    "chart/values.yaml",
                    "list: [1, a]\nmap: {a: {b: c}}\nnumber: 42\nlong: ä b c\n",
                ),
                ("chart/templates/a.yaml", &text),
            ];
            let found = render(&files(&tree), "chart", &options).expect("the chart can be read");
            rendered += found.documents.len();
        }
    }
    assert!(rendered > 100, "{rendered} still rendered");
}

const GIVEN_VALUES: [(&str, &str); 2] = [
    (
        "values.yaml",
        include_str!("../../../testdata/helm/values/values.yaml"),
    ),
    (
        "production.yaml",
        include_str!("../../../testdata/helm/values/production.yaml"),
    ),
];

/// What options of `helm template` give to a chart: files first, then settings by their kind.
fn layers<'a>(options: &'a [&'a str]) -> Vec<Layer<'a>> {
    let kinds = [
        ("-f", None),
        ("--set-json", Some(Setting::Json)),
        ("--set", Some(Setting::Typed)),
        ("--set-string", Some(Setting::Text)),
    ];
    let mut layers = Vec::new();
    for (option, kind) in kinds {
        for pair in options.chunks(2).filter(|pair| pair[0] == option) {
            let file = GIVEN_VALUES.iter().find(|(name, _)| *name == pair[1]);
            layers.push(Layer {
                span: Span::new(FileId(0), 0..0),
                content: match kind {
                    Some(kind) => LayerContent::Set(kind, pair[1]),
                    None => LayerContent::Text(file.expect("the file is recorded").1),
                },
            });
        }
    }
    layers
}

#[test]
fn values_of_releases_are_what_helm_makes_of_them() {
    let recorded: serde_json::Value =
        serde_json::from_str(include_str!("../../../testdata/helm/values.json")).expect("it is JSON");
    let tree = [
        ("Chart.yaml", CHART_FILE),
        ("values.yaml", GIVEN_VALUES[0].1),
        (
            "templates/values.yaml",
            "values: {{ .Values | toJson }}\nat: {{ .Release.Namespace }}/{{ .Release.Name }}\n",
        ),
    ];
    let mut wrong = Vec::new();
    for case in recorded.as_array().expect("it is a list") {
        let options = case["options"].as_array().expect("it is a list");
        let options: Vec<&str> = options.iter().filter_map(|option| option.as_str()).collect();
        let layers = layers(&options);
        let release = Release {
            name: "till",
            namespace: "shop",
            values: &layers,
        };
        let options_of_run = Options { release, ..OPTIONS };
        let (_, texts, problems) = texts(&files(&tree), "", &options_of_run).expect("the chart can be read");
        let found = texts
            .first()
            .map(|(_, text)| text.text.as_str())
            .unwrap_or_default();
        let agrees = match case["output"].as_str() {
            Some(expected) => found.trim() == expected.trim() && problems.is_empty(),
            None => !problems.is_empty(),
        };
        if !agrees {
            wrong.push(format!(
                "{options:?}\n  helm: {case}\n  here: {found} {problems:?}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}
