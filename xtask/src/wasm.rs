//! The two wasm builds: `baseline` for browsers since 2020, `modern` for today's; and the store
//! alone, for benchmarks and for checks of its hosts.

use crate::run::{cmd, output, root, run};
use crate::tools;
use anyhow::{Result, bail};
use std::path::{Path, PathBuf};

/// Where the artefacts go; the npm package ships them from there.
pub const DIST: &str = "js/dist";
const TARGET: &str = "wasm32-unknown-unknown";
/// The program that shrinks the modules.
pub const OPTIMISER: &str = "xtask/npm/node_modules/.bin/wasm-opt";

/// What the oldest browsers lack and the baseline may not contain, as `wasm-validate` names it.
const GATE: &str = "--disable-bulk-memory --disable-reference-types --disable-sign-extension \
                    --disable-saturating-float-to-int --disable-multi-value --disable-simd";

/// Flags of both builds that make them small. A panic is a defect, and nobody reads its message:
/// it traps at once, without the text and the place of all that could panic. SHA-256 as a loop is
/// much smaller than unrolled. Inlining as readily as optimisation level 3 does makes the module an
/// eighth larger and programs 4 % faster; what the dispatch loop needs says `inline(always)`.
const SMALL: [&str; 5] = [
    "-Zunstable-options",
    "-Cpanic=immediate-abort",
    "-Cllvm-args=-inline-threshold=25",
    "-Zlocation-detail=none",
    "--cfg=sha2_backend_soft=\"compact\"",
];

/// One build of the same source.
struct Variant {
    name: &'static str,
    rustc: &'static [&'static str],
    /// Whether `wasm-validate` has to find nothing newer than its first version in it.
    is_gated: bool,
    wasm_opt: &'static [&'static str],
}

const VARIANTS: [Variant; 2] = [
    Variant {
        name: "baseline",
        rustc: &["-Ctarget-cpu=mvp", "-Ctarget-feature=+mutable-globals"],
        is_gated: true,
        wasm_opt: &["--mvp-features", "--enable-mutable-globals"],
    },
    Variant {
        name: "modern",
        rustc: &["-Ctarget-feature=+bulk-memory,+sign-ext,+nontrapping-fptoint,+simd128"],
        is_gated: false,
        wasm_opt: &[
            "--enable-mutable-globals",
            "--enable-bulk-memory",
            "--enable-sign-ext",
            "--enable-nontrapping-float-to-int",
            "--enable-simd",
            "--enable-reference-types",
            "--enable-multivalue",
        ],
    },
];

/// A crate that becomes a wasm module.
struct Source {
    package: &'static str,
    /// Its file without the ending.
    library: &'static str,
    features: &'static str,
    /// Bytes of the shadow stack. It lies below the data: an overflow traps and overwrites nothing.
    stack_bytes: u32,
}

const PRODUCT: Source = Source {
    package: "moonkeep-wasm",
    library: "moonkeep_wasm",
    features: "",
    // Lua frames are data, so only the parser and library functions that call back recurse, 200
    // levels at most; the widest, `gsub`, takes 1.1 KiB a level.
    stack_bytes: 288 * 1024,
};
const STORE: Source = Source {
    package: "moonkeep-store-module",
    library: "store_module",
    features: "",
    // Nothing recurses but the verification, as deep as the tree.
    stack_bytes: 32 * 1024,
};
const STORE_CHECKS: Source = Source { features: "checks", ..STORE };

/// The store alone, as the benchmarks measure it.
pub const STORE_MODULE: &str = "target/store-module/store.wasm";
/// The store alone with the checks of its hosts.
pub const STORE_CHECKS_MODULE: &str = "target/store-module/store-checks.wasm";

/// `cargo xtask wasm [store]`: the product's modules, or those of the store alone.
pub fn command(words: &[String]) -> Result<()> {
    match words {
        [] => product(),
        [word] if word == "store" => store(),
        _ => bail!("usage: cargo xtask wasm [store]"),
    }
}

