// The operations, in the order in which every runner measures them; bench/src/store/measure.rs is
// its native twin.
import { keyOf, order, span } from './records.mjs';

const COMMITS = 200;
const DURABLE = 200;
const RANGES = 200;
/** Most records that are read one by one, for stores that take long over each. */
const READS_MAX = 20_000;
const UPDATES_MAX = 100_000;

/**
 * Measures a kind of store and returns its version and, for each operation, the samples in
 * microseconds. `host` has a clock of CPU time and one of wall time, both in milliseconds (the
 * first may be the second where there is no other), and `floor(medium, name, subject)`, which opens
 * what the bytes of a commit are written to without any store, if it can tell what they are.
 */
export async function measure(kind, records, rounds, host) {
  const samples = {};
  let version = '';
  let memoryBytes;
  // The first of several rounds warms up: engines compile while it runs.
  for (let round = rounds > 1 ? -1 : 0; round < rounds; round++) {
    const name = `bench-${round + 1}`;
    await kind.drop?.(name);
    const subject = await kind.open(name);
    version = subject.version;
    await new Round(subject, records, round < 0 ? {} : samples, host).all(kind, name);
    memoryBytes = subject.memoryBytes?.();
    await subject.close?.();
    await kind.drop?.(name);
    if (kind.persistent) await measureOpening(kind, records, samples, host);
  }
  return { version, samples, memoryBytes };
}

class Round {
  constructor(subject, records, samples, host) {
    Object.assign(this, { subject, records, samples, host });
    this.order = order(records);
  }

  add(name, microseconds) {
    (this.samples[name] ??= []).push(microseconds);
  }

  async cpu(name, count, part) {
    const start = this.host.cpu();
    const result = await part();
    this.add(name, ((this.host.cpu() - start) * 1000) / count);
    return result;
  }

  async all(kind, name) {
    await this.fillAndRead();
    await this.change();
    if (kind.persistent) await this.durable(await this.host.floor(kind.medium, name, this.subject));
    await this.shrink();
  }

  async fillAndRead() {
    const { subject, records } = this;
    const all = span(0, records);
    await this.cpu('insert', records, () => subject.put(all, false));
    const reads = this.order.subarray(0, READS_MAX);
    const sum = await this.cpu('get', reads.length, () => subject.get(reads));
    if (sum !== 7 * reads.length) throw new Error(`${sum / 7} of ${reads.length} were read`);
    if (!subject.range) return;
    const first = new Uint8Array(8);
    const scanned = await this.cpu('scan', records, () => subject.range(first, records));
    if (scanned !== 7 * records) throw new Error(`${scanned / 7} records were walked`);
    const starts = Array.from(this.order.subarray(0, RANGES), keyOf);
    await this.cpu('range of 100', starts.length, async () => {
      for (const start of starts) {
        const walked = subject.range(start, 100);
        if (walked instanceof Promise) await walked;
      }
    });
  }

  async change() {
    const { subject } = this;
    const updates = this.order.subarray(0, UPDATES_MAX);
    await this.cpu('update', updates.length, () => subject.put(updates, false));
    await this.cpu('commit of 1, CPU', COMMITS, async () => {
      for (let index = 0; index < COMMITS; index++) {
        const done = subject.put(this.one(index), false);
        if (done instanceof Promise) await done;
      }
    });
  }

  one(index) {
    const at = index % this.records;
    return this.order.subarray(at, at + 1);
  }

  /** Durable commits, and the floor under each, in turns. */
  async durable(floor) {
    const { subject, host } = this;
    const [commits, floors] = [[], []];
    for (let index = 0; index < DURABLE; index++) {
      let start = host.wall();
      await subject.put(this.one(index), true);
      commits.push((host.wall() - start) * 1000);
      if (floor === undefined) continue;
      start = host.wall();
      await floor.write();
      floors.push((host.wall() - start) * 1000);
    }
    this.add('commit of 1, durable', median(commits));
    if (floor !== undefined) {
      await floor.close();
      this.add('the same bytes raw', median(floors));
    }
    for (const [title, count] of [['batch of 1,000', 1000], ['batch of 10,000', 10_000]]) {
      // A batch adds records beyond the others, which are taken away again.
      const added = span(this.records, this.records + count);
      const start = host.wall();
      await subject.put(added, true);
      this.add(title, (host.wall() - start) * 1000);
      await subject.remove(added);
    }
  }

  async shrink() {
    const half = span(0, this.records >>> 1);
    await this.cpu('delete', half.length, () => this.subject.remove(half));
  }
}

/** Opening a store up to the first record read. */
async function measureOpening(kind, records, samples, host) {
  const name = 'bench-open';
  await kind.drop?.(name);
  const subject = await kind.open(name);
  await subject.put(span(0, records), true);
  await subject.close();
  for (let time = 0; time < 5; time++) {
    const start = host.wall();
    const opened = await kind.open(name);
    const handles = opened.handlesMs ?? 0;
    const sum = await opened.get(span(records >>> 1, (records >>> 1) + 1));
    const took = host.wall() - start;
    if (sum !== 7) throw new Error('a record is missing');
    (samples['open to first read'] ??= []).push(took * 1000);
    if (opened.handlesMs !== undefined) {
      (samples['of that, after the files are open'] ??= []).push((took - handles) * 1000);
    }
    await opened.close();
  }
  await kind.drop?.(name);
}

function median(values) {
  values.sort((a, b) => a - b);
  return values[values.length >>> 1];
}
