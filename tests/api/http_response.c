/* Contract section 2, "http": the response object and its bytes. */
#include "aid.h"

#include "lib/http_server.h"

#include <regex.h>

static const char *bytes_of(struct http_response *response)
{
    struct buffer *buffer = buffer_new();
    NEED(buffer != NULL);
    http_response_encode_buffer(response, buffer);
    CHECK_INT(buffer->data[buffer->writeIndex], '\0');
    CHECK_INT(strlen(buffer->data + buffer->readIndex), buffer_readable_size(buffer));
    return buffer->data + buffer->readIndex;
}

static void check_bytes(struct http_response *response, const char *pattern)
{
    regex_t regex;
    const char *text = bytes_of(response);
    NEED(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB) == 0);
    if (regexec(&regex, text, 0, NULL, 0) != 0) {
        CHECK_TEXT(text, pattern);
    }
    regfree(&regex);
}

#define STAYS "Connection: [Kk]eep-[Aa]live\r\n"
#define CLOSES "Connection: close\r\n"

CASE(new_response)
{
    struct http_response *response = http_response_new();
    NEED(response != NULL);
    CHECK_INT(response->statusCode, Unknown);
    CHECK(response->statusMessage == NULL);
    CHECK(response->contentType == NULL); /* D17: it was never initialised */
    CHECK(response->body == NULL);
    CHECK(response->response_headers != NULL);
    CHECK_INT(response->response_headers_number, 0);
    CHECK_INT(response->keep_connected, 0);
}

/* Status line, Content-Type if set, Content-Length, Connection, the extra headers, blank line, body. */
CASE(exact_bytes)
{
    struct http_response *response = http_response_new();
    response->statusCode = OK;
    response->statusMessage = "OK";
    response->contentType = "text/plain";
    response->body = "hello";
    check_bytes(response, "^HTTP/1\\.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n" STAYS "\r\nhello$");
    response->response_headers[0].key = "X-One";
    response->response_headers[0].value = "first";
    response->response_headers[1].key = "X-Two";
    response->response_headers[1].value = "";
    response->response_headers_number = 2;
    check_bytes(response, "^HTTP/1\\.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n" STAYS
                          "X-One: first\r\nX-Two: ?\r\n\r\nhello$");
}

/* keep_connected: 1 means close after this response. */
CASE(keep_connected_closes)
{
    struct http_response *response = http_response_new();
    response->statusCode = NotFound;
    response->statusMessage = "Not Found";
    response->keep_connected = 1;
    response->body = "gone";
    check_bytes(response, "^HTTP/1\\.1 404 Not Found\r\nContent-Length: 4\r\n" CLOSES "\r\ngone$");
}

/* NULL fields are left out; a NULL body is length 0. */
CASE(null_fields)
{
    struct http_response *response = http_response_new();
    response->statusCode = OK;
    check_bytes(response, "^HTTP/1\\.1 200 ?\r\nContent-Length: 0\r\n" STAYS "\r\n$");
    response->statusMessage = "OK";
    response->body = "";
    check_bytes(response, "^HTTP/1\\.1 200 OK\r\nContent-Length: 0\r\n" STAYS "\r\n$");
}

/* An entry that the program left out doesn't hurt. */
CASE(null_headers)
{
    struct http_response *response = http_response_new();
    response->statusCode = OK;
    response->statusMessage = "OK";
    response->response_headers[0].key = "A";
    response->response_headers[0].value = "1";
    response->response_headers[1].key = NULL;
    response->response_headers[1].value = "2";
    response->response_headers[2].key = "C";
    response->response_headers[2].value = "3";
    response->response_headers_number = 3;
    check_bytes(response, "^HTTP/1\\.1 200 OK\r\nContent-Length: 0\r\n" STAYS "A: 1\r\nC: 3\r\n\r\n$");
    response->response_headers_number = -1;
    check_bytes(response, "^HTTP/1\\.1 200 OK\r\nContent-Length: 0\r\n" STAYS "\r\n$");
    response->response_headers = NULL;
    response->response_headers_number = 3;
    check_bytes(response, "^HTTP/1\\.1 200 OK\r\nContent-Length: 0\r\n" STAYS "\r\n$");
}

