//! `blind-test`: a unit test of rules feeds a series that nothing emits.

use promsight_model::{Finding, Severity};

use crate::{Check, Context, blind, words};

/// The registry's entry.
pub(crate) const CHECK: Check = Check {
    name: "blind-test",
    severity: Severity::Warning,
    summary: "a unit test of rules feeds a series that nothing emits",
    documentation: include_str!("../checks/blind-test.md"),
    find,
};

fn find(context: &Context<'_>) -> Vec<Finding> {
    let tests = context.resolution.blind_tests.iter();
    tests
        .map(|test| {
            let cause = blind::cause(Some(&test.blindness), &test.series);
            let message = format!("the test proves nothing, for it feeds what does not exist: {cause}");
            let mut finding = words::finding(CHECK.name, test.span, test.series.clone(), message);
            blind::explain(&mut finding, &test.blindness, &test.series);
            finding
        })
        .collect()
}
