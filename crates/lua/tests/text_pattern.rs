//! Pattern matching: tables, budgets, and random patterns compared with PUC-Rio.

mod oracle_text;

use fastrand::Rng;
use lua::text::pattern::{Capture, Match, Matcher, Pattern, PatternCache, find_plain, is_plain};
use lua::text::{Interrupted, Meter, TextError, Unmetered};
use oracle_text::{Oracle, Plain, message};

fn value(capture: Capture<'_>) -> Plain {
    match capture {
        Capture::Bytes(bytes) => Plain::bytes(bytes),
        Capture::Position(position) => Plain::Integer(position as i64),
    }
}

fn values(found: &Match<'_>, count: usize) -> Result<Vec<Plain>, TextError> {
    (0..count).map(|index| found.capture(index).map(value)).collect()
}

/// `string.find(subject, pattern, from + 1)`.
fn find(subject: &[u8], pattern: &[u8], from: usize) -> Result<Vec<Plain>, TextError> {
    if is_plain(pattern) {
        let start = find_plain(subject, pattern, from, &mut Unmetered)?;
        return Ok(start.map_or(vec![Plain::Nil], |start| {
            let end = start + pattern.len();
            vec![Plain::Integer(start as i64 + 1), Plain::Integer(end as i64)]
        }));
    }
    let pattern = Pattern::new(pattern)?;
    let mut matcher = Matcher::new();
    let Some(found) = matcher.find(&pattern, subject, from, &mut Unmetered)? else {
        return Ok(vec![Plain::Nil]);
    };
    let mut all =
        vec![Plain::Integer(found.start() as i64 + 1), Plain::Integer(found.end() as i64)];
    all.extend(values(&found, found.capture_count())?);
    Ok(all)
}

/// `string.gsub(subject, pattern, replacement, max)`.
fn gsub(
    subject: &[u8],
    pattern: &[u8],
    replacement: &[u8],
    max: usize,
) -> Result<Vec<Plain>, TextError> {
    let pattern = Pattern::new(pattern)?;
    let mut matcher = Matcher::new();
    let mut out = Vec::new();
    let (mut from, mut previous_end, mut count) = (0, None, 0);
    while count < max {
        let next = matcher.find_next(&pattern, subject, from, previous_end, &mut Unmetered)?;
        let Some(found) = next else { break };
        out.extend_from_slice(&subject[from..found.start()]);
        found.expand(replacement, &mut out)?;
        from = found.end();
        previous_end = Some(from);
        count += 1;
        if pattern.is_anchored() {
            break;
        }
    }
    out.extend_from_slice(&subject[from..]);
    Ok(vec![Plain::Bytes(out), Plain::Integer(count as i64)])
}

/// All values of `string.gmatch(subject, pattern, from + 1)`, in one string.
fn gmatch(subject: &[u8], pattern: &[u8], from: usize) -> Result<Vec<Plain>, TextError> {
    let pattern = Pattern::for_gmatch(pattern)?;
    let mut matcher = Matcher::new();
    let (mut from, mut previous_end, mut all) = (from, None, Vec::new());
    while let Some(found) =
        matcher.find_next(&pattern, subject, from, previous_end, &mut Unmetered)?
    {
        for index in 0..found.value_count() {
            match found.capture(index)? {
                Capture::Bytes(bytes) => {
                    all.push(bytes.len().to_string().into_bytes());
                    all.push(bytes.to_vec());
                }
                Capture::Position(position) => {
                    all.push(b"integer".to_vec());
                    all.push(position.to_string().into_bytes());
                }
            }
        }
        all.push(b"next".to_vec());
        from = found.end();
        previous_end = Some(from);
    }
    Ok(vec![Plain::Bytes(all.join(&b' '))])
}

/// All values of `gmatch` in one string, written as [`gmatch`] above writes them.
const GMATCH: &str = "function(s, p, from)
    local all = {}
    local function keep(...)
        if (...) == nil then return false end
        for i = 1, select('#', ...) do
            local value = select(i, ...)
            all[#all + 1] = math.type(value) or #value
            all[#all + 1] = value
        end
        all[#all + 1] = 'next'
        return true
    end
    local step = string.gmatch(s, p, from)
    while keep(step()) do end
    return table.concat(all, ' ')
end";

const ATOMS: &[&[u8]] = &[
    b"a",
    b"b",
    b"ab",
    b".",
    b"%a",
    b"%A",
    b"%d",
    b"%w",
    b"%s",
    b"%S",
    b"%p",
    b"%x",
    b"%u",
    b"%l",
    b"%g",
    b"%c",
    b"%z",
    b"%%",
    b"%.",
    b"[ab]",
    b"[^a]",
    b"[a-c]",
    b"[%w_]",
    b"[]]",
    b"[^]]",
    b"[a-]",
    b"[%a-z]",
    b"[a-%%]",
    b"[b-a]",
    b"%bab",
    b"%b()",
    b"%f[ab]",
    b"%f[^a]",
    b"%f[%z]",
    b"(",
    b")",
    b"()",
    b"(a)",
    b"(.-)",
    b"(%w+)",
    b"%1",
    b"%2",
    b"\xe9",
    b"\0",
    b"[\0-\x1f]",
];
const ENDS: &[&[u8]] =
    &[b"%", b"[", b"[a", b"[^", b"[%", b"%b", b"%ba", b"%f", b"%fa", b"$", b"%9"];
const QUANTIFIERS: &[&[u8]] = &[b"", b"", b"", b"*", b"+", b"-", b"?"];

fn pick<'a>(rng: &mut Rng, from: &[&'a [u8]]) -> &'a [u8] {
    from[rng.usize(..from.len())]
}

