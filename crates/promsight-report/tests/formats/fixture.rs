//! One fixed report with everything in it that has ever broken a renderer.

use std::sync::Arc;

use promsight_model::{
    Area, CheckInfo, Comparison, Confidence, Consumer, ConsumerKind, Coverage, DeadTarget, DroppedTarget,
    Emitter, Exposure, ExposureKind, FileSet, Finding, FindingConsumer, Fingerprint, Fixed, Gap, GapKind,
    Guard, Hidden, JudgedReference, KeptTarget, LabelValue, LabelValues, Liveness, MatchOp, MatchValue,
    Matcher, MetricType, Name, Note, Origin, Pattern, Reach, Reason, Registry, Related, Report, ResolvedBy,
    ScrapeJob, Selector, SelectorName, Setting, Severity, Span, Suggestion, SuggestionKind, UnselectedObject,
    Update, UpdateKind, Usage, Verdict, Wrapping,
};

/// Line breaks of Windows, a folded scalar.
const RULES: &str = "groups:\r\n  - name: kiosk\r\n    rules:\r\n      - alert: KioskSilent\r\n        expr: >-\r\n          \
                     rate(kiosk_sale_total{job=\"kiosk\"}[5m])\r\n          == 0\r\n";

/// Tabs, wide and combining characters before the places, a declaration of several lines.
const CODE: &str = "from prometheus_client import Counter, Gauge\n\nSALES = Counter(\n\t\"kiosk_sales\",\n\t\"Sales.\",\n\t[\"till\"],\n)\n\
                    # 自動販売機 e\u{301}\nname = \"自動\u{301}\"; TILL = Gauge(\"kiosk_till_open\", \"Whether the till is open.\")\n";

/// No line break at the end.
const RUNBOOK: &str = "# Kiosk\n\nLook at `kiosk_tills_open`";

fn dashboard() -> String {
    let filler = "{\"title\":\"x\",\"type\":\"row\"},".repeat(60);
    format!(
        "{{\"title\":\"Kiosk\",\"panels\":[{filler}{{\"expr\":\"sum(kiosk_sale_total)\"}},{filler}{{\"title\":\"end\"}}]}}\n"
    )
}

pub(crate) fn files() -> FileSet {
    let file = |path: &str, text: &str| (path.to_owned(), format!("../shop/{path}"), Arc::from(text));
    FileSet::new(vec![
        file("app/kiosk.py", CODE),
        file("deploy/dashboard.json", &dashboard()),
        file("deploy/rules.yaml", RULES),
        file("docs/runbook.md", RUNBOOK),
    ])
}

/// The `number`th place (from 0) of `text` in the file.
pub(crate) fn place(files: &FileSet, path: &str, text: &str, number: usize) -> Span {
    let file = files.by_path(path).expect("the fixture has the file");
    let (start, _) = file
        .text
        .match_indices(text)
        .nth(number)
        .expect("the file has the text");
    Span::new(file.id, start..start + text.len())
}

/// A job with a target of each outcome.
fn job(files: &FileSet) -> ScrapeJob {
    let here = place(files, "deploy/rules.yaml", "groups", 0);
    ScrapeJob {
        server: "Prometheus shop/main".to_owned(),
        server_span: here,
        name: "kiosks".to_owned(),
        span: here,
        kept: vec![KeptTarget {
            address: "*:9100".to_owned(),
            path: "/metrics".to_owned(),
            labels: vec![
                ("job".to_owned(), Some("kiosks".to_owned())),
                ("pod".to_owned(), None),
            ],
            workload: Some("Deployment shop/kiosk".to_owned()),
            span: here,
        }],
        dropped: vec![DroppedTarget {
            name: "Deployment shop/till".to_owned(),
            reason: "keep on app: the regex does not match \"till\"".to_owned(),
            rule: place(files, "deploy/rules.yaml", "rules", 0),
            span: here,
        }],
        dead: vec![DeadTarget {
            name: "kiosk:9000".to_owned(),
            reason: "no Service is called kiosk".to_owned(),
            span: here,
        }],
        unknown: vec!["it asks Consul".to_owned()],
    }
}

