/* The floor for the processor time of p1emeter: sends a datagram of 608 bytes for each that comes in, with the system
 * calls of p1emeter, and does nothing else.
 *
 * bare_answer GROUP PORT TO_GROUP TO_PORT
 */

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

enum { PATIENCE_MS = 1200, LENGTH = 608 };

int main(int argc, char **argv)
{
    static char buffer[65536];
    struct sockaddr_in group = {.sin_family = AF_INET}, to = {.sin_family = AF_INET}, from;
    struct ip_mreq member = {.imr_interface.s_addr = htonl(INADDR_LOOPBACK)};
    struct pollfd watched = {.events = POLLIN};
    unsigned char ttl = 0;
    int reuse = 1, in, out;

    if (argc != 5)
        return 64;
    in = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    out = socket(AF_INET, SOCK_DGRAM, 0);
    inet_pton(AF_INET, argv[1], &group.sin_addr);
    inet_pton(AF_INET, argv[3], &to.sin_addr);
    group.sin_port = htons(atoi(argv[2]));
    to.sin_port = htons(atoi(argv[4]));
    member.imr_multiaddr = group.sin_addr;
    setsockopt(in, SOL_SOCKET, SO_REUSEADDR, &reuse, sizeof reuse);
    if (bind(in, (struct sockaddr *)&group, sizeof group) != 0 ||
        setsockopt(in, IPPROTO_IP, IP_ADD_MEMBERSHIP, &member, sizeof member) != 0)
        return 69;
    setsockopt(out, IPPROTO_IP, IP_MULTICAST_IF, &member.imr_interface, sizeof member.imr_interface);
    setsockopt(out, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof ttl);
    watched.fd = in;
    puts("ready");
    fflush(stdout);
    for (;;) {
        socklen_t size = sizeof from;
        int received = 0;

        poll(&watched, 1, PATIENCE_MS);
        while (recvfrom(in, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &size) > 0)
            received = 1;
        if (received)
            sendto(out, buffer, LENGTH, 0, (struct sockaddr *)&to, sizeof to);
    }
}
