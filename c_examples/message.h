/*
 * The protocol of blocking_client and blocking_server. TCP carries a stream of bytes, so every message
 * starts with its length. Numbers are in network order.
 */
#ifndef MESSAGE_H
#define MESSAGE_H

#include "lib/common.h"

struct message {
    uint32_t length; /* of the body */
    uint32_t type;
    char body[MAXLINE];
};

#define MESSAGE_TEXT 1
#define MESSAGE_HEAD offsetof(struct message, body)

/* Sends the head and the first `length` bytes of the body in one call: two small sends would be two
 * packets, and the second might wait for the peer's acknowledgement. A blocking socket sends all of it
 * or fails. MSG_NOSIGNAL: if the peer has gone, the call fails, and no signal ends the process. */
static inline int message_send(int fd, struct message *message, size_t length)
{
    ssize_t size = (ssize_t) (MESSAGE_HEAD + length);

    message->length = htonl((uint32_t) length);
    message->type = htonl(MESSAGE_TEXT);
    return send(fd, message, (size_t) size, MSG_NOSIGNAL) == size ? 0 : -1;
}

#endif