fn random_pattern(rng: &mut Rng) -> Vec<u8> {
    let mut pattern = Vec::new();
    if rng.u8(..8) == 0 {
        pattern.push(b'^');
    }
    for _ in 0..rng.usize(..7) {
        pattern.extend_from_slice(pick(rng, ATOMS));
        pattern.extend_from_slice(pick(rng, QUANTIFIERS));
    }
    match rng.u8(..16) {
        0 | 1 => pattern.extend_from_slice(pick(rng, ENDS)),
        2 => {
            for byte in &mut pattern {
                let other = b"ab()[]%^$.*+-?x12abaaabb"[rng.usize(..24)];
                *byte = if rng.u8(..4) == 0 { other } else { *byte };
            }
        }
        3..6 => pattern.push(b'$'),
        _ => {}
    }
    pattern
}

fn random_subject(rng: &mut Rng) -> Vec<u8> {
    let letters: &[u8] = if rng.bool() { b"ab" } else { b"aabbcxA_ 1()].-%\0\xe9\n" };
    (0..rng.usize(..14)).map(|_| letters[rng.usize(..letters.len())]).collect()
}

fn compare(
    ours: Result<Vec<Plain>, TextError>,
    theirs: Result<Vec<Plain>, Vec<u8>>,
    function: &str,
    case: &dyn Fn() -> String,
) {
    let ours = ours
        .map_err(|error| message(&error, &format!("string.{function}")).escape_ascii().to_string());
    let theirs = theirs.map_err(|message| message.escape_ascii().to_string());
    assert_eq!(ours, theirs, "{}", case());
}

#[test]
fn random_patterns_agree_with_puc_rio() {
    let oracle = Oracle::new();
    let their_find = oracle.function("string.find");
    let their_gsub = oracle.function("string.gsub");
    let their_gmatch = oracle.function(GMATCH);
    let mut rng = Rng::with_seed(0x5eed_0001);
    for _ in 0..12_000 {
        let (pattern, subject) = (random_pattern(&mut rng), random_subject(&mut rng));
        let from = rng.usize(..=subject.len());
        let case = || format!("{} in {}", pattern.escape_ascii(), subject.escape_ascii());
        let (s, p) = (oracle.string(&subject), oracle.string(&pattern));
        let theirs = oracle.call(&their_find, (&s, &p, from as i64 + 1));
        compare(find(&subject, &pattern, from), theirs, "find", &case);
        let replacement: &[u8] = pick(&mut rng, &[b"x", b"<%0>", b"%1", b"%2%%", b"", b"%", b"%y"]);
        let max = rng.usize(..6);
        let theirs = oracle.call(&their_gsub, (&s, &p, oracle.string(replacement), max as i64));
        compare(gsub(&subject, &pattern, replacement, max), theirs, "gsub", &case);
        let theirs = oracle.call(&their_gmatch, (&s, &p, from as i64 + 1));
        compare(gmatch(&subject, &pattern, from), theirs, "gmatch", &case);
    }
}

#[test]
fn random_bytes_as_patterns_agree_with_puc_rio() {
    let oracle = Oracle::new();
    let their_find = oracle.function("string.find");
    let mut rng = Rng::with_seed(0x5eed_0002);
    for _ in 0..4_000 {
        let pattern: Vec<u8> = (0..rng.usize(..12)).map(|_| rng.u8(..)).collect();
        let subject: Vec<u8> = (0..rng.usize(..40)).map(|_| rng.u8(..)).collect();
        let case = || format!("{} in {}", pattern.escape_ascii(), subject.escape_ascii());
        let theirs = oracle.call(&their_find, (oracle.string(&subject), oracle.string(&pattern)));
        compare(find(&subject, &pattern, 0), theirs, "find", &case);
    }
}

