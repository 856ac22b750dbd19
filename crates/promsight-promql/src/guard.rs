//! What the expression around a selector makes of its absence.
//!
//! Selectors are numbered from left to right, so that the operand of every operator is a run of numbers. A guard is
//! recorded once for a run and spread at the end: linear also for long chains of `or`.

use std::ops::Range;

use crate::Guard;

/// Guards of runs of selectors.
#[derive(Debug, Default)]
pub(crate) struct Guards {
    runs: Vec<(Range<usize>, Guard)>,
}

/// What an operand of `or` is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Operand {
    /// Its selectors.
    pub(crate) selectors: Range<usize>,
    /// Whether a template hole stands for an expression in it: more selectors may hide there.
    pub(crate) may_hide_selectors: bool,
}

impl Operand {
    fn is_constant(&self) -> bool {
        self.selectors.is_empty() && !self.may_hide_selectors
    }
}

impl Guards {
    /// The selectors stand in `absent()` or `absent_over_time()`.
    pub(crate) fn absent(&mut self, selectors: Range<usize>) {
        self.runs.push((selectors, Guard::Absent));
    }

    /// The selectors stand right of `unless`.
    pub(crate) fn unless(&mut self, selectors: Range<usize>) {
        self.runs.push((selectors, Guard::Unless));
    }

    /// The two operands of an `or`.
    pub(crate) fn or(&mut self, left: &Operand, right: &Operand) {
        let left_guard = if right.is_constant() {
            Guard::OrVector
        } else {
            Guard::OrOther
        };
        self.runs.push((left.selectors.clone(), left_guard));
        self.runs.push((right.selectors.clone(), Guard::OrOther));
    }

    /// The guard of each of `count` selectors: the strongest of the runs it lies in.
    pub(crate) fn spread(&self, count: usize) -> Vec<Guard> {
        const BY_STRENGTH: [Guard; 4] = [Guard::OrOther, Guard::OrVector, Guard::Unless, Guard::Absent];
        let mut guards = vec![Guard::None; count];
        for guard in BY_STRENGTH {
            let mut opened = vec![0_usize; count + 1];
            let mut closed = vec![0_usize; count + 1];
            for (run, _) in self
                .runs
                .iter()
                .filter(|(run, of)| *of == guard && !run.is_empty())
            {
                opened[run.start.min(count)] += 1;
                closed[run.end.min(count)] += 1;
            }
            let mut open = 0_usize;
            for (index, slot) in guards.iter_mut().enumerate() {
                open = (open + opened[index]).saturating_sub(closed[index]);
                if open > 0 {
                    *slot = guard;
                }
            }
        }
        guards
    }
}
