//! Steps of confidence.

use promsight_model::Confidence;

/// What a live server lacks as well is one step surer.
pub(crate) fn raised(confidence: Confidence) -> Confidence {
    match confidence {
        Confidence::Low => Confidence::Medium,
        Confidence::Medium | Confidence::High => Confidence::High,
    }
}

/// A name that a gap could hide is one step less sure.
pub(crate) fn lowered(confidence: Confidence) -> Confidence {
    match confidence {
        Confidence::High => Confidence::Medium,
        Confidence::Medium | Confidence::Low => Confidence::Low,
    }
}
