/* A load generator: sends one request over many connections and counts what comes back. Linux only.
 *
 *   load PORT FILE CONNECTIONS closed SECONDS COUNT
 *       Keep-alive connections; each asks again when its answer has ended, until the time is over or, where COUNT is
 *       not 0, so many have been asked.
 *   load PORT FILE CONNECTIONS paced RAMP FIRST GAP SKIP BEATS
 *       One request a connection, begun evenly over RAMP ms. Event number SKIP + n is due FIRST + n * GAP ms after its
 *       request was sent, for n below BEATS; how late it arrives is by the kernel's receive time stamp, so that a slow
 *       generator does not look like a late server.
 *
 * FILE holds the bytes of the request, head and body. One line of JSON comes out. An event is what a blank line ends.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD_MAX 8192
#define PATIENCE_MS 5000.0 /* how long answers may take after the last one should have ended */

enum part { HEAD, LENGTH, CHUNK_SIZE, CHUNK, CHUNK_END, LAST_LINE };

struct connection {
    int fd;
    size_t sent;
    double asked;
    enum part part;
    char head[HEAD_MAX];
    size_t head_size;
    long left;
    int ok, newline, events;
};

static struct {
    int port, connections, paced, skip, beats, epoll;
    double seconds, ramp, first, gap;
    long count;
    char *request;
    size_t request_size;
} plan;

static long asked, done, failed, events, lates;
static int live;
static double *late; /* ms, connection by connection in the order of arrival */
static int *late_beat;
static struct connection *all;

static double now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t); /* the clock of the receive time stamps */
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void fatal(const char *what) {
    perror(what);
    exit(1);
}

static void watch(struct connection *c, int operation, unsigned wanted) {
    struct epoll_event event = {.events = wanted, .data.ptr = c};
    if (epoll_ctl(plan.epoll, operation, c->fd, &event) < 0) fatal("epoll_ctl");
}

static void leave(struct connection *c, int good) {
    close(c->fd);
    c->fd = -1;
    live--;
    if (good) done++;
    else failed++;
}

static void open_one(struct connection *c) {
    struct sockaddr_in there = {.sin_family = AF_INET, .sin_port = htons(plan.port)};
    there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    if (c->fd < 0) fatal("socket");
    int on = 1;
    if (plan.paced) setsockopt(c->fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on);
    if (connect(c->fd, (struct sockaddr *)&there, sizeof there) < 0 && errno != EINPROGRESS) fatal("connect");
    live++;
    asked++;
    watch(c, EPOLL_CTL_ADD, EPOLLOUT);
}

static void send_more(struct connection *c) {
    if (c->sent == 0) c->asked = now_ms();
    while (c->sent < plan.request_size) {
        ssize_t n = send(c->fd, plan.request + c->sent, plan.request_size - c->sent, MSG_NOSIGNAL);
        if (n < 0 && errno == EAGAIN) return watch(c, EPOLL_CTL_MOD, EPOLLOUT);
        if (n < 0) return leave(c, 0);
        c->sent += n;
    }
    c->part = HEAD;
    c->head_size = c->left = c->newline = c->events = 0;
    watch(c, EPOLL_CTL_MOD, EPOLLIN);
}

static void count_event(struct connection *c, double when) {
    int beat = c->events++ - plan.skip;
    events++;
    if (!plan.paced || beat < 0 || beat >= plan.beats) return;
    late[lates] = when - (c->asked + plan.first + beat * plan.gap);
    late_beat[lates++] = beat;
}

static void read_body(struct connection *c, const char *at, size_t size, double when) {
    for (const char *end = at + size; at < end;) {
        if (c->newline && *at == '\n') count_event(c, when);
        const char *line = memchr(at, '\n', end - at);
        c->newline = line != NULL && !(c->newline && line == at);
        at = line ? line + 1 : end;
    }
}

/* Reads the head once it is complete; how many bytes of the piece belong to it, or -1. */
static long read_head(struct connection *c, const char *at, size_t size) {
    size_t before = c->head_size, taken = size < HEAD_MAX - 1 - before ? size : HEAD_MAX - 1 - before;
    memcpy(c->head + before, at, taken);
    c->head[c->head_size = before + taken] = 0;
    char *end = strstr(c->head, "\r\n\r\n");
    if (!end) return c->head_size < HEAD_MAX - 1 ? (long)size : -1;
    *end = 0;
    char *length = strcasestr(c->head, "\r\ncontent-length:");
    c->ok = !strncmp(c->head, "HTTP/1.1 200", 12);
    if (!length && !strcasestr(c->head, "\r\ntransfer-encoding: chunked")) return -1;
    c->part = length ? LENGTH : CHUNK_SIZE;
    c->left = length ? atol(length + 17) : 0;
    return end + 4 - c->head - before;
}

