//! The commands in the documents run as they stand there.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// How the front page starts the command.
const FRONT: &str = "cargo run --release --package moonkeep-cli -- ";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The lines of shell blocks that start the command, from its first argument on.
fn commands(document: &str) -> Vec<Vec<&str>> {
    let blocks = document.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines = blocks.flat_map(str::lines);
    let commands = lines.filter_map(|line| line.strip_prefix(FRONT));
    commands
        .map(|words| words.split_whitespace().take_while(|word| *word != "#").collect())
        .collect()
}

#[test]
fn every_command_on_the_front_page_succeeds() {
    let document = std::fs::read_to_string(root().join("README.md")).expect("README.md");
    let commands = commands(&document);
    assert!(commands.len() >= 2, "the front page starts the command");
    let folder = std::env::temp_dir().join(format!("moonkeep-documents-{}", std::process::id()));
    let examples = folder.join("examples");
    std::fs::create_dir_all(&examples).expect("a temporary folder");
    for entry in root().join("examples").read_dir().expect("examples") {
        let path = entry.expect("an example").path();
        let name = path.file_name().expect("a name").to_owned();
        std::fs::copy(path, examples.join(name)).expect("a copy");
    }
    for arguments in commands {
        let output = Command::new(env!("CARGO_BIN_EXE_moonkeep"))
            .args(&arguments)
            .current_dir(&folder)
            .stdin(Stdio::null())
            .output()
            .expect("the command");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
    }
    std::fs::remove_dir_all(folder).expect("the folder is gone");
}
