//! `--format` and `--output`: which reports a run prints, and where each goes.
//!
//! Owns the pairing of the two: `--format sarif --output a.sarif --format text` writes a file and prints a text. An
//! `--output` belongs to the `--format` before it, or to the only one.

use std::path::PathBuf;

use clap::builder::EnumValueParser;
use clap::error::ErrorKind;
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches, ValueEnum, value_parser};
use promsight_report::Format;

/// One report: how it looks and where it goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// How it looks.
    pub format: FormatArgument,
    /// The file that it is written to; stdout where none is named.
    pub output: Option<PathBuf>,
}

/// The reports that were asked for; at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reports(pub Vec<Delivery>);

/// `--format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[expect(missing_docs, reason = "the variants are the words of the contract")]
pub enum FormatArgument {
    Text,
    Table,
    Json,
    Sarif,
    Github,
    Gitlab,
    Junit,
    Markdown,
    Html,
    MimirtoolGrafana,
    MimirtoolRuler,
}

impl From<FormatArgument> for Format {
    fn from(format: FormatArgument) -> Self {
        match format {
            FormatArgument::Text => Self::Text,
            FormatArgument::Table => Self::Table,
            FormatArgument::Json => Self::Json,
            FormatArgument::Sarif => Self::Sarif,
            FormatArgument::Github => Self::Github,
            FormatArgument::Gitlab => Self::Gitlab,
            FormatArgument::Junit => Self::Junit,
            FormatArgument::Markdown => Self::Markdown,
            FormatArgument::Html => Self::Html,
            FormatArgument::MimirtoolGrafana => Self::MimirtoolGrafana,
            FormatArgument::MimirtoolRuler => Self::MimirtoolRuler,
        }
    }
}

impl FormatArgument {
    /// The word on the command line.
    pub fn word(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }
}

const FORMAT: &str = "format";
const OUTPUT: &str = "output";

impl Args for Reports {
    fn augment_args(command: Command) -> Command {
        command
            .arg(
                Arg::new(FORMAT)
                    .long(FORMAT)
                    .value_name("FORMAT")
                    .value_parser(EnumValueParser::<FormatArgument>::new())
                    .action(ArgAction::Append)
                    .help("How to print: `text` (the default) for people, `table` for one line an entry, others for programs")
                    .long_help(
                        "How to print: `text` (the default) for people, `table` for one line an entry, the others for \
                         programs. Can be given several times, each with an --output of its own.",
                    ),
            )
            .arg(
                Arg::new(OUTPUT)
                    .long(OUTPUT)
                    .value_name("FILE")
                    .value_parser(value_parser!(PathBuf))
                    .action(ArgAction::Append)
                    .help("Write the report to FILE (replaced as a whole, or left as it was) instead of stdout")
                    .long_help(
                        "Write the report to FILE (replaced as a whole, or left as it was) instead of stdout. With \
                         several reports it belongs to the --format before it.",
                    ),
            )
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for Reports {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        let mut typed: Vec<(usize, Typed)> = Vec::new();
        let formats = matches.get_many::<FormatArgument>(FORMAT).into_iter().flatten();
        let places = matches.indices_of(FORMAT).into_iter().flatten();
        typed.extend(places.zip(formats.map(|format| Typed::Format(*format))));
        let outputs = matches.get_many::<PathBuf>(OUTPUT).into_iter().flatten();
        let places = matches.indices_of(OUTPUT).into_iter().flatten();
        typed.extend(places.zip(outputs.map(|output| Typed::Output(output.clone()))));
        typed.sort_by_key(|(place, _)| *place);
        paired(typed.into_iter().map(|(_, typed)| typed).collect())
            .map(Self)
            .map_err(|problem| Error::raw(ErrorKind::ArgumentConflict, problem))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

enum Typed {
    Format(FormatArgument),
    Output(PathBuf),
}

fn paired(typed: Vec<Typed>) -> Result<Vec<Delivery>, String> {
    let mut deliveries: Vec<Delivery> = Vec::new();
    let mut early = None;
    for typed in typed {
        match typed {
            Typed::Format(format) => deliveries.push(Delivery {
                format,
                output: early.take(),
            }),
            Typed::Output(output) => match deliveries.last_mut() {
                Some(Delivery {
                    output: taken @ None, ..
                }) => *taken = Some(output),
                Some(delivery) => {
                    return Err(format!(
                        "the {} report would go to two files; give each --output the --format before it\n",
                        delivery.format.word()
                    ));
                }
                None if early.is_none() => early = Some(output),
                None => return Err("there are two files and no --format before them\n".to_owned()),
            },
        }
    }
    if deliveries.is_empty() {
        deliveries.push(Delivery {
            format: FormatArgument::Text,
            output: early,
        });
    }
    let to_stdout = deliveries.iter().filter(|delivery| delivery.output.is_none());
    if to_stdout.count() > 1 {
        return Err("only one report can go to stdout; give the others an --output\n".to_owned());
    }
    Ok(deliveries)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;
    use crate::arguments::{Arguments, Command as Typed};

    fn deliveries(arguments: &[&str]) -> Result<Vec<(String, Option<String>)>, String> {
        let typed = [&["promsight", "check"], arguments].concat();
        let parsed = Arguments::try_parse_from(typed).map_err(|error| error.to_string())?;
        let Typed::Check(check) = parsed.command else {
            panic!("check was typed")
        };
        let delivered = |delivery: Delivery| {
            let output = delivery.output.map(|path| path.display().to_string());
            (delivery.format.word(), output)
        };
        Ok(check.inventory.reports.0.into_iter().map(delivered).collect())
    }

    fn pair(format: &str, output: Option<&str>) -> (String, Option<String>) {
        (format.to_owned(), output.map(str::to_owned))
    }

    #[test]
    fn an_output_belongs_to_the_format_before_it() {
        assert_eq!(deliveries(&[]), Ok(vec![pair("text", None)]));
        assert_eq!(deliveries(&["--output", "a"]), Ok(vec![pair("text", Some("a"))]));
        assert_eq!(
            deliveries(&["--output", "a", "--format", "json"]),
            Ok(vec![pair("json", Some("a"))])
        );
        assert_eq!(
            deliveries(&["--format", "sarif", "--output", "a.sarif", "--format", "text"]),
            Ok(vec![pair("sarif", Some("a.sarif")), pair("text", None)])
        );
        assert_eq!(
            deliveries(&["--format=text", "--format=junit", "--output=j.xml"]),
            Ok(vec![pair("text", None), pair("junit", Some("j.xml"))])
        );
    }

    #[test]
    fn what_cannot_be_paired_is_refused() {
        let error = |arguments: &[&str]| deliveries(arguments).expect_err("it is refused");
        assert!(
            error(&["--format", "json", "--format", "text"]).contains("only one report can go to stdout")
        );
        assert!(
            error(&["--format", "json", "--output", "a", "--output", "b"])
                .contains("the json report would go to two")
        );
        assert!(error(&["--output", "a", "--output", "b"]).contains("two files and no --format"));
    }
}
