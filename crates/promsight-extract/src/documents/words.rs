//! The shapes of words: what can be a metric, what an alert.
//!
//! Everything here looks at one word alone; what the words around it say is [`super::vocabulary`]'s.

/// The longest word that is looked at: longer ones are data.
const MAX_WORD: usize = 200;

/// Whether a word can be a metric's name by its shape: an identifier in lower case with an underscore or the colons of
/// a recording rule inside. `snake_case` it is; whether it is a metric the text around it says.
pub(crate) fn is_metric_shaped(word: &str) -> bool {
    is_name(word)
        && word.len() >= 4
        && !word.starts_with('_')
        && !word.ends_with(['_', ':'])
        && !word.starts_with(':')
        && !word.contains("::")
        && word.bytes().any(|byte| byte.is_ascii_lowercase())
        && (word.contains('_') || word.matches(':').count() >= 2)
        && !is_address(word)
}

/// Whether a word is a metric name by Prometheus' grammar. A single word such as `up` is one.
pub(crate) fn is_name(word: &str) -> bool {
    word.len() <= MAX_WORD
        && word.starts_with(|first: char| first.is_ascii_alphabetic() || matches!(first, '_' | ':'))
        && word
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | ':'))
}

/// `redis_host:6379`, `my_image:latest_2`: a name, a colon, and what begins with a digit or names a tag.
fn is_address(word: &str) -> bool {
    word.rsplit_once(':').is_some_and(|(_, tail)| {
        tail.starts_with(|first: char| first.is_ascii_digit())
            || matches!(tail, "latest" | "stable" | "ro" | "rw")
    })
}

/// Endings that the exposition format or its unit conventions give
/// (<https://prometheus.io/docs/practices/naming/>).
const METRIC_SUFFIXES: &[&str] = &[
    "_total",
    "_bucket",
    "_seconds",
    "_milliseconds",
    "_microseconds",
    "_nanoseconds",
    "_bytes",
    "_ratio",
    "_celsius",
    "_joules",
    "_volts",
    "_amperes",
    "_meters",
    "_grams",
    "_hertz",
    "_decibels",
];

/// Endings that only count behind one of [`METRIC_SUFFIXES`]: `user_count` is often a field,
/// `request_duration_seconds_count` never.
const SAMPLE_SUFFIXES: &[&str] = &["_count", "_sum", "_created", "_info", "_min", "_max", "_avg"];

/// Whether a word ends like a series.
pub(crate) fn has_metric_suffix(word: &str) -> bool {
    let stem = SAMPLE_SUFFIXES
        .iter()
        .find_map(|suffix| word.strip_suffix(suffix))
        .unwrap_or(word);
    METRIC_SUFFIXES
        .iter()
        .any(|suffix| stem.len() > suffix.len() && stem.ends_with(suffix))
}

/// First words of functions, flags and settings.
const VERBS: &[&str] = &[
    "get", "set", "is", "has", "test", "create", "delete", "update", "run", "load", "parse", "init",
    "enable", "disable", "use", "allow", "send", "fetch", "make", "build", "check", "validate", "register",
    "add", "remove", "with", "max", "min", "default", "on", "to", "from", "should", "can", "do", "handle",
    "setup", "start", "stop", "show", "list", "find", "read", "write", "save", "include", "exclude", "skip",
    "force", "require",
];

/// Last words of settings, fields, files and configuration keys.
const SETTING_SUFFIXES: &[&str] = &[
    "_config",
    "_configs",
    "_configuration",
    "_interval",
    "_timeout",
    "_path",
    "_paths",
    "_url",
    "_urls",
    "_uri",
    "_name",
    "_names",
    "_id",
    "_ids",
    "_dir",
    "_directory",
    "_file",
    "_files",
    "_key",
    "_keys",
    "_enabled",
    "_disabled",
    "_address",
    "_host",
    "_port",
    "_ports",
    "_token",
    "_secret",
    "_password",
    "_username",
    "_user",
    "_list",
    "_map",
    "_class",
    "_type",
    "_types",
    "_mode",
    "_level",
    "_format",
    "_settings",
    "_options",
    "_args",
    "_kwargs",
    "_params",
    "_handler",
    "_callback",
    "_factory",
    "_model",
    "_service",
    "_client",
    "_server",
    "_module",
    "_test",
    "_tests",
    "_at",
    "_by",
    "_regex",
    "_pattern",
    "_prefix",
    "_suffix",
    "_template",
    "_version",
    "_labels",
    "_label",
    "_role",
    "_roles",
    "_policy",
    "_schema",
    "_table",
    "_index",
    "_endpoint",
    "_enum",
    "_registry",
    "_exporter",
    "_client_id",
    "_threshold",
    "_thresholds",
    "_metrics",
    "_metric",
    "_middleware",
];

