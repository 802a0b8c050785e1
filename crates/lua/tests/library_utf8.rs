//! The utf8 library against PUC-Rio's: results and errors.

mod support;

use support::{compare, compare_all};

#[test]
fn encoding() {
    compare_all(&[
        "utf8.char(), utf8.char(72, 228, 8364, 0x10FFFF, 0x7FFFFFFF), utf8.char('65')",
        "utf8.char(-1)",
        "utf8.char(65, 0x80000000)",
        "utf8.char(72, 'x')",
        "utf8.char(1.5)",
        "utf8.charpattern",
    ]);
}

#[test]
fn decoding() {
    compare_all(&[
        "utf8.codepoint('häß', 1, -1), utf8.codepoint('abc'), utf8.codepoint('abc', -1)",
        "utf8.codepoint('abc', 4)",
        "utf8.codepoint('abc', 4, 3)",
        "utf8.codepoint('abc', 0)",
        "utf8.codepoint('abc', 1, 10)",
        "utf8.codepoint('\\xff')",
        "utf8.codepoint('\\u{D7FF}\\xed\\xa0\\x80', 1, -1)",
        "utf8.codepoint('\\xed\\xa0\\x80', 1, 1, true), utf8.codepoint('\\u{7FFFFFFF}', 1, 1, true)",
        "utf8.codepoint(('x'):rep(1100000), 1, -1)",
        "utf8.codepoint({})",
        "utf8.len(''), utf8.len('häß'), utf8.len('abc', 2), utf8.len('abc', -2, -1)",
        "utf8.len('ab\\xff'), utf8.len('\\u{7FFFFFFF}'), utf8.len('\\u{7FFFFFFF}', 1, -1, true)",
        "utf8.len('abc', 5)",
        "utf8.len('abc', 1, 4)",
        "utf8.len('abc', 4), utf8.len('abc', 2, 1)",
        "utf8.len()",
        "utf8.offset('häß', 3), utf8.offset('häß', -1), utf8.offset('häß', 0, 3)",
        "utf8.offset('abc', 5), utf8.offset('abc', 4), utf8.offset('', 1), utf8.offset('', 0)",
        "utf8.offset('\\x80a', 1)",
        "utf8.offset('abc', 1, 5)",
        "utf8.offset('abc', 1, -4)",
        "utf8.offset('abc')",
    ]);
}

#[test]
fn iteration() {
    compare(
        r#"
        for p, c in utf8.codes("häß€") do print(p, c) end
        for p, c in utf8.codes("\u{7FFFFFFF}a", true) do print(p, c) end
        print(pcall(function() for p, c in utf8.codes("ab\xff") do print(p, c) end end))
        print(pcall(function() for p, c in utf8.codes("a\u{7FFFFFFF}") do print(p, c) end end))
        print(pcall(function() for p, c in utf8.codes("a\xe4") do print(p, c) end end))
        print(pcall(function() for p, c in utf8.codes("\u{e4}\x80") do print(p, c) end end))
        print(pcall(utf8.codes, "\x80"), pcall(utf8.codes))
        local step, text, start = utf8.codes("ab")
        print(type(step), text, start)
        print(step("ab", 0))
        print(step("ab", 1))
        print(step("ab", 2))
        print(step("ab", -1))
        print(step("ab", "1"))
        print(pcall(step))
        print(step == utf8.codes("x"), step == utf8.codes("x", true))
    "#,
    );
}

#[test]
fn every_sequence_of_edge_values() {
    compare(
        r#"
        local out = {}
        for shift = 0, 31 do
            for delta = -1, 1 do
                local code = (1 << shift) + delta
                if code <= 0x7FFFFFFF then
                    local text = utf8.char(code)
                    local strict = pcall(utf8.codepoint, text)
                    out[#out + 1] = #text .. ":" .. utf8.codepoint(text, 1, 1, true)
                        .. tostring(strict) .. tostring(utf8.len(text))
                end
            end
        end
        print(table.concat(out, " "))
    "#,
    );
}
