/* SPDX-License-Identifier: Apache-2.0 */
/* web_answer.h - the answer to a connection's request, and its way out.
 *
 * A connection has one answer at a time, c->answer; it is owned here.  Each of
 * these may close @c, and web_answer_send() may even read and answer the next
 * requests before it returns: call it last. */
#ifndef WEB_ANSWER_H
#define WEB_ANSWER_H

struct http_answer;
struct web_conn;

/* Begin an answer of @status with a body of @content_type (borrowed; NULL: it
 * names none); the caller adds.  One begun before is forgotten.  The connection
 * is in WEB_ANSWER then. */
struct http_answer *web_answer_new(struct web_conn *c, int status,
                                   const char *content_type);

/* Forget the answer, if there is one. */
void web_answer_drop(struct web_conn *c);

/* Send the answer now, or when its delay is over; one that waits for something
 * else (answer.when) stays until web_request_resume(). */
void web_answer_send(struct web_conn *c);

/* The request itself is at fault: answer with @status, and close. */
void web_answer_refuse(struct web_conn *c, int status);

/* In WEB_ANSWER, and the wire has nothing left to send: if that was the answer,
 * web_request_answered(). */
void web_answer_drained(struct web_conn *c);

#endif /* WEB_ANSWER_H */
