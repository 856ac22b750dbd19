//! What is said when promsight itself breaks. Alone in its program: the hook is one for all threads.

use std::panic;

#[test]
fn a_bug_ends_with_what_a_report_of_it_needs() {
    let message = std::sync::Arc::new(std::sync::Mutex::new(String::new()));
    let kept = message.clone();
    panic::set_hook(Box::new(move |info| {
        if let Ok(mut kept) = kept.lock() {
            *kept = promsight::crash::message(info);
        }
    }));
    let outcome = panic::catch_unwind(|| panic!("the map has no {}", "segment"));
    let _ = panic::take_hook();
    assert!(outcome.is_err());
    let message = message.lock().map(|message| message.clone()).unwrap_or_default();
    for part in [
        "promsight has a bug",
        "version   promsight ",
        "place     crates/promsight/tests/crash.rs:",
        "message   the map has no segment",
    ] {
        assert!(message.contains(part), "{part} is not in {message}");
    }
}
