/* The yardsticks of chain.rs: read a serial port, send each telegram as a datagram, and do nothing else.
 *
 * bare_loop PORT GROUP UDP_PORT           wakes up for each piece that comes in: the yardstick for latency.
 * bare_loop PORT GROUP UDP_PORT RAW_PORT  sleeps when p1listener sleeps, and makes the system calls that
 *                                         p1listener makes: the floor for its processor time.
 */

#include <arpa/inet.h>
#include <poll.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

enum { BYTE_TIME_NS = 86806, MARGIN = 8, PATIENCE_MS = 2000 };

static void nap(size_t bytes)
{
    struct timespec time = {.tv_nsec = (long)bytes * BYTE_TIME_NS};
    nanosleep(&time, NULL);
}

int main(int argc, char **argv)
{
    char buffer[65536];
    size_t length = 0, expected = 0;
    struct termios settings;
    struct sockaddr_in group = {.sin_family = AF_INET}, raw_group;
    struct in_addr loopback = {.s_addr = htonl(INADDR_LOOPBACK)};
    struct pollfd watched = {.events = POLLIN};
    unsigned char ttl = 0;
    int sleeps, line, out;

    if (argc != 4 && argc != 5)
        return 64;
    sleeps = argc == 5;
    line = open(argv[1], O_RDWR | O_NOCTTY | (sleeps ? O_NONBLOCK : 0));
    out = socket(AF_INET, SOCK_DGRAM, 0);
    if (line < 0 || out < 0)
        return 69;
    watched.fd = line;
    tcgetattr(line, &settings);
    cfmakeraw(&settings);
    tcsetattr(line, TCSANOW, &settings);
    inet_pton(AF_INET, argv[2], &group.sin_addr);
    raw_group = group;
    group.sin_port = htons(atoi(argv[3]));
    raw_group.sin_port = htons(sleeps ? atoi(argv[4]) : 0);
    setsockopt(out, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof loopback);
    setsockopt(out, IPPROTO_IP, IP_MULTICAST_TTL, &ttl, sizeof ttl);
    puts("ready");
    fflush(stdout);
    for (;;) {
        ssize_t got;

        if (sleeps && poll(&watched, 1, PATIENCE_MS) == 0)
            continue;
        got = read(line, buffer + length, sizeof buffer - length);
        if (got <= 0)
            return 0;
        length += got;
        if (buffer[length - 1] == '\n' && length > 7 && buffer[length - 7] == '!') {
            sendto(out, buffer, length, 0, (struct sockaddr *)&group, sizeof group);
            if (sleeps)
                sendto(out, buffer, length, 0, (struct sockaddr *)&raw_group, sizeof raw_group);
            expected = length;
            length = 0;
        } else if (sleeps && expected > length + MARGIN && length == (size_t)got) {
            nap(expected - length - MARGIN);
        }
    }
}