/* Whether the answer has ended; -1: it makes no sense. */
static int read_piece(struct connection *c, const char *at, size_t size, double when) {
    const char *end = at + size;
    while (at < end) {
        if (c->part == HEAD) {
            long taken = read_head(c, at, end - at);
            if (taken < 0) return -1;
            at += taken;
        } else if (c->part == LENGTH || c->part == CHUNK) {
            long taken = end - at < c->left ? end - at : c->left;
            read_body(c, at, taken, when);
            at += taken;
            c->left -= taken;
            if (c->left == 0 && c->part == LENGTH) return 1;
            if (c->left == 0) c->part = CHUNK_END;
        } else if (c->part == CHUNK_SIZE) {
            char digit[2] = {*at++, 0};
            if (*digit == '\n') c->part = c->left ? CHUNK : LAST_LINE;
            else if (*digit != '\r') c->left = c->left * 16 + strtol(digit, NULL, 16);
        } else if (*at++ == '\n') {
            if (c->part == LAST_LINE) return 1;
            c->part = CHUNK_SIZE;
        }
    }
    return c->part == LENGTH && c->left == 0;
}

static void finish(struct connection *c, double end) {
    if (plan.paced || !c->ok) return leave(c, c->ok);
    if (now_ms() >= end || (plan.count && asked >= plan.count)) return leave(c, 1);
    done++;
    asked++;
    c->sent = 0;
    send_more(c);
}

static void receive(struct connection *c, double end) {
    static char piece[256 * 1024];
    for (;;) {
        char control[64];
        struct iovec place = {piece, sizeof piece};
        struct msghdr message = {.msg_iov = &place, .msg_iovlen = 1, .msg_control = control,
                                 .msg_controllen = sizeof control};
        ssize_t n = recvmsg(c->fd, &message, 0);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) return leave(c, 0);
        double when = 0;
        for (struct cmsghdr *h = CMSG_FIRSTHDR(&message); h; h = CMSG_NXTHDR(&message, h)) {
            struct timespec stamp;
            if (h->cmsg_type != SCM_TIMESTAMPNS) continue;
            memcpy(&stamp, CMSG_DATA(h), sizeof stamp);
            when = stamp.tv_sec * 1e3 + stamp.tv_nsec / 1e6;
        }
        int ended = read_piece(c, piece, n, when);
        if (ended < 0) return leave(c, 0);
        if (ended) return finish(c, end);
        if (n < (ssize_t)sizeof piece) return;
    }
}

static int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_of(int from, int until) {
    double *some = malloc((lates + 1) * sizeof *some);
    long n = 0;
    for (long i = 0; i < lates; i++)
        if (late_beat[i] >= from && late_beat[i] < until) some[n++] = late[i];
    qsort(some, n, sizeof *some, ascending);
    double median = n ? some[n / 2] : 0;
    free(some);
    return median;
}

static void report(double seconds) {
    printf("{\"done\": %ld, \"failed\": %ld, \"events\": %ld, \"seconds\": %.4f", done, failed + live, events, seconds);
    if (plan.paced && lates) {
        int part = plan.beats / 4;
        double drift = median_of(plan.beats - part, plan.beats) - median_of(0, part);
        qsort(late, lates, sizeof *late, ascending);
        printf(", \"beats\": %ld, \"early_ms\": %.3f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, \"drift_ms\": %.3f",
               lates, -late[0], late[lates / 2], late[lates * 99 / 100], late[lates - 1], drift);
    }
    printf("}\n");
}

static void read_plan(int argc, char **argv) {
    if (argc < 7) exit(2);
    plan.port = atoi(argv[1]);
    plan.connections = atoi(argv[3]);
    plan.paced = !strcmp(argv[4], "paced");
    if (argc != (plan.paced ? 10 : 7)) exit(2);
    if (plan.paced) {
        plan.ramp = atof(argv[5]), plan.first = atof(argv[6]), plan.gap = atof(argv[7]);
        plan.skip = atoi(argv[8]), plan.beats = atoi(argv[9]);
    } else {
        plan.seconds = atof(argv[5]), plan.count = atol(argv[6]);
    }
    FILE *file = fopen(argv[2], "rb");
    if (!file) fatal(argv[2]);
    fseek(file, 0, SEEK_END);
    plan.request_size = ftell(file);
    plan.request = malloc(plan.request_size);
    rewind(file);
    if (fread(plan.request, 1, plan.request_size, file) != plan.request_size) fatal(argv[2]);
    fclose(file);
}

int main(int argc, char **argv) {
    read_plan(argc, argv);
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    plan.epoll = epoll_create1(0);
    all = calloc(plan.connections, sizeof *all);
    late = malloc(((long)plan.connections * plan.beats + 1) * sizeof *late);
    late_beat = malloc(((long)plan.connections * plan.beats + 1) * sizeof *late_beat);
    double began = now_ms(), end = began + plan.seconds * 1e3;
    double most = plan.paced ? began + plan.ramp + plan.first + plan.beats * plan.gap : end;
    int opened = 0;
    while (opened < plan.connections || live) {
        double now = now_ms();
        if (now > most + PATIENCE_MS) break;
        while (opened < plan.connections && now >= began + plan.ramp * opened / plan.connections)
            open_one(&all[opened++]);
        struct epoll_event ready[512];
        int n = epoll_wait(plan.epoll, ready, 512, opened < plan.connections ? 1 : 100);
        for (int i = 0; i < n; i++) {
            struct connection *c = ready[i].data.ptr;
            if (c->fd < 0) continue;
            if (ready[i].events & (EPOLLERR | EPOLLHUP)) leave(c, 0);
            else if (c->sent < plan.request_size) send_more(c);
            else receive(c, end);
        }
    }
    report((now_ms() - began) / 1e3);
    return 0;
}