/// Whether a word, by its own form, is rather a function, a setting or a field. A metric suffix outweighs it.
pub(super) fn looks_like_setting(word: &str) -> bool {
    if word.ends_with("_total") || word.ends_with("_bucket") {
        return false;
    }
    let first = word.split('_').next().unwrap_or_default();
    let verb = VERBS.contains(&first);
    let setting = SETTING_SUFFIXES.iter().any(|suffix| word.ends_with(suffix));
    setting || verb
}

/// Whether a word is one of the exposition format's types.
pub(super) fn is_metric_type(word: &str) -> bool {
    let word = word.trim().to_lowercase();
    matches!(
        word.as_str(),
        "counter" | "gauge" | "histogram" | "summary" | "info" | "stateset" | "untyped"
    )
}

/// Whether a word is a data type, as tables of fields and labels give it.
pub(super) fn is_data_type(word: &str) -> bool {
    let word = word.trim().trim_end_matches(['?', '*']).to_lowercase();
    let word = word.split(['(', '[', '<', ' ', '|']).next().unwrap_or_default();
    matches!(
        word,
        "string"
            | "str"
            | "int"
            | "integer"
            | "bool"
            | "boolean"
            | "float"
            | "double"
            | "number"
            | "object"
            | "array"
            | "list"
            | "dict"
            | "map"
            | "uuid"
            | "varchar"
            | "text"
            | "char"
            | "decimal"
            | "numeric"
            | "bigint"
            | "smallint"
            | "datetime"
            | "date"
            | "timestamp"
            | "json"
            | "jsonb"
            | "enum"
            | "any"
            | "int32"
            | "int64"
            | "uint64"
            | "float64"
            | "bytes"
    )
}

/// Names written in camel case that are products, resources or programs and never alerts.
const PRODUCTS: &[&str] = &[
    "AlertManager",
    "AlertManagerConfig",
    "AlertmanagerConfig",
    "AppDynamics",
    "AppSignal",
    "BigQuery",
    "BitBucket",
    "CircleCI",
    "ClickHouse",
    "CloudFormation",
    "CloudFront",
    "CloudWatch",
    "ClusterRole",
    "ConfigMap",
    "CouchDB",
    "CronJob",
    "DaemonSet",
    "DataDog",
    "DevOps",
    "DynamoDB",
    "FastAPI",
    "GitHub",
    "GitLab",
    "GitOps",
    "GraphQL",
    "HashiCorp",
    "HealthCheck",
    "HoneyComb",
    "InfluxDB",
    "IntelliJ",
    "JavaScript",
    "JetBrains",
    "KeyCloak",
    "LangChain",
    "LinkedIn",
    "LogQL",
    "MacOS",
    "MariaDB",
    "MetricsQL",
    "MicroK8s",
    "MinIO",
    "MongoDB",
    "MySQL",
    "NewRelic",
    "NodePort",
    "OpenAI",
    "OpenAPI",
    "OpenMetrics",
    "OpenSearch",
    "OpenShift",
    "OpenStack",
    "OpenTelemetry",
    "OpsGenie",
    "PagerDuty",
    "PersistentVolume",
    "PodMonitor",
    "PostgreSQL",
    "PromQL",
    "PrometheusRule",
    "PushGateway",
    "PyCharm",
    "PyPI",
    "RabbitMQ",
    "ReplicaSet",
    "RocksDB",
    "ScrapeConfig",
    "SendGrid",
    "SentinelOne",
    "ServiceAccount",
    "ServiceMonitor",
    "ServiceNow",
    "SignalFx",
    "SoundCloud",
    "SpringBoot",
    "StackOverflow",
    "StatefulSet",
    "StatsD",
    "TeamCity",
    "TensorFlow",
    "TimescaleDB",
    "TypeScript",
    "VictorOps",
    "VictoriaMetrics",
    "WebHook",
    "WebSocket",
    "WhatsApp",
    "WordPress",
    "YouTube",
    "ZooKeeper",
];

