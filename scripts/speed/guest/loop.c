/* The limit of a set-up: MTP in a bare loop over libusb, with nothing checked, hashed or flushed.

   loop SERIAL list FOLDER          GetObjectHandles, then GetObjectInfo for each
   loop SERIAL get FOLDER           the same handles, then GetObject for each, thrown away
   loop SERIAL get FOLDER INTO      ... written to files named by their handles, to see that the bytes are right

   FOLDER is a path on the first storage. Prints objects, bytes, and the seconds of the loop itself, without
   finding the phone and the folder. Several large reads are kept in flight, as libusb can. */

#include <libusb-1.0/libusb.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

enum { READ = 1 << 20, DEPTH = 4, SMALL = 64 << 10, TIMEOUT = 20000, HEADER = 12 };

static libusb_context *context;
static libusb_device_handle *handle;
static unsigned char in, out;
static uint32_t next_id;
static unsigned char *buffers[DEPTH];
static FILE *into;

static void fail(const char *what, int code) {
    fprintf(stderr, "loop: %s: %d\n", what, code);
    exit(1);
}

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec / 1e9;
}

static uint32_t u32(const unsigned char *p) { return p[0] | p[1] << 8 | p[2] << 16 | (uint32_t)p[3] << 24; }

static void command(int code, int count, const uint32_t *parameters) {
    unsigned char packet[32];
    uint32_t words[8] = {HEADER + 4 * count, 1 | code << 16, next_id++};
    int sent, error;
    memcpy(words + 3, parameters, 4 * count);
    memcpy(packet, words, HEADER + 4 * count);
    error = libusb_bulk_transfer(handle, out, packet, HEADER + 4 * count, &sent, TIMEOUT);
    if (error) fail("command", error);
}

static int receive(unsigned char *buffer, int size) {
    int came, error = libusb_bulk_transfer(handle, in, buffer, size, &came, TIMEOUT);
    if (error) fail("read", error);
    return came;
}

static void response(void) {
    unsigned char packet[512];
    int came;
    while ((came = receive(packet, sizeof packet)) == 0) {}
    if (came < HEADER || packet[4] != 3 || (packet[6] | packet[7] << 8) != 0x2001) fail("response", packet[6] | packet[7] << 8);
}

static int waiting;

static void LIBUSB_CALL ended(struct libusb_transfer *transfer) {
    waiting--;
    *(int *)transfer->user_data = 1;
}

/* What is left of a data phase, `left` bytes of it, with DEPTH reads in flight. */
static void stream(long long left) {
    static struct libusb_transfer *transfers[DEPTH];
    int done[DEPTH], first = 0, last = 0;
    long long asked = left;
    while (left > 0 || first != last) {
        while (asked > 0 && last - first < DEPTH) {
            int n = last % DEPTH;
            int size = asked < READ ? (int)((asked + 511) / 512 * 512) : READ;
            if (!transfers[n]) transfers[n] = libusb_alloc_transfer(0);
            done[n] = 0;
            libusb_fill_bulk_transfer(transfers[n], handle, in, buffers[n], size, ended, &done[n], TIMEOUT);
            if (libusb_submit_transfer(transfers[n])) fail("submit", n);
            asked -= size;
            last++;
            waiting++;
        }
        struct libusb_transfer *oldest = transfers[first % DEPTH];
        while (!done[first % DEPTH])
            if (libusb_handle_events_completed(context, &done[first % DEPTH])) fail("events", 0);
        if (oldest->status != LIBUSB_TRANSFER_COMPLETED || oldest->actual_length == 0) fail("transfer", oldest->status);
        if (into) fwrite(oldest->buffer, 1, oldest->actual_length, into);
        left -= oldest->actual_length;
        first++;
    }
}

/* A data phase: its first bytes in `buffer`, the rest streamed. Returns the whole length of the container. */
static long long data(unsigned char *buffer, int size, int *came) {
    long long length;
    *came = receive(buffer, size);
    if (*came < HEADER || buffer[4] != 2) fail("data", buffer[6] | buffer[7] << 8);
    length = u32(buffer);
    if (*came == HEADER && length > HEADER) *came += receive(buffer + HEADER, size - HEADER);
    if (into) fwrite(buffer + HEADER, 1, *came - HEADER, into);
    stream(length - *came);
    return length;
}