fn end_of(files: &FileSet, path: &str) -> Span {
    let file = files.by_path(path).expect("the fixture has the file");
    Span::new(file.id, file.text.len()..file.text.len())
}

/// One of which everything is known, and one of which nothing is.
fn exposures(files: &FileSet) -> Vec<Exposure> {
    let code = files
        .by_path("app/kiosk.py")
        .expect("the fixture has the file")
        .id;
    let here = place(files, "app/kiosk.py", "SALES", 0);
    vec![
        Exposure {
            kind: ExposureKind::Route,
            registry: Registry::Named(here),
            port: Setting::Configured {
                name: "KIOSK_PORT".to_owned(),
                default: Some(9100),
            },
            path: Setting::Literal("/metrics".to_owned()),
            application: Some(here),
            authentication: Some(here),
            span: here,
            reached_from: vec![code],
            is_reached: true,
            program: Some(code),
        },
        Exposure {
            kind: ExposureKind::Server,
            registry: Registry::Default,
            port: Setting::Unknown,
            path: Setting::Unknown,
            application: None,
            authentication: None,
            span: place(files, "app/kiosk.py", "TILL", 0),
            reached_from: Vec::new(),
            is_reached: false,
            program: None,
        },
    ]
}

pub(crate) fn report(files: &FileSet) -> Report {
    Report {
        findings: findings(files),
        metrics: metrics(files),
        references: references(files),
        jobs: vec![job(files)],
        exposures: exposures(files),
        unselected: vec![UnselectedObject {
            server: "Prometheus shop/main".to_owned(),
            kind: "PrometheusRule".to_owned(),
            name: "shop".to_owned(),
            reason: "its labels lack `team: shop`".to_owned(),
            span: place(files, "deploy/rules.yaml", "groups", 0),
        }],
        traces: Vec::new(),
        gaps: vec![
            gap(
                files,
                GapKind::UnresolvedName,
                "the name comes from an environment variable",
                "name = ",
                Reach::Anything,
            ),
            gap(
                files,
                GapKind::Syntax,
                "a bracket is never closed",
                "TILL",
                Reach::Nothing,
            ),
        ],
        coverage: Coverage {
            files: [("python", 1), ("rules", 1), ("dashboards", 1), ("documents", 1)].into(),
            emitters: [("exact", 2), ("pattern", 1)].into(),
            queries: [("parsed", 2)].into(),
        },
        notes: vec![Note {
            message: "1 of 4 references reads series that nothing here emits.".to_owned(),
        }],
        reconcilable: true,
        checks: vec![
            check_info(
                "blind-alert",
                Severity::Error,
                "an alert's expression needs a series that nothing emits",
                "# blind-alert\n\nReports an alert.\n\n## Why it is bad\n\nIt is silent.\n",
            ),
            check_info(
                "unused-metric",
                Severity::Info,
                "a metric that nothing looks at",
                "# unused-metric\n\nReports a metric.\n",
            ),
        ],
        hidden: Hidden {
            comments: 1,
            baseline: 2,
            ..Hidden::default()
        },
        comparison: Some(Comparison {
            revision: "main".to_owned(),
            commit: "0123456789ab".to_owned(),
            fixed: vec![Fixed {
                path: "old/rules.yaml".to_owned(),
                line: 3,
                column: 9,
                check: "blind-alert",
                severity: Severity::Error,
                subject: "kiosk_doors_total".to_owned(),
                message: "alert `Doors` can never fire: nothing emits `kiosk_doors_total`".to_owned(),
                fingerprint: Fingerprint(0xfeed),
            }],
        }),
    }
}

fn check_info(
    name: &'static str,
    severity: Severity,
    summary: &'static str,
    documentation: &'static str,
) -> CheckInfo {
    CheckInfo {
        name,
        severity,
        summary,
        documentation,
        area: Area::Instrumentation,
    }
}

