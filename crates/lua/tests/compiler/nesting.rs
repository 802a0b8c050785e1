//! Deeply nested programs: refused at Lua's own limit, within a small native stack.

use super::oracle::puc_compile;
use lua::compiler::{NESTING_MAX, compile, compile_within};
use mlua::Lua;

/// Shapes that nest: what opens a level, the middle, what closes a level.
const SHAPES: [(&str, &str, &str, &str); 17] = [
    ("x = ", "(", "1", ")"),
    ("x = ", "{", "", "}"),
    ("x = ", "- ", "1", ""),
    ("x = ", "not ", "1", ""),
    ("x = ", "1 .. ", "1", ""),
    ("x = ", "2 ^ ", "1", ""),
    ("x = ", "f(", "1", ")"),
    ("x = ", "a[", "1", "]"),
    ("x = ", "function() return ", "1", " end"),
    ("", "do ", "", " end"),
    ("", "while x do ", "", " end"),
    ("", "if x then ", "", " end"),
    ("", "repeat ", "", " until x"),
    ("", "for i = 1, 2 do ", "", " end"),
    ("", "local function f() ", "", " end"),
    ("", "a,", "a", ""),
    ("", "::a", "::;", ""),
];

fn nested(shape: (&str, &str, &str, &str), depth: usize) -> String {
    let (start, open, middle, close) = shape;
    if open == "::a" {
        let labels: String = (0..depth).map(|index| format!("::a{index}::")).collect();
        return labels;
    }
    let end = if open == "a," { " = 1" } else { "" };
    format!("{start}{}{middle}{}{end}", open.repeat(depth), close.repeat(depth))
}

/// The deepest nesting of a shape that a compiler accepts, at most 260.
fn deepest(accepts: impl Fn(&str) -> bool, shape: (&str, &str, &str, &str)) -> usize {
    (1..260).take_while(|depth| accepts(&nested(shape, *depth))).count()
}

#[test]
fn limits_equal_those_of_load() {
    let lua = Lua::new();
    // What `load` stands in already when a host calls it: the levels that PUC-Rio counts.
    let taken = 1;
    for shape in SHAPES {
        let theirs = deepest(|source| puc_compile(&lua, source.as_bytes(), "=n").is_ok(), shape);
        let ours = deepest(
            |source| {
                compile_within(source.as_bytes(), b"=n", taken, usize::MAX, &mut |_| true).is_ok()
            },
            shape,
        );
        assert_eq!(ours, theirs, "{shape:?}");
    }
}

#[test]
fn too_deep_is_an_error() {
    let lua = Lua::new();
    for shape in SHAPES {
        for depth in [250, 5000] {
            let source = nested(shape, depth);
            let theirs = puc_compile(&lua, source.as_bytes(), "=n").unwrap_err();
            let ours = compile(source.as_bytes(), b"=n").unwrap_err();
            let theirs = String::from_utf8_lossy(&theirs).into_owned();
            assert_eq!(ours.to_string(), theirs, "{shape:?}");
        }
    }
    assert!(compile_within(b"x = 1", b"=n", NESTING_MAX, usize::MAX, &mut |_| true).is_err());
}

/// A stack of 256 KB holds the deepest program, also without optimisation.
#[test]
fn the_native_stack_stays_small() {
    let compile_all = || {
        for shape in SHAPES {
            let deepest = deepest(|source| compile(source.as_bytes(), b"=n").is_ok(), shape);
            assert!(deepest >= 45, "{shape:?}: {deepest}");
        }
    };
    let thread = std::thread::Builder::new().stack_size(256 * 1024).spawn(compile_all);
    assert!(thread.unwrap().join().is_ok());
}