static uint32_t *handles(uint32_t storage, uint32_t parent, uint32_t *count) {
    static unsigned char buffer[SMALL + HEADER];
    unsigned char *whole;
    int came;
    uint32_t parameters[3] = {storage, 0, parent};
    long long length, at;
    uint32_t *found;
    command(0x1007, 3, parameters);
    came = receive(buffer, SMALL);
    if (came < HEADER || buffer[4] != 2) fail("handles", buffer[6] | buffer[7] << 8);
    length = u32(buffer);
    whole = malloc(length + SMALL);
    memcpy(whole, buffer, came);
    for (at = came; at < length; at += receive(whole + at, SMALL)) {}
    response();
    *count = u32(whole + HEADER);
    found = malloc(4 * (*count + 1));
    memcpy(found, whole + HEADER + 4, 4 * *count);
    free(whole);
    return found;
}

/* The name in an ObjectInfo, as far as it is ASCII. */
static void info(uint32_t object, char *name) {
    unsigned char buffer[4096];
    int came, n;
    command(0x1008, 1, &object);
    data(buffer, sizeof buffer, &came);
    response();
    for (n = 0; n < buffer[HEADER + 52] && n < 255; n++) name[n] = buffer[HEADER + 53 + 2 * n];
    name[n] = 0;
}

static void open_phone(const char *serial) {
    libusb_device **list;
    ssize_t n, count;
    if (libusb_init(&context)) fail("libusb", 0);
    count = libusb_get_device_list(context, &list);
    for (n = 0; n < count; n++) {
        struct libusb_device_descriptor descriptor;
        struct libusb_config_descriptor *config;
        unsigned char text[256];
        int e;
        libusb_get_device_descriptor(list[n], &descriptor);
        if (libusb_open(list[n], &handle)) continue;
        e = libusb_get_string_descriptor_ascii(handle, descriptor.iSerialNumber, text, sizeof text);
        if (e < 0 || strcmp((char *)text, serial)) {
            libusb_close(handle);
            handle = NULL;
            continue;
        }
        libusb_get_active_config_descriptor(list[n], &config);
        for (e = 0; e < config->interface[0].altsetting[0].bNumEndpoints; e++) {
            const struct libusb_endpoint_descriptor *point = config->interface[0].altsetting[0].endpoint + e;
            if ((point->bmAttributes & 3) != 2) continue;
            if (point->bEndpointAddress & 0x80) in = point->bEndpointAddress;
            else out = point->bEndpointAddress;
        }
        libusb_free_config_descriptor(config);
        if ((e = libusb_claim_interface(handle, 0))) fail("claim", e);
        return;
    }
    fail("no such phone", 0);
}

int main(int argc, char **argv) {
    static unsigned char buffer[READ];
    char name[256], path[4096];
    uint32_t session = 1, storage, parent = 0xFFFFFFFF, count, n, *objects;
    long long bytes = 0;
    double start;
    char *part;
    int came, get;
    if (argc < 4) fail("arguments", argc);
    for (n = 0; n < DEPTH; n++) buffers[n] = malloc(READ);
    open_phone(argv[1]);
    command(0x1002, 1, &session);
    response();
    next_id = 1;
    command(0x1004, 0, NULL);
    data(buffer, sizeof buffer, &came);
    response();
    storage = u32(buffer + HEADER + 4);
    for (part = strtok(argv[3], "/"); part; part = strtok(NULL, "/")) {
        objects = handles(storage, parent, &count);
        for (n = 0; n < count; n++) {
            info(objects[n], name);
            if (!strcmp(name, part)) break;
        }
        if (n == count) fail("no such folder", 0);
        parent = objects[n];
    }
    get = !strcmp(argv[2], "get");
    start = now();
    objects = handles(storage, parent, &count);
    for (n = 0; n < count; n++) {
        if (!get) {
            info(objects[n], name);
            continue;
        }
        if (argc > 4) {
            snprintf(path, sizeof path, "%s/%u", argv[4], (unsigned)objects[n]);
            into = fopen(path, "wb");
            if (!into) fail("file", 0);
        }
        command(0x1009, 1, &objects[n]);
        bytes += data(buffer, READ, &came) - HEADER;
        response();
        if (into) fclose(into);
        into = NULL;
    }
    printf("{\"objects\": %u, \"bytes\": %lld, \"seconds\": %.3f}\n", (unsigned)count, bytes, now() - start);
    command(0x1003, 0, NULL);
    response();
    libusb_release_interface(handle, 0);
    libusb_close(handle);
    libusb_exit(context);
    return 0;
}
