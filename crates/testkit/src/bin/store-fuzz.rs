//! Runs the store's model fuzzer: `store-fuzz OPERATIONS SEED`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let (Some(Ok(operations)), Some(Ok(seed))) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: store-fuzz OPERATIONS SEED");
        return ExitCode::from(2);
    };
    println!("{:?}", testkit::store_model::run(operations, seed));
    ExitCode::SUCCESS
}
