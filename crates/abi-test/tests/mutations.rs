//! Mutated chunks and images in the wasm module: errors or results, never a trap.

use anyhow::{Context, Result, ensure};
use codec::WireValue;
use moonkeep_abi_test::{DONE, FAILED, Host, text};
use testkit::mutation;

const MODULE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../js/dist/moonkeep-baseline.wasm");
const CASES: u64 = 2_000;

/// A host with limits as small as those of the campaigns.
fn host() -> Result<Host> {
    let mut host = Host::new(&std::fs::read(MODULE)?)?;
    let limits = [("fuel", 30_000), ("memory", 4 << 20), ("callDepth", 2_000)];
    let (status, message) = host.open(&limits.map(|(name, n)| (name, WireValue::Integer(n))))?;
    ensure!(status == DONE, "{message:?}");
    Ok(host)
}

#[test]
fn no_mutated_chunk_traps() -> Result<()> {
    let mut host = host()?;
    let mut chunks = mutation::Chunks::default();
    let mut succeeded = 0;
    for seed in 0..CASES {
        let bytes = WireValue::String(chunks.case(seed));
        let (status, _) = host
            .send("mk_call", vec![bytes, text("=m")])
            .with_context(|| format!("seed {seed}"))?;
        ensure!(status == DONE || status == FAILED, "seed {seed}: status {status}");
        succeeded += u64::from(status == DONE);
    }
    ensure!(succeeded > CASES / 20, "only {succeeded} run to their end");
    ensure!(host.eval("return 6 * 7")? == [WireValue::Integer(42)], "the machine is usable");
    Ok(())
}

#[test]
fn no_mutated_image_traps() -> Result<()> {
    let mut host = host()?;
    let original = mutation::image()?;
    let mut restored = 0;
    for seed in 0..CASES {
        let Some(bytes) = mutation::image_case(&original, seed) else { continue };
        host.input(&bytes)?;
        let status: u32 = host.export("mk_import", ()).with_context(|| format!("seed {seed}"))?;
        if status == DONE {
            restored += 1;
            let exercise = vec![text(mutation::EXERCISE), text("=exercise")];
            host.send("mk_call", exercise).with_context(|| format!("seed {seed}"))?;
        }
    }
    ensure!(restored > CASES / 20, "only {restored} are restored");
    ensure!(host.eval("return 6 * 7")? == [WireValue::Integer(42)], "the machine is usable");
    Ok(())
}
