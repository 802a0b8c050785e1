//! The `moonkeep` command.
#![forbid(unsafe_code)]

mod arguments;
mod repl;
mod run;
mod session;
mod show;
mod stores;

use std::process::ExitCode;

use arguments::{Arguments, Command};
use clap::Parser;

fn main() -> ExitCode {
    let outcome = match Arguments::parse().command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Repl(arguments) => repl::repl(&arguments),
        Command::Verify(arguments) => stores::verify(&arguments.path),
        Command::Inspect(arguments) => stores::inspect(&arguments.path),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("moonkeep: {message}");
            ExitCode::FAILURE
        }
    }
}
