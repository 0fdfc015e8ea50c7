-- An echo server and its client, in LuaJIT: LIBRARY and HEADER are the arguments.
local ffi = require("ffi")
ffi.cdef(assert(io.open(arg[2])):read("*a"))
local yolanda = ffi.load(arg[1])

local received, server = "", nil

-- All bytes of a buffer.
local function take(buffer)
    local length = yolanda.yolanda_buffer_length(buffer)
    local data = ffi.string(yolanda.yolanda_buffer_data(buffer), length)
    assert(yolanda.yolanda_buffer_consume(buffer, length) == 0)
    return data
end

local echo = ffi.cast("message_call_back", function(buffer, connection)
    assert(yolanda.yolanda_connection_server(connection) == server)
    local data = take(buffer)
    return yolanda.yolanda_connection_send(connection, data, #data)
end)

local greet = ffi.cast("connection_completed_call_back", function(connection)
    return yolanda.yolanda_connection_send(connection, "hello", 5)
end)

local answer = ffi.cast("message_call_back", function(buffer, connection)
    received = received .. take(buffer)
    if #received == 5 then
        yolanda.yolanda_loop_quit(yolanda.yolanda_connection_loop(connection))
    end
    return 0
end)

-- A call that leads to a callback must not be compiled.
local function run(loop)
    assert(yolanda.event_loop_run(loop) == 0)
end
jit.off(run)

yolanda.yolanda_log_set_level(yolanda.LOG_ERR_TYPE)
local loop = yolanda.yolanda_loop_new("lua", nil)
server = yolanda.yolanda_server_new(loop, "127.0.0.1:0", nil, echo, nil, nil, 0)
assert(yolanda.yolanda_server_start(server) == 0)
local address = "127.0.0.1:" .. yolanda.yolanda_server_port(server)
local client = yolanda.yolanda_client_new(loop, address, greet, answer, nil, nil)
assert(yolanda.yolanda_client_start(client) == 0)
run(loop)

local stats = ffi.new("struct yolanda_loop_stats")
assert(yolanda.yolanda_loop_get_stats(loop, stats, ffi.sizeof(stats)) == 0)
assert(stats.bytes_read == 10)
assert(yolanda.yolanda_loop_free(loop) == 0)
print(received)
