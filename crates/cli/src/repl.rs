//! `moonkeep repl`: reads, runs, commits, prints.

use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;

use moonkeep::lua::Value;
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use crate::arguments::Repl;
use crate::session::Session;
use crate::show::show;

/// Where lines come from.
trait Lines {
    /// The next line; `None` at the end. `Err` drops what was typed so far.
    fn next(&mut self, prompt: &str) -> Result<Option<String>, Interrupt>;
    fn remember(&mut self, chunk: &str);
}

struct Interrupt;

struct Terminal {
    editor: DefaultEditor,
    history: Option<PathBuf>,
}

impl Terminal {
    fn open() -> Result<Terminal, String> {
        let mut editor = DefaultEditor::new().map_err(|error| error.to_string())?;
        let history = std::env::var_os("HOME").map(|home| {
            let mut path = PathBuf::from(home);
            path.push(".moonkeep_history");
            path
        });
        if let Some(path) = &history {
            // The first session has no history yet.
            let _ = editor.load_history(path);
        }
        Ok(Terminal { editor, history })
    }
}

impl Lines for Terminal {
    fn next(&mut self, prompt: &str) -> Result<Option<String>, Interrupt> {
        match self.editor.readline(prompt) {
            Ok(line) => Ok(Some(line)),
            Err(ReadlineError::Interrupted) => Err(Interrupt),
            Err(_) => Ok(None),
        }
    }

    fn remember(&mut self, chunk: &str) {
        let _ = self.editor.add_history_entry(chunk);
        if let Some(path) = &self.history
            && let Err(error) = self.editor.save_history(path)
        {
            eprintln!("moonkeep: cannot write '{}': {error}", path.display());
            self.history = None;
        }
    }
}

/// Standard input that is no terminal: no prompt, no history.
struct Pipe;

impl Lines for Pipe {
    fn next(&mut self, _: &str) -> Result<Option<String>, Interrupt> {
        let mut line = String::new();
        match std::io::stdin().lock().read_line(&mut line) {
            Ok(0) | Err(_) => Ok(None),
            Ok(_) => Ok(Some(line.trim_end_matches(['\n', '\r']).to_string())),
        }
    }

    fn remember(&mut self, _: &str) {}
}

pub fn repl(arguments: &Repl) -> Result<(), String> {
    let mut session = Session::open(&arguments.state)?;
    if !std::io::stdin().is_terminal() {
        converse(&mut session, &mut Pipe)?;
        return session.close();
    }
    println!("Moonkeep {}, Lua 5.4. Control-D ends.", env!("CARGO_PKG_VERSION"));
    converse(&mut session, &mut Terminal::open()?)?;
    session.close()
}

fn converse(session: &mut Session, lines: &mut dyn Lines) -> Result<(), String> {
    let mut chunk = String::new();
    loop {
        let prompt = if chunk.is_empty() { "> " } else { ">> " };
        match lines.next(prompt) {
            Err(Interrupt) => chunk.clear(),
            Ok(None) => return Ok(()),
            Ok(Some(line)) => {
                chunk.push_str(&line);
                if read_chunk(session, &chunk)? {
                    lines.remember(&chunk);
                    chunk.clear();
                } else {
                    chunk.push('\n');
                }
            }
        }
    }
}

/// Runs a chunk if it is complete; an expression stands for its value.
fn read_chunk(session: &mut Session, chunk: &str) -> Result<bool, String> {
    if chunk.trim().is_empty() {
        return Ok(true);
    }
    let expression = format!("return {}", chunk.strip_prefix('=').unwrap_or(chunk));
    let compiled = match moonkeep::lua::compiler::compile(expression.as_bytes(), b"=stdin") {
        Ok(_) => session.vm().load(expression.as_bytes(), "=stdin"),
        Err(_) => match moonkeep::lua::compiler::compile(chunk.as_bytes(), b"=stdin") {
            Err(error) if error.is_incomplete() => return Ok(false),
            _ => session.vm().load(chunk.as_bytes(), "=stdin"),
        },
    };
    let outcome = match compiled {
        Ok(function) => session.run(function, &[]),
        Err(throw) => Err(session.thrown(throw)),
    };
    match outcome {
        Ok(values) => print(session, &values),
        Err(message) => {
            eprintln!("{message}");
            Ok(())
        }
    }
    .map(|()| true)
}

fn print(session: &mut Session, values: &[Value]) -> Result<(), String> {
    if values.is_empty() {
        return Ok(());
    }
    let vm = session.vm();
    let line: Vec<String> = values.iter().map(|&value| show(vm, value)).collect();
    let mut out = std::io::stdout().lock();
    let written = writeln!(out, "{}", line.join("\t")).and_then(|()| out.flush());
    written.map_err(|error| format!("cannot write standard output: {error}"))
}
