/* SPDX-License-Identifier: Apache-2.0 */
/* ws_frame.h - RFC 6455 frames, seen from the client; bytes in, bytes out.
 *
 * Outgoing: the payload lies in memory with WS_HEAD_MAX bytes of room before
 * it; ws_seal() masks it where it lies and writes the header in front, so that
 * header and payload leave in one piece without being copied.
 *
 * Incoming: ws_decode() is given whatever has arrived, in pieces of any size,
 * and hands back slices of it.  Lengths up to 2^63 - 1 are streamed, never
 * buffered; only control payloads (125 bytes) are gathered.
 *
 * Pure: no clock, no socket, no allocation. */
#ifndef WS_FRAME_H
#define WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WS_HEAD_MAX = 14,     /* 2 + 8 length + 4 mask */
    WS_CONTROL_MAX = 125, /* Longest payload of a control frame */
    WS_MASK_LEN = 4
};

enum ws_opcode {
    WS_CONT = 0x0,
    WS_TEXT = 0x1,
    WS_BINARY = 0x2,
    WS_CLOSE = 0x8,
    WS_PING = 0x9,
    WS_PONG = 0xa
};

/* Close codes of RFC 6455 section 7.4.1 that we use. */
enum {
    WS_CODE_NORMAL = 1000,
    WS_CODE_AWAY = 1001,
    WS_CODE_PROTOCOL = 1002,
    WS_CODE_UNSUPPORTED = 1003,
    WS_CODE_NONE = 1005, /* Never sent: a CLOSE without a code */
    WS_CODE_BAD_TEXT = 1007
};

/* XOR the @len bytes at @data with @key, beginning with the key byte that
 * belongs to payload offset @offset. */
void ws_mask(uint8_t *data, size_t len, const uint8_t key[static WS_MASK_LEN],
             size_t offset);

/* How long the header of a masked frame with @len bytes of payload is: 6, 8 or
 * 14. */
size_t ws_head_len(size_t len);

/* Make the @len bytes at @payload one whole frame (FIN set): mask them in
 * place with @key and write the header into the ws_head_len(@len) bytes before
 * them.  Returns where the frame begins.  A control frame's @len is at most
 * WS_CONTROL_MAX. */
uint8_t *ws_seal(uint8_t *payload, size_t len, enum ws_opcode opcode,
                 const uint8_t key[static WS_MASK_LEN]);

enum ws_item_type {
    WS_ITEM_NONE,  /* All input is used; give more */
    WS_ITEM_DATA,  /* Some payload of a message */
    WS_ITEM_PING,  /* A whole PING */
    WS_ITEM_PONG,  /* A whole PONG */
    WS_ITEM_CLOSE, /* The peer's CLOSE; what follows it is ignored */
    WS_ITEM_BAD    /* The peer broke the protocol; final */
};

/* What ws_decode() found. */
struct ws_item {
    enum ws_item_type type;
    const uint8_t *data; /* DATA: a slice of the input.  PING, PONG: the
                            payload, CLOSE: the reason (valid UTF-8, not
                            terminated); good until the next ws_decode() */
    size_t len;          /* Of @data; DATA may be empty when @end is set */
    bool end;            /* DATA: the last piece of its message */
    uint16_t code;       /* CLOSE: the peer's code or WS_CODE_NONE.
                            BAD: the code to close with */
    const char *why;     /* BAD: what was wrong; a static string */
};

/* The decoder's memory between pieces; fields belong to ws_frame.c. */
struct ws_decoder {
    uint64_t left;       /* Payload bytes of this frame still to come */
    unsigned head_len;   /* Header bytes gathered */
    unsigned head_need;  /* Header bytes it will have, as far as known */
    unsigned gathered;   /* Control payload bytes gathered */
    bool in_payload;     /* The header is complete */
    bool in_message;     /* A fragmented message is under way */
    bool closed;         /* CLOSE was seen */
    uint16_t bad_code;   /* Set by the first violation */
    const char *bad_why; /* The same in words */
    uint8_t head[10];    /* 2 + 8: a server's frame has no mask */
    uint8_t control[WS_CONTROL_MAX];
};

/* Ready for the first byte after the upgrade. */
void ws_decoder_init(struct ws_decoder *d);

/* Take in some of the @len bytes at @data and say what was found.  Returns how
 * many were used.  Call again with the rest until @item is WS_ITEM_NONE (then
 * all were used), CLOSE or BAD. */
size_t ws_decode(struct ws_decoder *d, const uint8_t *data, size_t len,
                 struct ws_item *item);

/* Whether the input so far ends inside a frame or a fragmented message: an end
 * of the stream here has cut something off. */
bool ws_decoder_midway(const struct ws_decoder *d);

/* Whether a peer may put @code into a CLOSE frame. */
bool ws_code_valid(unsigned code);

/* Whether the @len bytes at @text are well-formed UTF-8 (RFC 3629). */
bool ws_utf8_valid(const uint8_t *text, size_t len);

#endif /* WS_FRAME_H */