#[test]
fn nesting_is_too_complex_exactly_where_puc_rio_says_so() {
    let oracle = Oracle::new();
    let their_find = oracle.function("string.find");
    let subject = [b"a".repeat(230), b"b".to_vec()].concat();
    // All combinations match: a failing one would be an exponential search in both.
    let units: &[&[u8]] = &[b"a?", b"a*", b"a-", b"a?a*", b"[ab]-", b".-", b"c*a?", b"a?()"];
    let tails: &[&[u8]] = &[b"", b"()", b"(a-)b", b"(a*)(b)$", b"((.-))b"];
    for unit in units {
        for count in (90..=101).chain(190..=202) {
            for tail in tails {
                let pattern = [&b"^"[..], &unit.repeat(count), tail].concat();
                let theirs =
                    oracle.call(&their_find, (oracle.string(&subject), oracle.string(&pattern)));
                let case = || format!("{} x {count}, {}", unit.escape_ascii(), tail.escape_ascii());
                compare(find(&subject, &pattern, 0), theirs, "find", &case);
            }
        }
    }
}

#[test]
fn a_search_that_must_fail_is_too_complex_all_the_same() {
    let oracle = Oracle::new();
    let their_find = oracle.function("string.find");
    let subject = [&b"ab".repeat(101)[..], b"aaaa"].concat();
    let tails: &[&[u8]] =
        &[b"(a*)c", b"((a-))c", b"((((a+))))c", b"(a?)c", b"((a-)b?)$c", b"(a*)([ac])c", b"a*()$"];
    for count in 94..=101 {
        for tail in tails {
            // Runs of one byte leave nothing to try again.
            let pattern = [&b"^"[..], &b"a+b+".repeat(count), tail].concat();
            let subject = &subject[(101 - count) * 2..];
            let theirs =
                oracle.call(&their_find, (oracle.string(subject), oracle.string(&pattern)));
            let case = || format!("{count}, {}", tail.escape_ascii());
            compare(find(subject, &pattern, 0), theirs, "find", &case);
        }
    }
}

#[test]
fn repetitions_share_with_what_follows_as_in_puc_rio() {
    let oracle = Oracle::new();
    let their_find = oracle.function("string.find");
    let patterns: &[&[u8]] = &[
        b"(a+)b%1",
        b"(a*)b%1",
        b"()(a+)b%2",
        b"(a*)[ab]?$",
        b"(a-)[ab]?$",
        b"(.-)%s*$",
        b"^%s*(.-)%s*$",
        b"(a+)(b?)(a*)$",
        b"(.*)(.-)(b*)",
        b"(%w+)%f[%W]",
        b"(a*)%bab",
        b"(a-)%bab",
        b"(.-)(a-)b",
        b"a*$",
        b"(a+)()a",
        b"([^b]-)b",
        b"([^b]*)b?",
        b"(a?)(a?)b%1%2",
    ];
    let mut rng = Rng::with_seed(0x5eed_0004);
    for pattern in patterns {
        for _ in 0..150 {
            let subject: Vec<u8> = (0..rng.usize(..9)).map(|_| b"aaab "[rng.usize(..5)]).collect();
            let theirs =
                oracle.call(&their_find, (oracle.string(&subject), oracle.string(pattern)));
            let case = || format!("{} in {}", pattern.escape_ascii(), subject.escape_ascii());
            compare(find(&subject, pattern, 0), theirs, "find", &case);
        }
    }
}

#[test]
fn every_class_holds_the_bytes_of_the_c_locale() {
    let oracle = Oracle::new();
    let their_gsub = oracle.function("string.gsub");
    let all: Vec<u8> = (0..=255).collect();
    for letter in 0..=255u8 {
        for pattern in [vec![b'%', letter], vec![b'[', b'%', letter, b']']] {
            if letter.is_ascii_digit() || matches!(letter, b'b' | b'f') && pattern.len() == 2 {
                continue;
            }
            let args = (oracle.string(&all), oracle.string(&pattern), "");
            let case = || pattern.escape_ascii().to_string();
            compare(gsub(&all, &pattern, b"", 999), oracle.call(&their_gsub, args), "gsub", &case);
        }
    }
}

/// Stops after a number of steps and remembers what it was charged.
struct Budget {
    steps: u64,
    limit: u64,
}

impl Meter for Budget {
    fn charge(&mut self, steps: u32) -> Result<(), Interrupted> {
        self.steps += u64::from(steps);
        if self.steps > self.limit { Err(Interrupted) } else { Ok(()) }
    }
}

