-- Every operator with registers, constants, immediates, both ways round, and folding.
local a, b, c, t = 1, 2.5, "x", {}
local r
r = a + b; r = a + 1; r = 1 + a; r = a + 127; r = a + 128; r = a + 129; r = a + -127; r = a + -128
r = a + 1.5; r = 1.5 + a; r = a - 1; r = a - 127; r = a - 128; r = a - -127; r = a - -128; r = 1 - a
r = a - 1.0; r = a - b; r = a * 2; r = 2 * a; r = a * b; r = a / 2; r = 2 / a; r = a / b
r = a % 3; r = 3 % a; r = a % b; r = a ^ 2; r = 2 ^ a; r = a ^ b; r = a // 2; r = 2 // a; r = a // b
r = a & 7; r = 7 & a; r = a & 7.0; r = 7.0 & a; r = a | 7; r = 7 | a; r = a ~ 7; r = 7 ~ a
r = a & b; r = a | b; r = a ~ b; r = a << b; r = a >> b
r = a << 1; r = a << 127; r = a << 128; r = a << -127; r = a << -128; r = 1 << a; r = 128 << a
r = a >> 1; r = a >> 127; r = a >> 128; r = 1 >> a; r = 1.0 << a; r = 1.0 >> a; r = a >> 1.0
r = -a; r = ~a; r = not a; r = #a; r = - - a; r = not not a; r = -"2"; r = #"abc"; r = ~"1"
r = 1 + 2; r = 1 - 2; r = 3 * 4; r = 7 // 2; r = 7 % 3; r = 2 ^ 10; r = 1 / 4; r = -7 // 2; r = -7 % 3
r = 7 // -2; r = 7 % -3; r = 7.5 // 2; r = 7.5 % 2; r = -7.5 % 2; r = 7.5 % -2; r = 1 // 0; r = 1 % 0
r = 1 / 0; r = 0 / 1; r = 1.0 - 1.0; r = 0 * -1.0; r = 5 & 3; r = 5 | 3; r = 5 ~ 3; r = 5.0 & 3
r = 5.5 & 3; r = 1 << 63; r = 1 << 64; r = 1 << -1; r = -1 >> 1; r = -1 >> 63; r = -1 >> -1; r = ~0
r = ~5.0; r = ~5.5; r = -0.0; r = -0; r = - -9223372036854775807 - 1; r = 0x7fffffffffffffff + 1
r = 2 ^ 0.5; r = (-8) ^ (1 / 3); r = 1e308 * 10; r = -(1e308 * 10); r = 3 | 4.0 | 5
r = 1 + 2 + a; r = a + 1 + 2; r = (1 + 2) * (3 + a); r = 2 ^ 3 ^ 2; r = -2 ^ 2; r = not nil == true
r = "a" .. "b"; r = a .. b; r = a .. b .. c; r = a .. 1 .. 2.5 .. c; r = (a .. b) .. c
r = a .. (b .. c) .. a; r = a + b .. c * a; r = 1 .. 2; r = a .. t.x .. t[a] .. t.f(1, 2)
r = a == b; r = a ~= b; r = a == 1; r = 1 == a; r = a == 1.0; r = a == 128; r = a == -127; r = a == -128
r = a == 1.5; r = 1.5 == a; r = a == "x"; r = "x" == a; r = a == nil; r = nil == a; r = a == true
r = false == a; r = a ~= nil; r = 1 == 1; r = "x" == "y"; r = nil == nil; r = 1 == 2.0; r = a == 1e300
r = a < b; r = a <= b; r = a > b; r = a >= b; r = a < 1; r = 1 < a; r = a > 1; r = 1 > a; r = a <= 1
r = 1 <= a; r = a >= 1; r = 1 >= a; r = a < 1.0; r = 1.0 < a; r = a < 128; r = 128 < a; r = a < 1.5
r = a < "x"; r = "x" < a; r = 1 < 2; r = 1.5 < 2; r = 300 < a; r = a < -127; r = a < -128; r = a > -128
r = a and b; r = a or b; r = a and b and c; r = a or b or c; r = a and b or c; r = a or b and c
r = nil and a; r = false and a; r = 1 and a; r = nil or a; r = false or a; r = 1 or a; r = "x" or a
r = a and nil; r = a and 1; r = a or 1; r = true and a; r = a and true; r = not (a and b)
r = not (a or b); r = not a and b; r = not a or not b; r = (a and b) == (a or b); r = a == b and b == c
r = a == b or b == c; r = a < b and a or b; r = (a < b) and (b < a) or (a == b); r = not (a < b)
r = not (a == b and b < c); r = (a and b) + 1; r = 1 + (a or b); r = -(a and b); r = #(a or t)
r = a and b .. c; r = (a and 1 or 2) .. "z"; r = t[a and b]; r = t[a < b]; r = t[not a]; r = (a and b)[1]
r = t[a == b or c]; t[a < b] = a < b; t[a and b] = a and b; t.x = a or b; t[1] = not a; g = a == b
u = t[g < h]; w = g[u < v]; g[u < v] = 1; g[u and v] = w or u
r = a < 300.0; r = 300.0 < a; r = a == 300.0; r = 300.0 ~= a; r = a <= 300.5; r = 300.0 > 5
return a < b, a == b, not a, a and b, (a or b)