fn findings(files: &FileSet) -> Vec<Finding> {
    let minified = place(files, "deploy/dashboard.json", "kiosk_sale_total", 0);
    vec![
        Finding {
            check: "unused-metric",
            severity: Severity::Info,
            subject: "kiosk_sales".to_owned(),
            message: "nothing looks at `kiosk_sales`".to_owned(),
            primary: place(
                files,
                "app/kiosk.py",
                "Counter(\n\t\"kiosk_sales\",\n\t\"Sales.\",\n\t[\"till\"],\n)",
                0,
            ),
            label: "declared here".to_owned(),
            ..blind(minified)
        },
        Finding {
            check: "unused-metric",
            severity: Severity::Info,
            subject: "kiosk_till_open".to_owned(),
            message: "nothing looks at `kiosk_till_open`".to_owned(),
            primary: place(files, "app/kiosk.py", "\"kiosk_till_open\"", 0),
            label: "declared here".to_owned(),
            related: vec![Related {
                span: place(files, "app/kiosk.py", "TILL", 0),
                message: "kept here".to_owned(),
            }],
            ..blind(minified)
        },
        Finding {
            check: "blind-panel",
            severity: Severity::Warning,
            consumer: Some(FindingConsumer {
                kind: ConsumerKind::Panel,
                name: "".to_owned(),
                group: Some("Kiosk".to_owned()),
            }),
            related: vec![Related {
                span: place(files, "deploy/dashboard.json", "Kiosk", 0),
                message: "in this dashboard".to_owned(),
            }],
            ..blind(minified)
        },
        Finding {
            consumer: Some(FindingConsumer {
                kind: ConsumerKind::Alert,
                name: "KioskSilent".to_owned(),
                group: Some("kiosk".to_owned()),
            }),
            related: vec![Related {
                span: place(files, "app/kiosk.py", "\"kiosk_sales\"", 0),
                message: "closest metric that is emitted".to_owned(),
            }],
            notes: vec!["the counter is exposed as `kiosk_sales_total`".to_owned()],
            suggestion: Some(Suggestion {
                kind: SuggestionKind::Suffix,
                replacement: "kiosk_sales_total".to_owned(),
            }),
            reason: Some(Reason::WrongSample),
            ..blind(place(files, "deploy/rules.yaml", "kiosk_sale_total", 0))
        },
        Finding {
            check: "blind-runbook",
            severity: Severity::Warning,
            confidence: Confidence::Low,
            ..blind(place(files, "docs/runbook.md", "kiosk_tills_open", 0))
        },
        Finding {
            check: "unreadable-file",
            severity: Severity::Warning,
            subject: "docs/runbook.md".to_owned(),
            reason: None,
            message: "`docs/runbook.md` ends\ntoo early".to_owned(),
            label: String::new(),
            ..blind(end_of(files, "docs/runbook.md"))
        },
    ]
}

fn blind(primary: Span) -> Finding {
    Finding {
        check: "blind-alert",
        severity: Severity::Error,
        confidence: Confidence::High,
        subject: "kiosk_sale_total".to_owned(),
        reason: Some(Reason::NotEmitted),
        consumer: None,
        message: "nothing emits `kiosk_sale_total`".to_owned(),
        primary,
        label: "nothing emits this".to_owned(),
        cause: None,
        related: Vec::new(),
        notes: Vec::new(),
        suggestion: None,
        fingerprint: Fingerprint(0x0123_4567_89ab_cdef),
        owner: None,
    }
}