/// Builds both variants, proves what the baseline needs, and copies them to the npm package.
pub fn product() -> Result<()> {
    std::fs::create_dir_all(DIST)?;
    for (variant, (_, place)) in VARIANTS.iter().zip(artefacts()) {
        make(variant, &PRODUCT, &place)?;
    }
    Ok(())
}

/// Builds the modules of the store alone, as the baseline.
pub fn store() -> Result<()> {
    std::fs::create_dir_all("target/store-module")?;
    make(&VARIANTS[0], &STORE, Path::new(STORE_MODULE))?;
    make(&VARIANTS[0], &STORE_CHECKS, Path::new(STORE_CHECKS_MODULE))
}

fn make(variant: &Variant, source: &Source, place: &Path) -> Result<()> {
    tools::target(TARGET)?;
    tools::component("rust-src")?;
    tools::npm("xtask/npm")?;
    let built = build(variant, source)?;
    optimise(variant, &built, place)?;
    println!("{}: {} bytes", place.display(), place.metadata()?.len());
    Ok(())
}

/// Builds the npm package around both modules.
pub fn package() -> Result<()> {
    product()?;
    tools::npm("js")?;
    run(cmd("npm run build").current_dir("js"))
}

/// The artefacts that [`command`] writes, by name.
pub fn artefacts() -> Vec<(&'static str, PathBuf)> {
    let place = |name| Path::new(DIST).join(format!("moonkeep-{name}.wasm"));
    VARIANTS.iter().map(|variant| (variant.name, place(variant.name))).collect()
}

/// Builds one variant together with the standard library: the prebuilt one uses instructions that
/// the baseline may not contain, and formats the messages of its panics.
fn build(variant: &Variant, source: &Source) -> Result<PathBuf> {
    let folder = format!("target/wasm-{}", variant.name);
    let mut command = cmd("cargo build --profile wasm --target");
    command.args([TARGET, "--target-dir", &folder, "--package", source.package]);
    command.args(["--features", source.features]);
    command.args(["-Z", "build-std=std,panic_abort"]);
    command.args(["-Z", "build-std-features=optimize_for_size"]);
    command.env("RUSTC_BOOTSTRAP", "1");
    let flags = variant.rustc.iter().chain(&SMALL);
    let mut flags: Vec<String> = flags.map(|flag| (*flag).to_owned()).collect();
    flags.push(format!("-Clink-arg=-zstack-size={}", source.stack_bytes));
    flags.push("-Clink-arg=--stack-first".to_owned());
    flags.extend(remaps()?);
    run(command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f")))?;
    Ok(Path::new(&folder).join(TARGET).join("wasm").join(format!("{}.wasm", source.library)))
}

/// Panic messages carry paths; the artefact may not tell where it was built.
fn remaps() -> Result<Vec<String>> {
    let sysroot = output(&mut cmd("rustc --print sysroot"))?;
    let home = std::env::var("CARGO_HOME").ok().map(PathBuf::from);
    let home = home.or_else(|| Some(std::env::home_dir()?.join(".cargo")));
    let mut remaps = vec![
        format!("--remap-path-prefix={}=moonkeep", root().display()),
        format!("--remap-path-prefix={}=rust", sysroot.trim()),
    ];
    if let Some(home) = home {
        remaps.push(format!("--remap-path-prefix={}=cargo", home.display()));
    }
    Ok(remaps)
}

/// Shrinks the module, but inlines nothing: that halves the speed of the dispatch loop. For the
/// baseline both validators have to accept the result.
fn optimise(variant: &Variant, built: &Path, place: &Path) -> Result<()> {
    let mut optimiser = cmd(OPTIMISER);
    optimiser.args([
        "-O3",
        "--skip-pass=inlining-optimizing",
        "--strip-debug",
        "--strip-producers",
    ]);
    optimiser.args(variant.wasm_opt);
    run(optimiser.arg(built).arg("-o").arg(place))?;
    if variant.is_gated {
        let mut validator = cmd("xtask/npm/node_modules/.bin/wasm-validate");
        run(validator.args(GATE.split_whitespace()).arg(place))?;
    }
    Ok(())
}
