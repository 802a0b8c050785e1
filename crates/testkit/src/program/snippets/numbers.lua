-- Pieces about numbers and the math library.
---
P(@i + @i, @i - @i, @i * @i, -@k, @i & @i, @i | @i, @i ~ @i, ~@k)
P(@i << @d, @i >> @d, 1 << 63, 1 << 64, -1 >> 1, -1 >> 63, 1 << -1, 2^63 == math.maxinteger + 1.0)
---
P(pcall(function() return (@i) // (@i) end))
P(pcall(function() return (@i) % (@i) end))
P(pcall(function() return S((@n) // (@n)), S((@n) % (@n)) end))
P(pcall(function() return S((@n) @o (@n)) end))
P(pcall(function() return (@n) @q (@n) end))
---
P(7 // 2, -7 // 2, 7 // -2, 7 % 3, -7 % 3, 7 % -3, -7 % -3, 7.5 // 2, -7.5 // 2, 7.5 % 2, -7.5 % 2, 7.5 % -2)
P(5 % math.huge, -5 % math.huge, 5 % -math.huge, math.mininteger // -1, math.mininteger % -1, 1e308 * 10, -1e308 * 10)
P(1 / 0, -1 / 0, S(0 / 0), 0.0 / -1, 3 / 2, 4 / 2, 1e15 + 0.5, 2^53 + 1)
---
P(math.floor(@n) == math.floor(@n), pcall(math.floor, N(@n)), pcall(math.ceil, N(@n)), math.floor(-3.5), math.ceil(-3.5), math.floor(@i))
P(math.fmod(7, 3), math.fmod(-7, 3), math.fmod(7, -3), pcall(math.fmod, 1, 0), S(math.fmod(1, 0.0)), math.fmod(-6.5, 2), math.fmod(@i, 7))
P(math.modf(3.7), math.modf(-3.7), math.modf(5), math.modf(math.huge), math.modf(-math.huge))
---
P(math.tointeger(3.0), math.tointeger(3.5), math.tointeger("8"), math.tointeger(2^63), math.tointeger(@i), math.tointeger({}))
P(math.type(1), math.type(1.0), math.type("1"), math.type(@n), pcall(math.type), math.ult(1, -1), math.ult(@i, @i))
---
P(math.max(1, 2.5), math.max(@i, @i), math.min(3, -1.0), math.min(@i), pcall(math.max), math.abs(math.mininteger), math.abs(-0.0), math.abs(@i))
---
P(string.format("%.9g %.9g %.9g", math.sin(@k), math.cos(@k), math.tan(@k)), string.format("%.9g %.9g", math.exp(@k), math.log(@k + 1)))
P(string.format("%.9g %.9g %.9g", math.asin(0.5), math.acos(0.5), math.atan(@k)), string.format("%.9g %.9g", math.atan(@k, -2), math.atan(-0.0, -1)))
P(string.format("%.9g %.9g %.9g", math.log(8, 2), math.log(1000, 10), math.log(@k + 2, 3)), math.sqrt(16), math.sqrt(2) == 2 ^ 0.5, math.log(0), S(math.log(-1)))
P(string.format("%.9g", math.deg(math.pi)), string.format("%.9g", math.rad(180)), math.pi)
---
math.randomseed(@k)
P(math.random(1, 100), math.random(10), math.random(0), math.random())
P(math.random(math.mininteger, math.maxinteger), math.random(-3, 3), math.random(@k + 1), math.random(5, 5))
P(pcall(math.random, 0, -1), pcall(math.random, 1, 2, 3), pcall(math.random, 1.5))
---
math.randomseed(@i, @k)
local sum = 0
for i = 1, 50 do sum = sum + math.random(6) end
P(sum, math.random(1 << 40))
math.randomseed(N(@n))
P(math.random(1000))
---
P(1 == 1.0, math.maxinteger == math.maxinteger + 0.0, 2^53 == 2^53 + 1, (1 << 53) + 1 == 2^53 + 1, math.mininteger == -2^63)
P(1 < 1.5, math.maxinteger < math.huge, math.mininteger <= -2^63, math.maxinteger + 1.0 > math.maxinteger, (1 << 53) + 1 > 2^53)
P(@i < @n, @n <= @i, @i == @n, 0/0 == 0/0, 0/0 < 1, 1 < 0/0, math.maxinteger + 1 == math.mininteger)
---
P(10 // 0.0, -10 // 0.0, S(0 // 0.0), S(10 % 0.0), 2^0.5 == math.sqrt(2), (-2)^2, -2^2, (-8)^(1/3) ~= (-8)^(1/3), 0^0, 10^2)
---
P("10" + 5, "0x10" * 2, "1e1" + 0, " 7 " - 2, "3" // 2, "7" % "4", "2" ^ "3", -"5", 10 .. 20, "5" * "2.0")
P(pcall(function() return "abc" + 1 end), pcall(function() return {} + 1 end), pcall(function() return "10" & 3 end), pcall(function() return "1.5" | 1 end))
P(math.type("10" + 5), math.type("10.0" + 5), math.type("10" / 2), "10" + 0 == 10, "0x7fffffffffffffff" + 1)
---
P(1e15, 1e16, 123456789012345, 1234567890123456, 0.1 + 0.2, 1e-7, 100 / 3, 2^63, -2^63, 1e300 * 1e10, 5e-324, 2^-1074)
P(3.0, -0.0, 1e100, 12345678901234567890, 0x1p-2, 0xffp0, 255 // 1.0, 1e2 // 1 | 0)
---
P(math.maxinteger + 1 == math.mininteger, math.maxinteger * 2, math.mininteger - 1, -math.mininteger, math.maxinteger * math.maxinteger)
P(math.maxinteger // -1, math.mininteger // -1, math.mininteger % -1, math.maxinteger + 0.0, math.mininteger + 0.0)
---
for _, v in ipairs {1, 1.5, -1, 0, 2^31, 2^53, 1e300} do P(v // 1, v % 1, v | 0 == v or v, math.floor(v), math.ceil(v)) end
---
for _, v in ipairs {1, 1.0, 2^31, -2^31, 2^53} do P(v | 0, v & 0xff, v ~ 1, v << 2, v >> 2, ~v) end
---
local function gcd(a, b) while b ~= 0 do a, b = b, a % b end return a end
P(gcd(48, 36), gcd(@k + 1, 12), gcd(1 << 40, 1 << 20))
local function isprime(n) for i = 2, n // 2 do if n % i == 0 then return false end end return n > 1 end
local primes = {}
for i = 1, 30 do if isprime(i) then primes[#primes + 1] = i end end
P(primes)
---
local h = 5381
for i = 1, 40 do h = (h << 5) + h + i * @d end
P(h, h & 0xffffffff, string.format("%x", h))