fn metrics(files: &FileSet) -> Vec<Emitter> {
    let sales = Emitter {
        name: Name::Exact("kiosk_sales".to_owned()),
        written_name: Name::Exact("kiosk_sales".to_owned()),
        metric_type: MetricType::Counter,
        series: vec![
            Name::Exact("kiosk_sales_total".to_owned()),
            Name::Exact("kiosk_sales_created".to_owned()),
        ],
        labels: vec!["till".to_owned()],
        labels_known: true,
        unit: None,
        help: Some("Sales.".to_owned()),
        buckets: None,
        states: None,
        origin: Origin::Instrument("prometheus_client".to_owned()),
        liveness: Liveness::Live,
        updated: Some(false),
        wrapping: Wrapping::Direct,
        span: place(
            files,
            "app/kiosk.py",
            "Counter(\n\t\"kiosk_sales\",\n\t\"Sales.\",\n\t[\"till\"],\n)",
            0,
        ),
        name_span: Some(place(files, "app/kiosk.py", "\"kiosk_sales\"", 0)),
        unresolved_reason: None,
        usage: Usage {
            registry: Registry::Named(place(files, "app/kiosk.py", "name = ", 0)),
            configured_by: vec!["KIOSK_PREFIX".to_owned()],
            updates: vec![Update {
                span: place(files, "app/kiosk.py", "TILL", 0),
                method: "inc".to_owned(),
                kind: UpdateKind::Value,
            }],
            is_followed: true,
            label_values: vec![LabelValues {
                label: "till".to_owned(),
                values: vec![LabelValue {
                    value: "自動\u{301}".to_owned(),
                    span: place(files, "app/kiosk.py", "\"自動\u{301}\"", 0),
                }],
                is_complete: true,
            }],
            ..Usage::default()
        },
    };
    let till = Emitter {
        name: Name::Exact("kiosk_till_open".to_owned()),
        written_name: Name::Exact("kiosk_till_open".to_owned()),
        metric_type: MetricType::Gauge,
        series: vec![Name::Exact("kiosk_till_open".to_owned())],
        labels: Vec::new(),
        updated: None,
        span: place(
            files,
            "app/kiosk.py",
            "Gauge(\"kiosk_till_open\", \"Whether the till is open.\")",
            0,
        ),
        name_span: None,
        liveness: Liveness::TestOnly,
        ..sales.clone()
    };
    let pattern = Name::Pattern(Pattern::parse("kiosk_*_total").expect("it has a hole"));
    let wrapped = Emitter {
        name: pattern.clone(),
        series: vec![pattern.clone()],
        written_name: pattern,
        labels_known: false,
        liveness: Liveness::Dead("nothing calls `make`".to_owned()),
        wrapping: Wrapping::Wrapper,
        unresolved_reason: Some("the name is a parameter".to_owned()),
        usage: Usage::default(),
        ..till.clone()
    };
    vec![sales, till, wrapped]
}

fn references(files: &FileSet) -> Vec<JudgedReference> {
    let reference = |kind, name: &str, span: Span, verdict, resolved_by| JudgedReference {
        consumer: Consumer {
            kind,
            name: name.to_owned(),
            group: Some("kiosk".to_owned()),
            scope: span,
        },
        selector: Selector {
            name: SelectorName::Exact("kiosk_sale_total".to_owned()),
            span,
            whole: span,
            matchers: vec![Matcher {
                label: "job".to_owned(),
                op: MatchOp::Equal,
                value: MatchValue::Known("kiosk\n\"1\"".to_owned()),
                refuses_empty: true,
                label_span: span,
                value_span: span,
            }],
            guard: Guard::None,
            functions: vec!["rate".to_owned()],
        },
        verdict,
        resolved_by,
    };
    let minified = place(files, "deploy/dashboard.json", "kiosk_sale_total", 0);
    let rule = place(files, "deploy/rules.yaml", "kiosk_sale_total", 0);
    let declared = place(files, "app/kiosk.py", "\"kiosk_sales\"", 0);
    let by_name = |name, mut judged: JudgedReference| {
        judged.selector.name = name;
        judged.selector.matchers.clear();
        judged
    };
    vec![
        reference(ConsumerKind::Panel, "", minified, Verdict::Blind, Vec::new()),
        reference(
            ConsumerKind::Alert,
            "KioskSilent",
            rule,
            Verdict::Emitted,
            vec![
                ResolvedBy::Site {
                    name: Name::Exact("kiosk_sales".to_owned()),
                    span: declared,
                },
                ResolvedBy::Outside("kiosk_exporter".to_owned()),
            ],
        ),
        by_name(
            SelectorName::Regex("kiosk_.+".to_owned()),
            reference(
                ConsumerKind::Runbook,
                "Kiosk",
                declared,
                Verdict::Possible,
                Vec::new(),
            ),
        ),
        by_name(
            SelectorName::Any,
            reference(
                ConsumerKind::Variable,
                "till",
                declared,
                Verdict::Foreign,
                vec![ResolvedBy::Outside("external: kiosk_*".to_owned())],
            ),
        ),
    ]
}

fn gap(files: &FileSet, kind: GapKind, message: &str, text: &str, reach: Reach) -> Gap {
    Gap {
        kind,
        message: message.to_owned(),
        span: place(files, "app/kiosk.py", text, 0),
        reach,
    }
}
