//! The mathematical library beside PUC-Rio's.

mod support;

use support::{compare, compare_all};

#[test]
fn functions_of_many_numbers() {
    compare(
        "local numbers = {0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 7, -7, 1e15, 1e300, -1e300,
           1/0, -1/0, 0/0, math.maxinteger, math.mininteger, 2^53, -2^63, 2^63, '10', '0x10',
           '1.5', 'x', {}, true}
         local names = {'abs', 'acos', 'asin', 'atan', 'ceil', 'cos', 'deg', 'exp', 'floor',
           'log', 'modf', 'rad', 'sin', 'sqrt', 'tan', 'tointeger', 'type'}
         for _, name in ipairs(names) do
           for _, x in ipairs(numbers) do
             print(name, x, pcall(math[name], x))
           end
           print(name, pcall(math[name]))
         end
         for _, name in ipairs {'atan', 'fmod', 'log', 'max', 'min', 'ult'} do
           for _, x in ipairs(numbers) do
             for _, y in ipairs(numbers) do print(name, x, y, pcall(math[name], x, y)) end
           end
         end",
    );
}

#[test]
fn errors_and_edges() {
    compare_all(&[
        "math.max()",
        "math.min()",
        "math.max(1, 2.5, 2)",
        "math.max(2, 2.0)",
        "math.min(2.0, 2)",
        "math.max(1, 'x')",
        "math.max('10', 9)",
        "math.fmod(1)",
        "math.fmod(1, 0)",
        "math.fmod(1, 0.0)",
        "math.fmod(math.mininteger, -1)",
        "math.floor({})",
        "math.floor('3.7')",
        "math.ult(1.5, 2)",
        "math.ult(1)",
        "math.type()",
        "math.tointeger()",
        "math.tointeger('8')",
        "math.tointeger('x')",
        "math.tointeger({})",
        "math.tointeger(3.0)",
        "math.pi, math.huge, math.maxinteger, math.mininteger",
        "math.log(8, 2), math.log(1000, 10), math.log(27, 3), math.log(2, 0)",
        "math.abs('x')",
    ]);
}

#[test]
fn random_numbers() {
    compare_all(&[
        "math.random(0, 1, 2)",
        "math.random(-1)",
        "math.random(2, 1)",
        "math.random('x')",
        "math.random(1.5)",
        "math.random(1, 2.5)",
        "math.randomseed('x')",
        "math.randomseed(1.5)",
        "math.randomseed(1e300)",
        "math.randomseed(1, 'x')",
        "math.randomseed({})",
        "select('#', math.randomseed())",
    ]);
    compare(
        "for _, seed in ipairs {0, 1, 42, -1, 2^53, -0.0, '7', 3.0} do
           print(math.randomseed(seed))
           for i = 1, 20 do
             print(math.random(), math.random(0), math.random(6), math.random(-10, 10))
             print(math.random(math.mininteger, math.maxinteger), math.random(1, 2^40))
             print(math.random(3, 3), math.random(0, math.maxinteger))
           end
           print(pcall(math.random, 2, 1), pcall(math.random, 'x'), pcall(math.random, 1, 2, 3))
           print(math.random(0))
           print(math.randomseed(seed, 99))
           print(math.random(), math.random(100))
         end",
    );
}
