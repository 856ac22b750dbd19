//! stdout, stderr and what they are connected to.

use std::io::{IsTerminal as _, Write as _};
use std::path::Path;
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};
use indicatif::ProgressBar;
use promsight_report::{Styling, Surface};

use crate::arguments::ColorArgument;
use crate::exit::Failure;

/// The surface that a report on stdout, or in a file, is printed on.
pub fn surface(color: ColorArgument, output: Option<&Path>) -> Surface {
    let stdout = std::io::stdout();
    let to_terminal = output.is_none() && stdout.is_terminal();
    let colored = match color {
        ColorArgument::Always => true,
        ColorArgument::Never => false,
        ColorArgument::Auto => output.is_none() && AutoStream::choice(&stdout) != ColorChoice::Never,
    };
    let width = to_terminal
        .then(terminal_size::terminal_size)
        .flatten()
        .map(|(width, _)| width.0);
    Surface {
        width,
        styling: if colored { Styling::Colored } else { Styling::Plain },
    }
}

/// Writes the report to stdout, or to a file that is replaced as a whole: whoever reads it meanwhile sees the old
/// or the new one, never half of it.
pub fn deliver(text: &str, output: Option<&Path>) -> Result<(), Failure> {
    let Some(path) = output else {
        return write_to_stdout(text).map_err(|error| Failure::Output {
            target: "stdout".to_owned(),
            reason: error.to_string(),
        });
    };
    replace_file(path, text).map_err(|error| Failure::Output {
        target: path.display().to_string(),
        reason: error.to_string(),
    })
}

/// A reader that has seen enough (`promsight check | head`) is no failure.
fn write_to_stdout(text: &str) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        result => result,
    }
}

/// Replaces what a file holds as a whole; it keeps its permissions.
pub(crate) fn rewrite_file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let permissions = std::fs::metadata(path)?.permissions();
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".promsight-")
        .tempfile_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().set_permissions(permissions)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

fn replace_file(path: &Path, text: &str) -> std::io::Result<()> {
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // As any program would create it; the process' umask still applies.
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    let mut file = builder.prefix(".promsight-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Says on stderr why a command could not be carried out.
pub fn complain(message: &str) {
    say("error", message);
}

/// Says on stderr what a reader of the result should know.
pub fn note(message: &str) {
    say("note", message);
}

fn say(word: &str, message: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = writeln!(stderr, "promsight: {word}: {message}");
}

/// A spinner on stderr that says what is being done; invisible where stderr is no terminal.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// Starts it.
    pub fn start() -> Self {
        // indicatif draws to stderr, and hides itself where that is no terminal.
        let bar = ProgressBar::new_spinner();
        bar.enable_steady_tick(Duration::from_millis(120));
        Self { bar }
    }

    /// What is being done now.
    pub fn stage(&self, message: &str) {
        self.bar.set_message(message.to_owned());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
