/* SPDX-License-Identifier: Apache-2.0 */
/* pytext.h - JSON values as Python's str() and repr() write them, which is how
 * the AWS CLI's text and table output and its error messages show them. */
#ifndef PYTEXT_H
#define PYTEXT_H

#include <jansson.h>

struct buf;

/* Append str(@value): "True", "None", 1, 1.5, a string bare, all else as
 * pytext_repr().  Check buf_error(@out). */
void pytext_str(struct buf *out, const json_t *value);

/* Append repr(@value): strings in quotes, lists and dictionaries in brackets.
 */
void pytext_repr(struct buf *out, const json_t *value);

#endif /* PYTEXT_H */
