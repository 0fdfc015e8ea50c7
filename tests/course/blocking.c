/* From the first chapters: a blocking server that reads messages, lines and numbers of bytes, and a
 * client of its own; a unix datagram whose address is passed without a cast. */
#include "lib/common.h"

int listen_fd;

void *client(void *arg) {
    struct sockaddr_in address;
    socklen_t length = sizeof(address);
    char line[MAXLINE];
    getsockname(listen_fd, (struct sockaddr *) &address, &length);
    int fd = tcp_client("127.0.0.1", ntohs(address.sin_port));
    struct {
        u_int32_t message_length;
        u_int32_t message_type;
        char buf[128];
    } message;
    strcpy(message.buf, "a message");
    message.message_length = htonl(9);
    message.message_type = 1;
    send(fd, &message, 8 + 9, 0);
    send(fd, "a line\nand twelve..more", 23, 0);
    shutdown(fd, SHUT_WR);
    while (readline(fd, line, MAXLINE) > 0)
        fputs(line, stdout);
    printf("client done\n");
}

int main() {
    char buf[100];
    pthread_t tid;
    struct sockaddr_in peer;
    socklen_t length = sizeof(peer);
    listen_fd = tcp_server_listen(0);
    pthread_create(&tid, NULL, client, NULL);
    int fd = accept(listen_fd, (struct sockaddr *) &peer, &length);
    if (fd < 0)
        error(1, errno, "accept failed ");
    bzero(buf, sizeof(buf));
    int n = read_message(fd, buf, sizeof(buf));
    dprintf(fd, "message %d %s\n", n, buf);
    n = readline(fd, buf, sizeof(buf));
    dprintf(fd, "line %d %s", n, buf);
    n = readn(fd, buf, 12);
    buf[n] = 0;
    dprintf(fd, "bytes %d %s\n", n, buf);
    n = readn(fd, buf, 12);
    buf[n] = 0;
    dprintf(fd, "rest %d %s\n", n, buf);
    close(fd);
    pthread_join(tid, NULL);

    struct sockaddr_un mine, from;
    socklen_t size = sizeof(from);
    int one = socket(AF_LOCAL, SOCK_DGRAM, 0);
    bzero(&mine, sizeof(mine));
    mine.sun_family = AF_LOCAL;
    sprintf(mine.sun_path + 1, "yolanda-course-%d", getpid());
    bind(one, (struct sockaddr *) &mine, sizeof(mine));
    sendto(one, "datagram", 8, 0, (struct sockaddr *) &mine, sizeof(mine));
    n = recvfrom(one, buf, sizeof(buf), 0, &from, &size);
    buf[n] = 0;
    printf("%s from %s\n", buf, strcmp(from.sun_path + 1, mine.sun_path + 1) == 0 ? "here" : "elsewhere");
    error(0, 0, "no error, %s\n", sock_ntop(&(struct sockaddr_in) { AF_INET, htons(80) }, sizeof(struct sockaddr_in)));
    exit(0);
}
