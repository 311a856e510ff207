/* The yardstick for latency: reads a serial port and sends each telegram as a datagram, no more. */

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char buffer[65536];
    size_t length = 0;
    struct termios settings;
    struct sockaddr_in group = {.sin_family = AF_INET};
    struct in_addr loopback = {.s_addr = htonl(INADDR_LOOPBACK)};
    int line, out;

    if (argc != 4)
        return 64;
    line = open(argv[1], O_RDWR | O_NOCTTY);
    out = socket(AF_INET, SOCK_DGRAM, 0);
    if (line < 0 || out < 0)
        return 69;
    tcgetattr(line, &settings);
    cfmakeraw(&settings);
    tcsetattr(line, TCSANOW, &settings);
    inet_pton(AF_INET, argv[2], &group.sin_addr);
    group.sin_port = htons(atoi(argv[3]));
    setsockopt(out, IPPROTO_IP, IP_MULTICAST_IF, &loopback, sizeof loopback);
    puts("ready");
    fflush(stdout);
    for (;;) {
        ssize_t got = read(line, buffer + length, sizeof buffer - length);
        if (got <= 0)
            return 0;
        length += got;
        if (buffer[length - 1] == '\n' && length > 7 && buffer[length - 7] == '!') {
            sendto(out, buffer, length, 0, (struct sockaddr *)&group, sizeof group);
            length = 0;
        }
    }
}
