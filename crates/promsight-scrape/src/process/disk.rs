//! The files of a container, as far as they come from the repository.

use super::paths;

/// More places than any image copies to; a stage that copies stages that copy stages would multiply them.
const MAX_MAPPINGS: usize = 500;

/// What was copied or mounted where.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    mappings: Vec<Mapping>,
}

/// A file or folder of the container, and the one of the repository that it is.
#[derive(Clone, Debug)]
struct Mapping {
    container: String,
    repository: String,
}

impl Disk {
    /// Puts a file or folder of the repository at a place; later ones cover earlier ones.
    pub(super) fn put(&mut self, container: &str, repository: &str) {
        if self.mappings.len() < MAX_MAPPINGS {
            self.mappings.push(Mapping {
                container: container.to_owned(),
                repository: repository.to_owned(),
            });
        }
    }

    /// What a path of the container may be in the repository, the likeliest first.
    pub(super) fn find(&self, container: &str) -> Vec<String> {
        let latest_first = self.mappings.iter().rev();
        latest_first
            .filter_map(|mapping| {
                let rest = paths::below(&mapping.container, container)?;
                paths::join(&mapping.repository, rest)
            })
            .collect()
    }

    /// Copies what another disk has below `source` to `target`.
    pub(super) fn copy(&mut self, other: &Self, source: &str, target: &str) {
        for mapping in &other.mappings {
            if let Some(rest) = paths::below(source, &mapping.container) {
                if let Some(container) = paths::join(target, rest) {
                    self.put(&container, &mapping.repository);
                }
            } else if let Some(rest) = paths::below(&mapping.container, source)
                && let Some(repository) = paths::join(&mapping.repository, rest)
            {
                self.put(target, &repository);
            }
        }
    }

    /// Folders and files of the repository that are in it.
    pub(super) fn sources(&self) -> impl Iterator<Item = &str> {
        self.mappings.iter().map(|mapping| mapping.repository.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_copies_cover_earlier_ones_and_stages_hand_on() {
        let mut build = Disk::default();
        build.put("/src", "services/api");
        build.put("/src/shared", "libraries/shared");
        let mut disk = Disk::default();
        disk.put("/app", "old");
        disk.copy(&build, "/src", "/app");
        assert_eq!(
            disk.find("/app/shared/a.py"),
            [
                "libraries/shared/a.py",
                "services/api/shared/a.py",
                "old/shared/a.py"
            ]
        );
        let mut one = Disk::default();
        one.copy(&build, "/src/api", "/x");
        assert_eq!(one.find("/x/b.py"), ["services/api/api/b.py"]);
    }
}
