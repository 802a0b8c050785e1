//! Runs a Lua file: `cargo run --release --example run -- FILE`.

use lua::Libraries;

fn main() {
    let path = std::env::args().nth(1).expect("a file name");
    let source = std::fs::read(&path).expect("a readable file");
    let mut vm = lua::Vm::new();
    vm.open_libraries().expect("an unlimited heap");
    vm.set_source_loader(Box::new(lua::FileSources));
    let start = std::time::Instant::now();
    match vm.eval(&source, &format!("@{path}")) {
        Ok(values) => println!("{values:?} {:?}", start.elapsed()),
        Err(throw) => {
            let thrown = vm.thrown();
            let text = vm.bytes(thrown).map(|b| String::from_utf8_lossy(b).into_owned());
            eprintln!("{throw:?}: {}", text.unwrap_or_else(|| format!("{thrown:?}")));
            std::process::exit(1);
        }
    }
}
