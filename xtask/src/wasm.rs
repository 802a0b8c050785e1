//! The two wasm builds: `baseline` for browsers since 2020, `modern` for today's.

use crate::run::{cmd, output, root, run};
use crate::tools;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Where the artefacts go; the npm package ships them from there.
const DIST: &str = "js/dist";
const TARGET: &str = "wasm32-unknown-unknown";
/// Bytes of the shadow stack. Lua frames are data, so only the parser and library functions that
/// call back recurse, 200 levels at most; the widest, `gsub`, takes 1.1 KiB a level. It lies below
/// the data: an overflow traps and overwrites nothing.
const STACK_BYTES: u32 = 288 * 1024;

/// What the oldest browsers lack and the baseline may not contain, as `wasm-validate` names it.
const GATE: &str = "--disable-bulk-memory --disable-reference-types --disable-sign-extension \
                    --disable-saturating-float-to-int --disable-multi-value --disable-simd";

/// One build of the same source.
struct Variant {
    name: &'static str,
    rustc: &'static [&'static str],
    /// The prebuilt standard library uses instructions that the baseline may not contain.
    build_std: bool,
    wasm_opt: &'static [&'static str],
}

const VARIANTS: [Variant; 2] = [
    Variant {
        name: "baseline",
        rustc: &["-Ctarget-cpu=mvp", "-Ctarget-feature=+mutable-globals"],
        build_std: true,
        wasm_opt: &["--mvp-features", "--enable-mutable-globals"],
    },
    Variant {
        name: "modern",
        rustc: &["-Ctarget-feature=+bulk-memory,+sign-ext,+nontrapping-fptoint,+simd128"],
        build_std: false,
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

/// Builds both variants, proves what the baseline needs, and copies them to the npm package.
pub fn command() -> Result<()> {
    tools::target(TARGET)?;
    tools::component("rust-src")?;
    tools::npm("xtask/npm")?;
    std::fs::create_dir_all(DIST)?;
    let (package, library) = names()?;
    for variant in &VARIANTS {
        let built = build(variant, &package, &library)?;
        let place = Path::new(DIST).join(format!("moonkeep-{}.wasm", variant.name));
        optimise(variant, &built, &place)?;
        println!("{}: {} bytes", place.display(), place.metadata()?.len());
    }
    Ok(())
}

/// Builds the npm package around both modules.
pub fn package() -> Result<()> {
    command()?;
    tools::npm("js")?;
    run(cmd("npm run build").current_dir("js"))
}

/// The artefacts that [`command`] writes, by name.
pub fn artefacts() -> Vec<(&'static str, PathBuf)> {
    let place = |name| Path::new(DIST).join(format!("moonkeep-{name}.wasm"));
    VARIANTS.iter().map(|variant| (variant.name, place(variant.name))).collect()
}

/// The package of the wasm crate, and the file name of its library.
fn names() -> Result<(String, String)> {
    let mut metadata = cmd("cargo metadata --no-deps --format-version 1 --manifest-path");
    let text = output(metadata.arg("crates/wasm/Cargo.toml"))?;
    let metadata: Value = serde_json::from_str(&text).context("cargo metadata")?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    for package in packages {
        let manifest = package["manifest_path"].as_str().unwrap_or_default();
        if !manifest.ends_with("crates/wasm/Cargo.toml") {
            continue;
        }
        for target in package["targets"].as_array().into_iter().flatten() {
            let types = target["crate_types"].as_array();
            if types.is_some_and(|types| types.iter().any(|kind| kind == "cdylib")) {
                let name = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                return Ok((name(&package["name"]), name(&target["name"]).replace('-', "_")));
            }
        }
    }
    bail!("crates/wasm has no cdylib target")
}

fn build(variant: &Variant, package: &str, library: &str) -> Result<PathBuf> {
    let folder = format!("target/wasm-{}", variant.name);
    let mut command = cmd("cargo build --release --target");
    command.args([TARGET, "--target-dir", &folder, "--package", package]);
    if variant.build_std {
        command.args(["-Z", "build-std=std,panic_abort"]).env("RUSTC_BOOTSTRAP", "1");
    }
    let mut flags: Vec<String> = variant.rustc.iter().map(|flag| (*flag).to_owned()).collect();
    flags.push(format!("-Clink-arg=-zstack-size={STACK_BYTES}"));
    flags.push("-Clink-arg=--stack-first".to_owned());
    flags.extend(remaps()?);
    run(command.env("CARGO_ENCODED_RUSTFLAGS", flags.join("\x1f")))?;
    Ok(Path::new(&folder).join(TARGET).join("release").join(format!("{library}.wasm")))
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
    let mut optimiser = cmd("xtask/npm/node_modules/.bin/wasm-opt -O3");
    optimiser.args(["--skip-pass=inlining-optimizing", "--strip-debug", "--strip-producers"]);
    optimiser.args(variant.wasm_opt);
    run(optimiser.arg(built).arg("-o").arg(place))?;
    if variant.build_std {
        let mut validator = cmd("xtask/npm/node_modules/.bin/wasm-validate");
        run(validator.args(GATE.split_whitespace()).arg(place))?;
    }
    Ok(())
}
