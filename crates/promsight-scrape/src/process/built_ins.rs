//! Commands that the shell runs by itself.

use super::conditions::{self, Answer};
use super::paths;
use super::runner::Runner;
use super::shell::{Flow, Frame, Place, parsed};
use super::words::Argument;

impl Runner<'_, '_> {
    /// What the shell does by itself; `None` for programs.
    pub(super) fn built_in(
        &mut self,
        argv: &[Argument],
        frame: &mut Frame,
        place: Place,
    ) -> Option<(Flow, Answer)> {
        let arguments = &argv[1..];
        let continues = |answer: Answer| Some((Flow::Continues, answer));
        match argv[0].text.as_str() {
            "[" | "test" | "[[" => continues(conditions::decide(argv)),
            ":" | "true" => continues(Answer::Yes),
            "false" => continues(Answer::No),
            "cd" | "pushd" => {
                let path = arguments.iter().find(|word| !word.text.starts_with('-'));
                let path = path.and_then(Argument::known);
                frame.state.directory = match (path, &frame.state.directory) {
                    (Some(path), _) if path.starts_with('/') => paths::join("/", path),
                    (Some(path), Some(directory)) => paths::join(directory, path),
                    _ => None,
                };
                continues(Answer::Yes)
            }
            "export" | "declare" | "local" | "readonly" | "typeset" => {
                let exports = argv[0].text == "export" || arguments.iter().any(|word| word.text == "-x");
                for word in arguments {
                    let (name, value) = match word.text.split_once('=') {
                        Some((name, value)) => (name, Some(value.to_owned())),
                        None => (word.text.as_str(), None),
                    };
                    if value.is_some() {
                        frame.state.environment.assign(name, value, word.span);
                    }
                    if exports {
                        frame.state.environment.export(name);
                    }
                }
                continues(Answer::Yes)
            }
            "unset" => {
                for word in arguments {
                    frame.state.environment.values.remove(&word.text);
                    frame.lists.remove(&word.text);
                }
                continues(Answer::Yes)
            }
            "set" => {
                let separator = arguments.iter().position(|word| word.text == "--");
                let is_list = arguments
                    .first()
                    .is_some_and(|word| !word.text.starts_with(['-', '+']));
                if let Some(at) = separator {
                    frame.arguments = arguments[at + 1..].to_vec();
                } else if is_list {
                    frame.arguments = arguments.to_vec();
                }
                continues(Answer::Yes)
            }
            "shift" => {
                let count = arguments
                    .first()
                    .and_then(|word| word.text.parse().ok())
                    .unwrap_or(1);
                frame.arguments.drain(..count.min(frame.arguments.len()));
                continues(Answer::Yes)
            }
            "." | "source" => Some((self.source(arguments, frame, place), Answer::Yes)),
            "eval" => {
                let text: Vec<&str> = arguments.iter().map(|word| word.text.as_str()).collect();
                let script = parsed(&Argument::new(text.join(" "), argv[0].span));
                let flow = self.nested(|runner| runner.block(&script.body, frame, place));
                Some((flow.unwrap_or(Flow::Ends), Answer::Yes))
            }
            "exit" => Some((Flow::Ends, Answer::Yes)),
            "return" => Some((Flow::Returns, Answer::Yes)),
            "break" | "continue" | "wait" | "trap" | "ulimit" | "umask" | "shopt" | "alias" => {
                continues(Answer::Yes)
            }
            _ => None,
        }
    }

    fn source(&mut self, arguments: &[Argument], frame: &mut Frame, place: Place) -> Flow {
        let path = arguments.first().and_then(Argument::known);
        let file = path.and_then(|path| self.lookup(path, &frame.state));
        let Some(script) = file.and_then(|file| self.tree.script(file.id)) else {
            // Whatever it sets is not known, unless it only finds the interpreter's own programs.
            let is_activation = path.is_some_and(|path| path.ends_with("/activate"));
            frame.state.environment.is_complete &= is_activation;
            return Flow::Continues;
        };
        let flow = self.nested(|runner| runner.block(&script.body, frame, place));
        if flow == Some(Flow::Ends) {
            Flow::Ends
        } else {
            Flow::Continues
        }
    }
}
