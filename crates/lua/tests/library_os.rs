//! The os library's time and locale against PUC-Rio's, and with a clock that the host gives.

mod support;

use std::rc::Rc;

use lua::text::date::Zone;
use lua::{Libraries, Vm, WallClock};
use support::{compare, compare_all};

#[test]
fn dates_in_universal_time() {
    compare_all(&[
        "os.date('!%c', 0), os.date('!%x %X %p %A %B', 86399), os.date('!%Y-%m-%d', 951782400)",
        "os.date('!%a %b %C %d %D %e %F %g %G %h %H %I %j %m %M %n %r %R', 1234567890)",
        "os.date('!%S %t %T %u %U %V %w %W %y %z %Z %%', 1234567890)",
        "os.date('!%Ec %EC %Ex %EX %Ey %EY %Od %OH', 1e9 // 1 | 0)",
        "os.date('!', 0), os.date('!%Y\\0%d', 0), os.date('!plain', 5)",
        "os.date('!%Ez', 0)",
        "os.date('!%', 0)",
        "os.date('!%Q', 0)",
        "os.date({})",
        "os.date('!*t', 1 << 60)",
        "os.date('*t', 1e300)",
        "os.date('!%c', 1.5)",
        "os.date('!%Y', -1e11 // 1 | 0)",
    ]);
    compare(
        r#"
        for _, stamp in ipairs { 0, -1, 951782400, 1234567890, -86400 * 365, 4102444799 } do
            local fields = {}
            for name, value in pairs(os.date("!*t", stamp)) do
                fields[#fields + 1] = name .. "=" .. tostring(value)
            end
            table.sort(fields)
            print(table.concat(fields, " "))
        end
    "#,
    );
}

#[test]
fn times_of_tables() {
    compare_all(&[
        "os.time {year = 2000, month = 2, day = 30, hour = 25, min = -1, sec = 61}",
        "os.time {year = '2000', month = ' 2 ', day = 3.0}",
        "os.time {year = 2000}",
        "os.time {year = 2000, month = 'x', day = 1}",
        "os.time {year = 2000, month = 1.5, day = 1}",
        "os.time {year = 1 << 40, month = 1, day = 1}",
        "os.time('x')",
        "os.time {year = (1 << 31) + 1899, month = 12, day = 31, hour = 1e9 // 1 | 0}",
        "os.time(setmetatable({}, {__index = function(t, k) return 7 end}))",
        "os.time(setmetatable({}, {__index = function(t, k) error('no ' .. k, 0) end}))",
    ]);
    compare(
        r#"
        local t = {year = 2000, month = 14, day = -3, isdst = false}
        print(os.time(t), t.year, t.month, t.day, t.hour, t.min, t.sec, t.wday, t.yday, t.isdst)
    "#,
    );
}

#[test]
fn clocks_and_locale() {
    compare_all(&[
        "math.type(os.time()), math.type(os.clock()), type(os.date())",
        "math.abs(os.time() - os.time(os.date('*t'))) <= 1",
        "os.date(nil, 0) == os.date('%c', 0)",
        "os.difftime(3, '1'), os.difftime(math.maxinteger, math.mininteger)",
        "os.difftime(3, 1.5)",
        "os.difftime(1)",
        "os.setlocale('C'), os.setlocale('xx'), os.setlocale('POSIX'), os.setlocale('C', 'numeric')",
        "os.setlocale('C', 'foo')",
        "os.setlocale({})",
    ]);
}

/// Central Europe without its history: summer time from April to September.
struct Fixed;

impl WallClock for Fixed {
    fn now(&self) -> f64 {
        951_782_400.75
    }

    fn zone_at(&self, timestamp: i64) -> Zone {
        let month = lua::text::date::DateTime::at(timestamp, Zone::utc()).map_or(1, |d| d.month);
        let is_dst = (4..10).contains(&month);
        let name = if is_dst { "CEST" } else { "CET" };
        Zone { offset_seconds: if is_dst { 7200 } else { 3600 }, is_dst, name: name.to_owned() }
    }

    fn processor_seconds(&self) -> f64 {
        2.5
    }
}

#[test]
fn the_host_gives_clock_and_zone() {
    let mut vm = Vm::new();
    vm.open_libraries().unwrap();
    vm.set_wall_clock(Rc::new(Fixed));
    let source = br#"
        local summer = {year = 2000, month = 7, day = 1, hour = 12}
        local stamp = os.time(summer)
        return os.time() .. " " .. os.clock() .. " " .. os.date("%F %T %Z %z") .. " " ..
            os.date("%H %Z", stamp) .. " " .. tostring(summer.isdst) .. " " ..
            os.date("!%H", stamp) .. " " .. os.time {year = 2000, month = 1, day = 1, hour = 0}
    "#;
    let text = vm.eval(source, "=test").unwrap()[0];
    let expected = "951782400 2.5 2000-02-29 01:00:00 CET +0100 12 CEST true 10 946681200";
    assert_eq!(vm.bytes(text), Some(expected.as_bytes()));
}
