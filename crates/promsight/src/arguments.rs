//! The command line as it was typed. What it means is decided in [`crate::command`].

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use promsight_model::{Confidence, Severity};

pub use crate::deliveries::{Delivery, FormatArgument, Reports};

/// Does every alert, dashboard and runbook look at a metric that something really emits?
///
/// promsight reads the Python code that declares metrics together with the Prometheus rules, Grafana dashboards,
/// runbooks and scripts that look at them, and reports what can never fire or show anything. It works offline, and
/// never runs or imports the code it reads.
#[derive(Debug, Parser)]
#[command(name = "promsight", version, max_term_width = 100, after_long_help = EXIT_CODES)]
pub struct Arguments {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,

    /// When to colour the text: `auto` does where stdout is a terminal and NO_COLOR is not set.
    #[arg(long, global = true, value_enum, default_value_t = ColorArgument::Auto, value_name = "WHEN")]
    pub color: ColorArgument,
}

const EXIT_CODES: &str = "Exit codes:
  0    no finding at or above --fail-on
  1    at least one such finding
  2    wrong use, a configuration that cannot be read, or a named input that cannot be read
  3    nothing to reconcile was found, so the result says nothing
  101  a bug in promsight; the message says how to report it";

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Report what looks at series that nothing emits, and the other defects; meant as a CI gate.
    #[command(after_long_help = EXIT_CODES)]
    Check(CheckArguments),
    /// Review how ready the tree is to be operated: areas, evidence, tasks with owners, and what could not be verified.
    Audit(AuditArguments),
    /// List every metric that the code emits: its series, labels, type and place.
    Metrics(MetricsArguments),
    /// List every place that looks at a series, with the verdict on it.
    References(ReferencesArguments),
    /// Show the line of sight of one metric, alert, recording rule or dashboard: from the code that declares it to what
    /// looks at it, each step with its place, the broken ones marked.
    Trace(TraceArguments),
    /// List what each scrape job would keep and drop, and which rule drops it.
    Targets(InventoryArguments),
    /// Write a commented promsight.yaml from what a first run finds.
    Init(InitArguments),
    /// Print what a check means, an example that it reports, and how to mend it.
    Explain(ExplainArguments),
}

/// Arguments of every command that reads a tree.
#[derive(Args, Debug)]
pub struct InventoryArguments {
    /// Files or folders to read. Hidden files, what .gitignore names, and installed packages are left out.
    #[arg(default_value = ".", value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// How to print, and where.
    #[command(flatten)]
    pub reports: Reports,

    /// Read the configuration from FILE instead of the `promsight.yaml` at the root.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// What says which series exist beside the tree.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Beside the tree")]
pub struct SourceArguments {
    /// Take the series of a snapshot for existing: what a program answers at `/metrics`, in the text format of Prometheus or
    /// OpenMetrics. Of a folder every such file is read. Can be given several times.
    #[arg(long, value_name = "FILE|DIR")]
    pub exposition: Vec<PathBuf>,

    /// Take the metrics of another repository for existing: what `promsight metrics --format json` wrote there. Can be
    /// given several times.
    #[arg(long, value_name = "FILE|DIR")]
    pub inventory: Vec<PathBuf>,

    /// Ask the Prometheus at URL, or a server with the same API (Thanos, Mimir, VictoriaMetrics), which series it has.
    /// Credentials are taken from PROMSIGHT_PROMETHEUS_TOKEN, or from PROMSIGHT_PROMETHEUS_USER and
    /// PROMSIGHT_PROMETHEUS_PASSWORD.
    #[arg(long, value_name = "URL")]
    pub prometheus: Option<String>,

    /// Take the token for the server from FILE.
    #[arg(long, value_name = "FILE", requires = "prometheus")]
    pub prometheus_token_file: Option<PathBuf>,

    /// Ask for this tenant (`X-Scope-OrgID`, as Mimir and Loki have it).
    #[arg(long, value_name = "TENANT", requires = "prometheus")]
    pub prometheus_tenant: Option<String>,

    /// Trust the certificates of FILE (PEM) instead of the public ones.
    #[arg(long, value_name = "FILE", requires = "prometheus")]
    pub prometheus_ca_file: Option<PathBuf>,

    /// Ask for the series of so many hours.
    #[arg(long, value_name = "HOURS", default_value_t = 24, requires = "prometheus",
          value_parser = clap::value_parser!(u32).range(1..=8760))]
    pub prometheus_hours: u32,
}

/// Arguments of `promsight references`.
#[derive(Args, Debug)]
pub struct ReferencesArguments {
    /// What to read and how to print.
    #[command(flatten)]
    pub inventory: InventoryArguments,

    /// What else there is.
    #[command(flatten)]
    pub sources: SourceArguments,
}

/// Arguments of `promsight metrics`.
#[derive(Args, Debug)]
pub struct MetricsArguments {
    /// What to read and how to print.
    #[command(flatten)]
    pub inventory: InventoryArguments,

    /// List only what is not known: each declaration whose name depends on what happens at run time, each place that
    /// could not be read, and why.
    #[arg(long)]
    pub unresolved: bool,
}

