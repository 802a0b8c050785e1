-- Five bodies under gravity: float fields of small records.
local SIZE = 90000
local DT = 0.01

local function body(x, y, z, vx, vy, vz, mass)
  return { x = x, y = y, z = z, vx = vx, vy = vy, vz = vz, mass = mass }
end

local bodies = {
  body(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 40.0),
  body(5.0, -1.1, -0.1, 0.6, 2.8, -0.02, 0.04),
  body(8.3, 4.1, -0.4, -1.0, 1.8, 0.01, 0.01),
  body(12.9, -15.1, -0.2, 1.1, 0.9, -0.01, 0.002),
  body(15.4, -25.9, 0.2, 0.98, 0.6, -0.03, 0.002),
}

local function advance(dt)
  local count = #bodies
  for i = 1, count do
    local a = bodies[i]
    local ax, ay, az, amass = a.x, a.y, a.z, a.mass
    local vx, vy, vz = a.vx, a.vy, a.vz
    for j = i + 1, count do
      local b = bodies[j]
      local dx, dy, dz = ax - b.x, ay - b.y, az - b.z
      local square = dx * dx + dy * dy + dz * dz
      local pull = dt / (square * square ^ 0.5)
      local mass = b.mass * pull
      vx, vy, vz = vx - dx * mass, vy - dy * mass, vz - dz * mass
      mass = amass * pull
      b.vx, b.vy, b.vz = b.vx + dx * mass, b.vy + dy * mass, b.vz + dz * mass
    end
    a.vx, a.vy, a.vz = vx, vy, vz
    a.x, a.y, a.z = ax + dt * vx, ay + dt * vy, az + dt * vz
  end
end

for _ = 1, SIZE do advance(DT) end
local sum = 0.0
for _, b in ipairs(bodies) do sum = sum + b.x * b.mass + b.y * b.vx + b.z end

return string.format("%.6f", sum)