/// Last parts of class names.
const CLASS_SUFFIXES: &[&str] = &[
    "Service",
    "Manager",
    "Handler",
    "Engine",
    "Client",
    "Controller",
    "Component",
    "Provider",
    "Exception",
    "Factory",
    "Repository",
    "Schema",
    "Serializer",
    "Model",
    "Enum",
    "Dto",
    "Config",
    "Settings",
    "Middleware",
    "Router",
    "Request",
    "Response",
    "View",
    "ViewSet",
    "Mixin",
    "Adapter",
    "Builder",
    "Processor",
    "Plugin",
    "Receiver",
];

/// Whether a word is written like an alert in camel case: at least `humps` capitals that each begin a lower-case
/// run or an acronym, and no product or class.
pub(super) fn is_camel_alert(word: &str, humps: usize) -> bool {
    word.len() <= MAX_WORD
        && word.starts_with(|first: char| first.is_ascii_uppercase())
        && word
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
        && count_humps(word) >= humps
        && !PRODUCTS.contains(&word)
        // `AlertBanner`, `AlertRule`: parts of programs that deal with alerts.
        && (!word.starts_with("Alert") || word.starts_with("Alertmanager"))
        && !CLASS_SUFFIXES.iter().any(|suffix| word.ends_with(suffix))
}

/// Whether a word can be an alert where the text says that it is one: camel case, or snake case.
pub(crate) fn is_explicit_alert(word: &str) -> bool {
    is_camel_alert(word, 2) || (is_metric_shaped(word) && !word.contains(':') && !has_metric_suffix(word))
}

fn count_humps(word: &str) -> usize {
    let bytes = word.as_bytes();
    let lower_somewhere = bytes.iter().any(u8::is_ascii_lowercase);
    if !lower_somewhere {
        return 0;
    }
    let starts = |index: usize| {
        bytes[index].is_ascii_uppercase()
            && (index == 0
                || !bytes[index - 1].is_ascii_uppercase()
                || bytes.get(index + 1).is_some_and(u8::is_ascii_lowercase))
    };
    (0..bytes.len()).filter(|index| starts(*index)).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metric_shapes() {
        for word in [
            "shop_orders_total",
            "job:shop_errors:rate5m",
            "shop:queue_length",
            "node_cpu_Seconds",
        ] {
            assert!(is_metric_shaped(word), "{word}");
        }
        for word in [
            "up",
            "SHOP_URL",
            "__init__",
            "std::vec",
            "redis_host:6379",
            "a-b_c",
            "shop_",
            "9_lives",
        ] {
            assert!(!is_metric_shaped(word), "{word}");
        }
    }

    #[test]
    fn suffixes_of_samples_need_a_unit_before_them() {
        assert!(has_metric_suffix("shop_duration_seconds_count"));
        assert!(has_metric_suffix("shop_orders_total"));
        assert!(!has_metric_suffix("user_count"));
        assert!(!has_metric_suffix("_total"));
    }

    #[test]
    fn settings_and_functions_are_told_by_their_form() {
        for word in ["metrics_path", "get_order", "static_configs", "max_bytes"] {
            assert!(looks_like_setting(word), "{word}");
        }
        for word in ["get_requests_total", "shop_queue_length", "shop_up"] {
            assert!(!looks_like_setting(word), "{word}");
        }
    }

    #[test]
    fn alerts_have_humps_and_are_no_products() {
        for word in ["HighLatency", "KubePodOOMKilled", "APIDown", "ScaleUpPricing"] {
            assert!(is_camel_alert(word, 2), "{word}");
        }
        for word in [
            "PostgreSQL",
            "GitHub",
            "Watchdog",
            "API",
            "OrderService",
            "OpenTelemetry",
            "highLatency",
        ] {
            assert!(!is_camel_alert(word, 2), "{word}");
        }
        assert!(!is_camel_alert("AlertBanner", 2));
        assert!(is_explicit_alert("shop_latency_slo_breach"));
        assert!(!is_explicit_alert("shop_errors_total"));
    }
}
