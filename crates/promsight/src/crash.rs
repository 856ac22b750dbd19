//! What is said when promsight itself breaks.

use std::io::Write as _;
use std::panic::PanicHookInfo;

/// Replaces Rust's panic message by one that says that it is our bug and what a report of it needs. The program
/// then ends with [`crate::exit::Exit::Crash`].
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        let _ = std::io::stderr().lock().write_all(message(info).as_bytes());
    }));
}

/// What is said of a panic: that it is our bug, and what a report of it needs.
pub fn message(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let cause = payload
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    let location = info
        .location()
        .map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let arguments: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|argument| format!(" {}", argument.to_string_lossy()))
        .collect();
    format!(
        "\npromsight has a bug and stopped; the code it was reading is not at fault.\n\
         Please report it with these lines, and the file that it stumbled over if you can share it:\n\n\
         \x20   version   promsight {version}, {system} {architecture}\n\
         \x20   command   promsight{arguments}\n\
         \x20   place     {location}\n\
         \x20   message   {cause}\n",
        version = env!("CARGO_PKG_VERSION"),
        system = std::env::consts::OS,
        architecture = std::env::consts::ARCH,
        arguments = arguments.concat(),
    )
}
