//! What commands of scripts, recipes and pipelines deploy.

use promsight_model::FileId;
use promsight_model::launch::{FallbackKind, Launch, Piece, Setting, Word};

use super::{Draft, Finder};
use crate::paths;

/// Words in the paths of pipelines and scripts that try charts out and deploy nothing that stays.
const TRIALS: [&str; 9] = [
    "test",
    "e2e",
    "lint",
    "kind",
    "minikube",
    "k3d",
    "chart-testing",
    "ct.",
    "local",
];

impl Finder<'_, '_> {
    /// What a command deploys.
    pub(super) fn launch(&mut self, file: FileId, launch: &Launch) {
        let Launch::Release(release) = launch else { return };
        let path = &self.input.files.file(file).path;
        let lower = path.to_ascii_lowercase();
        if TRIALS.iter().any(|word| lower.contains(word)) {
            return;
        }
        let folder = paths::folder(path).to_owned();
        let chart = text(&release.chart);
        // What a repository of charts has is called like a path without its dot.
        let mut draft = Draft::new(chart, release.chart.span);
        draft.bases = vec![folder, String::new()];
        draft.name = release.name.as_ref().map(text);
        draft.namespace = release.namespace.as_ref().map(text);
        for values in &release.values {
            for path in text(values).split(',').filter(|path| !path.is_empty()) {
                draft.path(path, values.span);
            }
        }
        for kind in [Setting::Json, Setting::Typed, Setting::Text, Setting::Content] {
            for (_, word) in release.settings.iter().filter(|(own, _)| *own == kind) {
                draft.set(kind, text(word), word.span);
            }
        }
        self.add(&draft);
    }
}

/// A word with what is not known as `${name}`.
fn text(word: &Word) -> String {
    word.pieces.iter().map(piece).collect()
}

fn piece(piece: &Piece) -> String {
    match piece {
        Piece::Text(text) => text.clone(),
        Piece::Variable {
            fallback: Some(fallback),
            ..
        } if matches!(fallback.kind, FallbackKind::Unset | FallbackKind::UnsetOrEmpty)
            && fallback
                .pieces
                .iter()
                .all(|piece| matches!(piece, Piece::Text(_))) =>
        {
            fallback.pieces.iter().map(self::piece).collect()
        }
        Piece::Variable { name, .. } | Piece::List(name) => format!("${{{name}}}"),
        Piece::Arguments | Piece::Unknown => "${unknown}".to_owned(),
    }
}
