//! The command line: commands and their options.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Lua 5.4 that remembers: what a program keeps under `_home` is there the next time.
#[derive(Parser)]
#[command(name = "moonkeep", version, arg_required_else_help = true)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Subcommand)]
pub enum Command {
    /// Runs a Lua file; the exit code is 0 unless it fails (1) or the command line is wrong (2).
    Run(Run),
    /// Reads, runs and prints line by line.
    Repl(Repl),
    /// Checks every page of a store, which must not be in use; the exit code is 1 on damage.
    Verify(Place),
    /// Tells the shape and the sizes of a store, which must not be in use.
    Inspect(Place),
}

#[derive(Args)]
pub struct Place {
    /// The file of the store.
    pub path: PathBuf,
}

#[derive(Args)]
pub struct Run {
    /// The Lua file; `-` reads standard input.
    pub file: PathBuf,
    /// Arguments of the program: `...` and the table `arg`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    pub args: Vec<OsString>,
    #[command(flatten)]
    pub state: State,
}

#[derive(Args)]
pub struct Repl {
    #[command(flatten)]
    pub state: State,
}

/// Where the state lives and what a run may use.
#[derive(Args)]
pub struct State {
    /// Keeps `_home` in this file: restored before, written when the run has succeeded, which a
    /// program does not that ends the process itself (`os.exit`).
    #[arg(long, value_name = "PATH")]
    pub store: Option<PathBuf>,
    /// Stops a run after about this many instructions.
    #[arg(long, value_name = "N")]
    pub fuel: Option<u64>,
    /// Bytes that the program's data may take in memory.
    #[arg(long, value_name = "BYTES")]
    pub memory: Option<usize>,
    /// Stops a run after this many milliseconds.
    #[arg(long, value_name = "MS")]
    pub timeout: Option<u64>,
}
