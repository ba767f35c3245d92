-- Sends the bodies of a file, one per line, in a random sequence of its own in each thread.
local path = os.getenv("LOAD_BODIES")
local bodies = {}
for line in io.lines(path) do bodies[#bodies + 1] = line end

wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.headers["Authorization"] = "Bearer " .. os.getenv("LOAD_TOKEN")

request = function()
  return wrk.format(nil, nil, nil, bodies[math.random(#bodies)])
end

done = function(summary, latency, requests)
  local errors = summary.errors.status + summary.errors.read + summary.errors.timeout
  io.write(string.format("RESULT %d %d %d %d %d\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), errors))
end
