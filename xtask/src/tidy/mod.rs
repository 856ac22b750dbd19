//! What the compiler cannot check: the house rules of docs/ARCHITECTURE.md.

mod checks;
mod edges;
mod links;
mod sizes;
mod words;

use crate::problem::Problem;
use crate::tree;

/// Every breach of a house rule, by path.
pub(crate) fn run() -> Vec<Problem> {
    let texts = tree::texts();
    let mut problems = edges::problems(&texts);
    problems.extend(sizes::problems(&texts));
    problems.extend(words::problems(&texts));
    problems.extend(checks::problems(&texts));
    problems.extend(links::problems(&texts));
    problems.sort();
    problems
}
