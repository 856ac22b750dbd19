//! A temporary project to run the program in.

use std::path::Path;

use assert_cmd::Command;

/// A folder that is removed at the end of the test. It is its own root: nothing above it counts.
pub(crate) struct Project {
    folder: tempfile::TempDir,
}

/// What a run printed and how it ended.
pub(crate) struct Output {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// The worked example, copied into a project of its own.
pub(crate) fn trading_platform() -> Project {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata/trading-platform");
    let mut project = Project::new();
    let mut folders = vec![source.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder)
            .expect("the example can be read")
            .flatten()
        {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path
                .strip_prefix(&source)
                .expect("it lies in the example")
                .to_string_lossy()
                .into_owned();
            project = project.bytes(&name, &std::fs::read(&path).expect("the file can be read"));
        }
    }
    project
}

impl Project {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        std::fs::create_dir(folder.path().join(".git")).expect("folders can be made");
        Self { folder }
    }

    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        self.bytes(path, text.as_bytes())
    }

    pub(crate) fn bytes(self, path: &str, bytes: &[u8]) -> Self {
        let location = self.folder.path().join(path);
        if let Some(parent) = location.parent() {
            std::fs::create_dir_all(parent).expect("folders can be made");
        }
        std::fs::write(location, bytes).expect("files can be written");
        self
    }

    /// Makes the folder a git repository.
    pub(crate) fn repository(self) -> Self {
        std::fs::remove_dir(self.folder.path().join(".git")).expect("it is empty");
        self.git(&["init", "--quiet", "--initial-branch=main"]);
        self
    }

    /// Runs git, which must succeed; what it prints. The user's own settings do not count.
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = std::process::Command::new("git")
            .current_dir(self.folder.path())
            .args(["-c", "user.name=Test", "-c", "user.email=test@example.org"])
            .args(arguments)
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .env("GIT_CONFIG_SYSTEM", "/dev/null")
            .output()
            .expect("git starts");
        let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "git {arguments:?}: {complaint}");
        String::from_utf8(output.stdout)
            .expect("git prints UTF-8")
            .trim()
            .to_owned()
    }

    /// Commits everything.
    pub(crate) fn commit(self, message: &str) -> Self {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message", message]);
        self
    }

    /// Replaces a piece of a file.
    pub(crate) fn replace(self, path: &str, from: &str, to: &str) -> Self {
        let text = self.read(path);
        assert!(text.contains(from), "{path} holds {from}");
        self.file(path, &text.replace(from, to))
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder.path().join(path)).expect("the file can be read")
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.folder.path()).expect("the folder can be read");
        entries
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.run_with(arguments, &[])
    }

    pub(crate) fn run_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        run_in(self.folder.path(), arguments, environment)
    }
}

/// Runs the program in a folder.
pub(crate) fn run_in(folder: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let mut command = Command::cargo_bin("promsight").expect("cargo has built the program");
    command.current_dir(folder).args(arguments).env_remove("NO_COLOR");
    command.envs(environment.iter().copied());
    let output = command.output().expect("the program starts");
    Output {
        code: output.status.code().expect("no signal ended it"),
        stdout: String::from_utf8(output.stdout).expect("stdout is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("stderr is UTF-8"),
    }
}