/// Arguments of `promsight trace`.
#[derive(Args, Debug)]
pub struct TraceArguments {
    /// The name of a metric, one of its series, an alert, a recording rule, or a dashboard (its title).
    #[arg(value_name = "NAME")]
    pub name: String,

    /// What to read and how to print.
    #[command(flatten)]
    pub inventory: InventoryArguments,

    /// What else there is.
    #[command(flatten)]
    pub sources: SourceArguments,
}

/// Arguments of `promsight check`.
#[derive(Args, Debug)]
pub struct CheckArguments {
    /// What to read and how to print.
    #[command(flatten)]
    pub inventory: InventoryArguments,

    /// Exit with 1 if there is a finding of this severity or above; `never` always exits with 0.
    #[arg(long, value_enum, default_value_t = FailOnArgument::Error, value_name = "SEVERITY")]
    pub fail_on: FailOnArgument,

    /// Leave out findings of less confidence.
    #[arg(long, value_enum, default_value_t = ConfidenceArgument::Low, value_name = "CONFIDENCE")]
    pub min_confidence: ConfidenceArgument,

    /// Report only this check; can be given several times. `promsight explain` lists the names.
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    pub select: Vec<String>,

    /// Leave this check out; can be given several times.
    #[arg(long, value_name = "CHECK", value_delimiter = ',')]
    pub ignore: Vec<String>,

    /// Report only what the changes since REV brought in: both trees are reconciled, and findings that REV had already are
    /// left out, whichever file they lie in. REV is a branch, tag or commit; of a branch that has moved on, the commit
    /// counts at which the current one left it.
    #[arg(long, value_name = "REV")]
    pub base: Option<String>,

    /// Mend what can be mended without anybody's judgement, then report what is left: the only sample of a metric that can be
    /// meant (`_total`, `_info`, `_bucket` below a quantile), and bounds in the client's spelling. Rule files, dashboards
    /// and documents are changed, code never is.
    #[arg(long, conflicts_with_all = ["base", "write_baseline"])]
    pub fix: bool,

    /// Print what --fix would change, as a unified diff, and change nothing. Exits with 1 if there is anything to change.
    #[arg(long, conflicts_with_all = ["base", "write_baseline", "fix", "format", "output"])]
    pub diff: bool,

    /// Leave out the findings that FILE records.
    #[arg(long, value_name = "FILE")]
    pub baseline: Option<PathBuf>,

    /// Record what is found in FILE, so that `--baseline FILE` leaves it out from now on. What FILE recorded before and is
    /// gone is dropped.
    #[arg(long, value_name = "FILE", conflicts_with = "base")]
    pub write_baseline: Option<PathBuf>,

    /// Also report references that may belong to programs outside this tree (verdict `foreign`).
    #[arg(long)]
    pub strict: bool,

    /// What else there is.
    #[command(flatten)]
    pub sources: SourceArguments,
}

/// Arguments of `promsight audit`.
#[derive(Args, Debug)]
pub struct AuditArguments {
    /// Files or folders to read.
    #[arg(default_value = ".", value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// How to print: `markdown` for people, `json` for programs and for the next review.
    #[arg(long, value_enum, default_value_t = AuditFormatArgument::Markdown)]
    pub format: AuditFormatArgument,

    /// Write the review to FILE (replaced as a whole, or left as it was) instead of stdout.
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Read the configuration from FILE instead of the `promsight.yaml` at the root.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// Compare with an earlier review in JSON: what was remediated, what came back, and what is claimed done and is not.
    #[arg(long, value_name = "FILE")]
    pub compare: Option<PathBuf>,

    /// What else there is.
    #[command(flatten)]
    pub sources: SourceArguments,
}

/// `--format` of `promsight audit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the variants are the words of the contract")]
pub enum AuditFormatArgument {
    Markdown,
    Json,
}

/// Arguments of `promsight init`.
#[derive(Args, Debug)]
pub struct InitArguments {
    /// Files or folders to read; the file is written to their root.
    #[arg(default_value = ".", value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Print the text instead of writing the file.
    #[arg(long)]
    pub print: bool,

    /// Replace a promsight.yaml that is there.
    #[arg(long)]
    pub force: bool,
}

/// Arguments of `promsight explain`.
#[derive(Args, Debug)]
pub struct ExplainArguments {
    /// The check's name, as it stands in brackets in a finding. Without it all checks are listed.
    #[arg(value_name = "CHECK")]
    pub check: Option<String>,
}

/// `--color`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the variants are the words of the contract")]
pub enum ColorArgument {
    Auto,
    Always,
    Never,
}

/// `--fail-on`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the variants are the words of the contract")]
pub enum FailOnArgument {
    Error,
    Warning,
    Info,
    Never,
}

impl FailOnArgument {
    /// The least severity that fails the run; `None` where none does.
    pub fn threshold(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Info => Some(Severity::Info),
            Self::Never => None,
        }
    }
}

/// `--min-confidence`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the variants are the words of the contract")]
pub enum ConfidenceArgument {
    Low,
    Medium,
    High,
}

impl From<ConfidenceArgument> for Confidence {
    fn from(confidence: ConfidenceArgument) -> Self {
        match confidence {
            ConfidenceArgument::Low => Self::Low,
            ConfidenceArgument::Medium => Self::Medium,
            ConfidenceArgument::High => Self::High,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