/* Any number is a status. */
CASE(other_status_numbers)
{
    int numbers[] = { 201, 301, 400, 418, 503 };
    for (int i = 0; i < 5; i++) {
        struct http_response *response = http_response_new();
        char pattern[200];
        response->statusCode = numbers[i];
        response->statusMessage = "Words of mine";
        snprintf(pattern, sizeof pattern, "^HTTP/1\\.1 %d Words of mine\r\n", numbers[i]);
        check_bytes(response, pattern);
    }
}

/* http_response_new has room for 128 header entries. */
CASE(room_for_128_headers)
{
    struct http_response *response = http_response_new();
    static char keys[128][16];
    char want[64];
    response->statusCode = OK;
    response->statusMessage = "OK";
    for (int i = 0; i < 128; i++) {
        snprintf(keys[i], sizeof keys[i], "Key-%d", i);
        response->response_headers[i].key = keys[i];
        response->response_headers[i].value = "v";
    }
    response->response_headers_number = 128;
    const char *at = bytes_of(response);
    for (int i = 0; i < 128; i++) {
        snprintf(want, sizeof want, "\r\nKey-%d: v\r\n", i);
        at = strstr(at, want);
        NEED(at != NULL);
    }
    CHECK_TEXT(at, "\r\nKey-127: v\r\n\r\n");
}

/* The array is a public field: the program may put one of its own there. */
CASE(array_of_the_program)
{
    struct http_response *response = http_response_new();
    static struct response_header mine[300];
    response->statusCode = OK;
    response->statusMessage = "OK";
    for (int i = 0; i < 300; i++) {
        mine[i].key = "K";
        mine[i].value = "v";
    }
    response->response_headers = mine;
    response->response_headers_number = 300;
    const char *text = bytes_of(response);
    CHECK_INT(lines_with(text, "K: v\r"), 300);
}

/* What is in the buffer stays in front; a buffer on the stack will do. */
CASE(encodes_behind_what_is_there)
{
    struct http_response *response = http_response_new();
    struct buffer buffer = { malloc(8), 0, 0, 8 };
    char *body = malloc(300001);
    memset(body, '%', 300000);
    body[300000] = '\0';
    response->statusCode = OK;
    response->statusMessage = "OK";
    response->body = body;
    CHECK_INT(buffer_append_string(&buffer, "before"), 6);
    http_response_encode_buffer(response, &buffer);
    char *text = buffer.data + buffer.readIndex;
    const char *start = "beforeHTTP/1.1 200 OK\r\nContent-Length: 300000\r\n";
    CHECK(strncmp(text, start, strlen(start)) == 0);
    CHECK(strcmp(strstr(text, "\r\n\r\n") + 4, body) == 0);
    int size = buffer_readable_size(&buffer);
    http_response_encode_buffer(response, &buffer);
    CHECK_INT(buffer_readable_size(&buffer), 2 * size - 6);
    free(buffer.data);
}

/* Out of memory: all or nothing is appended. */
CASE(encoding_without_memory)
{
    struct http_response *response = http_response_new();
    struct buffer *buffer = buffer_new();
    size_t size = 48 << 20;
    char *body = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    NEED(body != MAP_FAILED);
    memset(body, 'b', size - 1);
    response->statusCode = OK;
    response->statusMessage = "OK";
    response->body = body;
    CHECK_INT(buffer_append_string(buffer, "before"), 6);
    limit_memory(1 << 20);
    http_response_encode_buffer(response, buffer);
    CHECK_TEXT(buffer->data + buffer->readIndex, "before");
    CHECK_INT(buffer_readable_size(buffer), 6);
}