#[test]
fn hostile_patterns_stop_when_the_budget_is_spent() {
    let a = b"a".repeat(100_000);
    let hostile: &[&[u8]] = &[
        &[b".-".repeat(10), b"b".to_vec()].concat(),
        &[b"a*".repeat(10), b"b".to_vec()].concat(),
        &[b"a?".repeat(150), b"b".to_vec()].concat(),
        b"(a*)%1b",
        b"(.*)(.*)%1%2b",
        b"%bab",
        b"[a-c]-b",
        b".-[bc]",
        b"a-$b",
    ];
    for pattern in hostile {
        let compiled = Pattern::new(pattern).expect("memory suffices");
        let mut budget = Budget { steps: 0, limit: 1_000_000 };
        let found = Matcher::new().find(&compiled, &a, 0, &mut budget).map(|found| found.is_some());
        assert_eq!(found, Err(TextError::Interrupted), "{}", pattern.escape_ascii());
        assert!(budget.steps < 1_100_000, "{}: {}", pattern.escape_ascii(), budget.steps);
    }
}

#[test]
fn work_is_charged_in_proportion() {
    let subject = b"x".repeat(1 << 20);
    let cases: [(&[u8], std::ops::Range<u64>); 3] =
        [(b"x*", 1 << 16..1 << 19), (b"y", 1 << 15..1 << 18), (b"[yz]", 1 << 16..1 << 19)];
    for (pattern, expected) in cases {
        let compiled = Pattern::new(pattern).expect("memory suffices");
        let mut budget = Budget { steps: 0, limit: u64::MAX };
        assert!(Matcher::new().find(&compiled, &subject, 0, &mut budget).is_ok());
        assert!(expected.contains(&budget.steps), "{:?}: {}", pattern, budget.steps);
    }
}

#[test]
fn a_search_for_plain_text_is_charged_and_bounded() {
    let subject = b"a".repeat(1 << 20);
    let needle = [b"a".repeat(1 << 10), b"b".to_vec()].concat();
    let mut budget = Budget { steps: 0, limit: u64::MAX };
    assert_eq!(find_plain(&subject, &needle, 3, &mut budget), Ok(None));
    assert!(budget.steps >= 1 << 16);
    assert_eq!(find_plain(b"abc", b"", 3, &mut budget), Ok(Some(3)));
    assert_eq!(find_plain(b"abc", b"", 4, &mut budget), Ok(None));
    let mut spent = Budget { steps: 0, limit: 10 };
    assert_eq!(find_plain(&subject, b"b", 0, &mut spent), Err(TextError::Interrupted));
}

#[test]
fn a_matcher_serves_several_patterns_in_turn() {
    let mut matcher = Matcher::new();
    let pairs = Pattern::new(b"(%w+)=(%w+)()").expect("memory suffices");
    let word = Pattern::new(b"%a+").expect("memory suffices");
    let found = matcher.find(&pairs, b"k=v", 0, &mut Unmetered).expect("valid").expect("matches");
    assert_eq!(
        values(&found, 3).expect("closed"),
        [Plain::bytes(b"k"), Plain::bytes(b"v"), Plain::Integer(4)]
    );
    let found = matcher.find(&word, b"1 two", 0, &mut Unmetered).expect("valid").expect("matches");
    assert_eq!((found.bytes(), found.value_count()), (&b"two"[..], 1));
    assert!(matcher.find(&word, b"two", 9, &mut Unmetered).expect("valid").is_none());
}

#[test]
fn the_cache_tells_texts_and_uses_apart() {
    let mut cache = PatternCache::new();
    let mut matcher = Matcher::new();
    let long = b"a".repeat(4_000);
    let texts: Vec<Vec<u8>> = (0..500u32).map(|n| format!("^{n}$").into_bytes()).collect();
    for text in texts.iter().chain([&long]).chain(&texts) {
        let plain = cache.get(text).expect("memory suffices");
        let for_gmatch = cache.get_for_gmatch(text).expect("memory suffices");
        assert_eq!(plain.is_anchored(), text[0] == b'^');
        assert!(!for_gmatch.is_anchored());
        let subject = text.strip_prefix(b"^").unwrap_or(text);
        let subject = subject.strip_suffix(b"$").unwrap_or(subject);
        let found = matcher.find(&plain, subject, 0, &mut Unmetered).expect("valid");
        assert_eq!(found.map(|found| found.bytes()), Some(subject));
    }
}

#[test]
fn a_compiled_pattern_stays_within_its_promised_memory() {
    for unit in ["[ab]", "a?", "%a", ".", "%f[x]", "%bxy", "[b-d]-", "ab?", "()", "[^x]*[x-z]"] {
        let text = unit.repeat(3_000);
        let pattern = Pattern::new(text.as_bytes()).expect("memory suffices");
        assert!(pattern.heap_bytes() <= 48 * text.len(), "{unit}: {}", pattern.heap_bytes());
    }
    let mut rng = Rng::with_seed(0x5eed_0003);
    for _ in 0..500 {
        let text = random_pattern(&mut rng);
        let pattern = Pattern::new(&text).expect("memory suffices");
        assert!(pattern.heap_bytes() <= 48 * (text.len() + 1), "{}", text.escape_ascii());
    }
}
