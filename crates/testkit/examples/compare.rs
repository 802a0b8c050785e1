//! Runs a Lua file here and in PUC-Rio Lua and shows both outputs.

use std::io::Write;
use testkit::program::{run_moonkeep, run_reference};

fn main() {
    for path in std::env::args().skip(1) {
        let source = std::fs::read(&path).unwrap_or_default();
        let (expected, found) = (run_reference(&source), run_moonkeep(&source));
        for (name, outcome) in [("PUC-Rio", &expected), ("here", &found)] {
            println!("---- {name}");
            let _ = std::io::stdout().write_all(&outcome.printed);
            if let Some(problem) = &outcome.error {
                println!("error: {}", String::from_utf8_lossy(problem));
            }
        }
        println!("---- {}", if expected == found { "the same" } else { "different" });
    }
}
