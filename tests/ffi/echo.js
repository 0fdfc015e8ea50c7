// An echo server and its client, in Node by koffi: LIBRARY and HEADER are the arguments. With "names" as the third one
// it only says what it has found in the header.
const fs = require("fs");
const koffi = require("koffi");
const { declare } = require("./koffi.js");

const library = koffi.load(process.argv[2]);
const yolanda = declare(koffi, library, fs.readFileSync(process.argv[3], "utf8"));
if (process.argv[4] === "names") {
    console.log(JSON.stringify(Object.keys(yolanda)));
    process.exit(0);
}

let received = "";

// By its prototype it returns a string, which would end at the first NUL.
const bytesOf = library.func("void *yolanda_buffer_data(buffer *buffer)");

// All bytes of a buffer.
function take(buffer) {
    const length = Number(yolanda.yolanda_buffer_length(buffer));
    const data = koffi.decode(bytesOf(buffer), koffi.array("uint8_t", length));
    check(yolanda.yolanda_buffer_consume(buffer, length) === 0);
    return Buffer.from(data);
}

function check(holds) {
    if (!holds) {
        console.error(new Error("failed").stack);
        process.exit(1);
    }
}

const echo = koffi.register((buffer, connection) => {
    const data = take(buffer);
    return yolanda.yolanda_connection_send(connection, data, data.length);
}, "message_call_back");
const greet = koffi.register((connection) => {
    return yolanda.yolanda_connection_send(connection, Buffer.from("hello"), 5);
}, "connection_completed_call_back");
const answer = koffi.register((buffer, connection) => {
    received += take(buffer).toString();
    if (received.length === 5) {
        yolanda.yolanda_loop_quit(yolanda.yolanda_connection_loop(connection));
    }
    return 0;
}, "message_call_back");

yolanda.yolanda_log_set_level(yolanda.LOG_ERR_TYPE);
const loop = yolanda.yolanda_loop_new("koffi", null);
const server = yolanda.yolanda_server_new(loop, "127.0.0.1:0", null, echo, null, null, 0);
check(yolanda.yolanda_server_start(server) === 0);
const address = `127.0.0.1:${yolanda.yolanda_server_port(server)}`;
const client = yolanda.yolanda_client_new(loop, address, greet, answer, null, null);
check(yolanda.yolanda_client_start(client) === 0);
check(yolanda.event_loop_run(loop) === 0);
check(yolanda.yolanda_loop_free(loop) === 0);
console.log(received);
