//! Runs the store's crash tests: `store-crash IMAGES SEED`.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1).map(|text| text.parse::<u64>());
    let (Some(Ok(images)), Some(Ok(seed))) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: store-crash IMAGES SEED");
        return ExitCode::from(2);
    };
    println!("{:?}", testkit::store_crash::run(images, seed));
    ExitCode::SUCCESS
}
