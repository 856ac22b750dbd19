//! Answers that are sought once.
//!
//! Recording rules of one name can be many, and each read others of one name: followed anew from every query, the ways
//! through them multiply. So what is known of a series is kept. A series that is asked for while its answer is being sought
//! reads itself, and has the answer that says nothing.

use std::cell::RefCell;
use std::collections::BTreeMap;

/// Answers by what was asked for.
#[derive(Debug)]
pub(super) struct Memo<K, V>(RefCell<BTreeMap<K, V>>);

impl<K, V> Default for Memo<K, V> {
    fn default() -> Self {
        Self(RefCell::new(BTreeMap::new()))
    }
}

impl<K: Ord + Clone, V: Clone> Memo<K, V> {
    /// The answer for `key`: what `seek` gives, or `unknown` for a question that leads to itself.
    pub(super) fn answer(&self, key: K, unknown: V, seek: impl FnOnce() -> V) -> V {
        if let Some(known) = self.0.borrow().get(&key) {
            return known.clone();
        }
        self.0.borrow_mut().insert(key.clone(), unknown);
        let answer = seek();
        self.0.borrow_mut().insert(key, answer.clone());
        answer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many ways lead down a ladder on which each rung can be reached by two.
    fn climb(memo: &Memo<u32, Option<u32>>, rung: u32, looks: &RefCell<u32>) -> Option<u32> {
        memo.answer(rung, None, || {
            *looks.borrow_mut() += 1;
            if rung == 0 {
                return Some(1);
            }
            Some(climb(memo, rung - 1, looks)?.saturating_add(climb(memo, rung - 1, looks)?))
        })
    }

    #[test]
    fn ways_that_multiply_are_gone_once() {
        let looks = RefCell::new(0);
        assert_eq!(climb(&Memo::default(), 30, &looks), Some(1 << 30));
        assert_eq!(*looks.borrow(), 31);
    }

    #[test]
    fn a_question_that_leads_to_itself_has_no_answer() {
        let memo: Memo<&str, Option<u32>> = Memo::default();
        let answer = memo.answer("a", None, || {
            memo.answer("b", None, || memo.answer("a", None, || Some(1)))
        });
        assert_eq!(answer, None);
    }
}
