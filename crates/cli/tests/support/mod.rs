//! What the tests of the command share.
#![allow(dead_code, reason = "no test uses all of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A folder that is removed when the test ends.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("moonkeep-cli-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a temporary folder");
        Folder(path)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).expect("a file");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub fn moonkeep() -> Command {
    Command::new(env!("CARGO_BIN_EXE_moonkeep"))
}

pub fn run(file: &Path, options: &[&str]) -> Output {
    moonkeep().arg("run").args(options).arg(file).output().expect("the command")
}

pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A prompt without a terminal.
pub struct Prompt {
    pub child: std::process::Child,
    answers: BufReader<std::process::ChildStdout>,
}

impl Prompt {
    pub fn start(store: &Path) -> Prompt {
        let mut child = moonkeep()
            .args(["repl", "--store"])
            .arg(store)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command");
        let answers = BufReader::new(child.stdout.take().expect("a pipe"));
        Prompt { child, answers }
    }

    /// One that has opened its store.
    pub fn start_open(store: &Path) -> Prompt {
        let mut prompt = Prompt::start(store);
        assert_eq!(prompt.ask("'open'"), "\"open\"");
        prompt
    }

    /// Ends it; what it wrote to standard error.
    pub fn errors(mut self) -> String {
        drop(self.child.stdin.take());
        let mut text = String::new();
        let mut errors = self.child.stderr.take().expect("a pipe");
        errors.read_to_string(&mut text).expect("errors");
        text
    }

    pub fn send(&mut self, line: &str) -> bool {
        let input = self.child.stdin.as_mut().expect("a pipe");
        writeln!(input, "{line}").and_then(|()| input.flush()).is_ok()
    }

    pub fn ask(&mut self, line: &str) -> String {
        assert!(self.send(line), "the prompt reads");
        let mut answer = String::new();
        self.answers.read_line(&mut answer).expect("an answer");
        answer.trim_end().to_string()
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
