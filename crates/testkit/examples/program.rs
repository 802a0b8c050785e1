//! Prints the program of a seed, and what PUC-Rio Lua makes of it.

use std::io::Write;
use testkit::program::{program, run_reference};

fn main() {
    let mut arguments = std::env::args().skip(1).map_while(|word| word.parse().ok());
    let (seed, size) = (arguments.next().unwrap_or(1), arguments.next().unwrap_or(8));
    let source = program(seed, size as u32);
    println!("{source}");
    let outcome = run_reference(&source);
    println!("----");
    let _ = std::io::stdout().write_all(&outcome.printed);
    println!("----\nerror {:?}", outcome.error.as_deref().map(String::from_utf8_lossy));
    println!("returned {:?}", outcome.returned.as_deref().map(String::from_utf8_lossy));
}
